#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node dies that holds so much that the next copies of it take long to make."""

import random
import threading

from case import DataCase, main
from processes import wait_until

KEYS = 60_000
VALUE = "v" * 2000
LARGE = 40  # hashes and strings that are too large to be sent with each change


class Client(threading.Thread):
    """Sends one batch of commands after the other, and keeps what was wrong."""

    def __init__(self, node, number):
        super().__init__(daemon=True)
        self.node = node
        self.random = random.Random(number)
        self.ended = threading.Event()
        self.batches = 0
        self.wrong = []

    def run(self):
        try:
            with self.node.client() as client:
                while not self.ended.is_set():
                    replies = client.pipeline(list(self.batch()))
                    self.wrong += [r for r in replies if isinstance(r, Exception)]
                    self.batches += 1
        except OSError as error:
            self.wrong.append(error)


class Reader(Client):
    """Leaves the repair the share of the processor that it has beside commands."""

    def batch(self):
        for _ in range(50):
            yield "GET", f"k{self.random.randrange(KEYS)}"


class Writer(Client):
    """Has a write under way in many partitions at any moment."""

    def batch(self):
        for _ in range(100):
            yield "SET", f"k{self.random.randrange(KEYS)}", VALUE
        for _ in range(5):
            number = self.random.randrange(LARGE)
            yield "HSET", f"hash{number}", f"f{self.random.randrange(2000)}", VALUE[:20]
            yield "SETRANGE", f"string{number}", "7", "x"


class MuchData(DataCase):
    def test_what_is_under_way_at_a_death_does_not_wait_until_all_is_copied(self):
        # Under load the repair gets next to nothing of the processor.
        cluster = self.cluster("a", "b", "c", flags=["--foreground-percent", "99"])
        with cluster["a"].client() as client:
            for first in range(0, KEYS, 5000):
                client.pipeline([("SET", f"k{i}", VALUE) for i in range(first, first + 5000)])
            for number in range(LARGE):
                fields = [word for i in range(2000) for word in (f"f{i}", "v")]
                client.pipeline([("HSET", f"hash{number}", *fields),
                                 ("SET", f"string{number}", "v" * 100_000)])
        writers = [Writer(cluster[name], f"{name}{i}") for name in "ab" for i in range(4)]
        clients = writers + [Reader(cluster[name], name) for name in "ab"]
        for client in clients:
            client.start()

        def all_go_on(batches):
            seen = [writer.batches for writer in writers]
            wait_until(lambda: all(w.batches >= was + batches or not w.is_alive()
                                   for w, was in zip(writers, seen)), "all writers go on")

        all_go_on(3)
        cluster.kill("c")
        all_go_on(3)
        missing = cluster["a"].info()["cluster"]["under_replicated_slots"]
        for client in clients:
            client.ended.set()
        for client in clients:
            client.join()
        self.assertEqual([str(error) for client in clients for error in client.wrong], [])
        self.assertGreater(missing, 0, "the repair was too short to show anything")
        cluster.wait_settled()
        self.assert_two_copies(cluster, KEYS + 2 * LARGE)


if __name__ == "__main__":
    main()
