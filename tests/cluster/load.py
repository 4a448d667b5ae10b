# SPDX-License-Identifier: Apache-2.0
"""Clients that write and read without pause, and remember what they saw.

What they saw is a history, and src/sim's checker says whether one copy of each key could have
answered so: a lost write, a write that happened twice and a stale read all show.
"""

import itertools
import json
import random
import subprocess
import threading
import time

from cluster import CommandError
from processes import resp_client, wait_until

HOT_KEYS = 6  # of each kind, used by all clients
OWN_KEYS = 150  # a client's own counters: they reach many partitions
# Replies that say for certain that nothing was written.
REFUSED = ("NOREPLICAS", "CLUSTERDOWN", "DATALOSS")
JOIN_SECONDS = 90


class Worker(threading.Thread):
    """One client of one node."""

    def __init__(self, load, number, node):
        super().__init__(daemon=True)
        self.load = load
        self.number = number
        self.node = node
        self.random = random.Random(number)
        self.client = None
        self.errors = []
        self.error_codes = set()
        self.done = 0
        self.longest_s = 0
        self.history = []
        self.seen = {}  # what GET answered last: what a compare-and-set expects

    def run(self):
        while not self.load.ended.is_set():
            try:
                if self.client is None:
                    self.client = self.node.client()
            except OSError as error:
                self.errors.append(f"cannot connect: {error}")
                self.load.ended.wait(0.1)
                continue
            self.operation(*self.draw())
        if self.client is not None:
            self.client.close()

    def draw(self):
        """(op, key, arguments)."""
        if self.random.random() < 0.5:
            key = f"own:{self.number}:{self.random.randrange(OWN_KEYS)}"
            return ("get" if self.random.random() < 0.2 else "incr"), key, []
        n = self.random.randrange(HOT_KEYS)
        if self.random.random() < 0.5:
            op = self.random.choices(("incr", "get", "del"), (50, 48, 2))[0]
            return op, f"number:{n}", []
        op = self.random.choices(("set", "get", "append", "del", "cas", "set ifeq", "delifeq"),
                                 (20, 35, 15, 4, 15, 10, 1))[0]
        unique = f"{self.number}.{self.done};"
        expected = self.seen.get(f"text:{n}") or ""
        if op == "cas":
            return op, f"text:{n}", [expected, unique]
        if op == "set ifeq":
            return "set", f"text:{n}", [unique, "ifeq", expected]
        if op == "delifeq":
            return op, f"text:{n}", [expected]
        return op, f"text:{n}", [unique] if op in ("set", "append") else []

    def operation(self, op, key, args):
        began = time.monotonic_ns()
        entry = {"client": self.number, "key": key, "op": op, "args": args, "invoke": began,
                 "return": None, "outcome": "unknown", "result": None}
        self.history.append(entry)
        try:
            result = self.client(*(("BORG", "CAS") if op == "cas" else (op,)), key, *args)
            entry.update(outcome="ok", result=as_json(result))
            if op == "get":
                self.seen[key] = entry["result"]
        except CommandError as error:
            self.errors.append(f"{op} {key}: {error}")
            self.error_codes.add(error.code)
            entry["outcome"] = "failed" if error.code in REFUSED else "unknown"
        except (OSError, resp_client.Closed) as error:
            self.errors.append(f"connection: {error!r}")
            self.client.close()
            self.client = None
        entry["return"] = time.monotonic_ns()
        self.done += 1
        self.longest_s = max(self.longest_s, (entry["return"] - began) / 1e9)


def as_json(value):
    return value.decode() if isinstance(value, bytes) else value


class Load:
    """Workers on some nodes, until stop(); to be used in a `with`."""

    numbers = itertools.count(1)

    def __init__(self, cluster, names=None, per_node=2):
        self.cluster = cluster
        self.ended = threading.Event()
        self.names = list(names or cluster.nodes)
        self.workers = [Worker(self, next(self.numbers), cluster[name])
                        for name in self.names for _ in range(per_node)]

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ended.set()
        for worker in self.workers:
            worker.join(JOIN_SECONDS)
            if worker.is_alive():
                raise AssertionError(f"a client of {worker.node.name} hangs")

    def done(self, but=()):
        return sum(worker.done for worker in self.workers if worker.node.name not in but)

    def do_more(self, operations=500, but=()):
        """Waits until so many more were done, by clients of all nodes but these."""
        goal = self.done(but) + operations
        wait_until(lambda: self.done(but) >= goal, f"{operations} operations")

    def errors(self, but=()):
        """What clients of all nodes but these were told that is no answer."""
        return [f"client of {w.node.name}: {error}" for w in self.workers
                if w.node.name not in but for error in w.errors]

    def longest_s(self, but=()):
        return max(w.longest_s for w in self.workers if w.node.name not in but)

    def read_back(self, node):
        """Every key that was used, read once more through a node, as part of the history."""
        history = [entry for worker in self.workers for entry in worker.history]
        keys = sorted({entry["key"] for entry in history})
        number = next(self.numbers)
        with node.client() as client:
            for key in keys:
                began = time.monotonic_ns()
                result = as_json(client("GET", key))
                history.append({"client": number, "key": key, "op": "get", "args": [],
                                "invoke": began, "return": time.monotonic_ns(),
                                "outcome": "ok", "result": result})
        return history

    def check(self):
        """Stops, and raises AssertionError if the history is not that of one copy."""
        self.stop()
        history = self.read_back(next(iter(self.cluster.nodes.values())))
        path = self.cluster.folder / f"history-{next(self.numbers)}.jsonl"
        path.write_text("".join(json.dumps(entry) + "\n" for entry in history))
        checker = self.cluster.bin / "borg_check_history"
        run = subprocess.run([checker, path], capture_output=True, text=True, check=False,
                             timeout=JOIN_SECONDS)
        if run.returncode != 0:
            raise AssertionError(f"history: exit {run.returncode}\n{run.stdout}{run.stderr}")
        return len(history)
