# SPDX-License-Identifier: Apache-2.0
"""Clients that move money between accounts by transactions, and count what they have done.

Each bank has a hash tag of its own. Its accounts add up to zero at every moment, and each client
counts its transfers in the same transaction, so that one that happened twice, or by half, shows.
"""

import itertools
import random
import threading

from cluster import CommandError
from processes import wait_until

BANKS = 12  # in as many slots: most primaries have some
ACCOUNTS = 4
JOIN_SECONDS = 90


def account(bank, number):
    return f"account:{{bank{bank}}}:{number}"


class Teller(threading.Thread):
    """One client of one node, which is to live."""

    numbers = itertools.count(1)

    def __init__(self, bank_load, node):
        super().__init__(daemon=True)
        self.load = bank_load
        self.number = next(self.numbers)
        self.node = node
        self.random = random.Random(self.number)
        self.transfers = dict.fromkeys(range(BANKS), 0)
        self.raises = dict.fromkeys(range(BANKS), 0)
        self.given_up = 0
        self.problems = []
        self.done = 0

    def run(self):
        with self.node.client() as client:
            while not self.load.ended.is_set():
                bank = self.random.randrange(BANKS)
                step = self.random.choice((self.transfer, self.look, self.raise_watched))
                try:
                    step(client, bank)
                except (CommandError, OSError) as error:
                    self.problems.append(f"client of {self.node.name}: {error!r}")
                    return
                self.done += 1

    def transaction(self, client, commands):
        replies = client.pipeline([("MULTI",), *commands, ("EXEC",)])
        if isinstance(replies[-1], CommandError):
            raise replies[-1]
        return replies[-1]

    def transfer(self, client, bank):
        one, other = self.random.sample(range(ACCOUNTS), 2)
        amount = self.random.randrange(1, 100)
        replies = self.transaction(client, [
            ("DECRBY", account(bank, one), amount), ("INCRBY", account(bank, other), amount),
            ("INCR", f"transfers:{{bank{bank}}}:{self.number}"), ("PING",)])
        self.transfers[bank] += 1
        self.expect_equal("transfers counted", replies[2], self.transfers[bank])

    def look(self, client, bank):
        replies = self.transaction(client, [("GET", account(bank, n)) for n in range(ACCOUNTS)])
        self.expect_equal(f"sum of bank {bank}", sum(int(value or 0) for value in replies), 0)

    def raise_watched(self, client, bank):
        """Read, then write if nobody else has written."""
        key = f"raised:{{bank{bank}}}"
        client("WATCH", key)
        value = int(client("GET", key) or 0)
        if self.transaction(client, [("SET", key, value + 1)]) is None:
            self.given_up += 1
        else:
            self.raises[bank] += 1

    def expect_equal(self, what, actual, wanted):
        if actual != wanted:
            self.problems.append(f"{what}: {actual} instead of {wanted}")


class BankLoad:
    """Tellers at some nodes, until stop(); to be used in a `with`."""

    def __init__(self, cluster, names, per_node=3):
        self.cluster = cluster
        self.ended = threading.Event()
        self.tellers = [Teller(self, cluster[name]) for name in names for _ in range(per_node)]

    def __enter__(self):
        for teller in self.tellers:
            teller.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ended.set()
        for teller in self.tellers:
            teller.join(JOIN_SECONDS)
            if teller.is_alive():
                raise AssertionError(f"a client of {teller.node.name} hangs")

    def done(self):
        return sum(teller.done for teller in self.tellers)

    def do_more(self, transactions):
        """Waits until so many more were done, or one client has something to say."""
        goal = self.done() + transactions
        wait_until(lambda: self.done() >= goal or self.problems(), f"{transactions} transactions")

    def problems(self):
        return [problem for teller in self.tellers for problem in teller.problems]

    def balance(self, node):
        """What is wrong in the end, as the node tells it."""
        found = self.problems()
        with node.client() as client:
            for bank in range(BANKS):
                total = sum(int(client("GET", account(bank, n)) or 0) for n in range(ACCOUNTS))
                wanted = {f"raised:{{bank{bank}}}": sum(t.raises[bank] for t in self.tellers)}
                for teller in self.tellers:
                    key = f"transfers:{{bank{bank}}}:{teller.number}"
                    wanted[key] = teller.transfers[bank]
                found += [f"bank {bank} adds up to {total}"] if total else []
                found += [f"{key} is {client('GET', key)}, not {count}"
                          for key, count in wanted.items() if int(client("GET", key) or 0) != count]
        return found
