#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands that take their worker seconds, at the primary and again at the backup: who asks for
other keys meanwhile gets no error, nobody takes a node for silent, and no slot moves."""

import itertools
import threading

from case import ClusterCase, main
from cluster import CommandError

HALF_GB = 512 * 1024 * 1024
ELEMENTS = 5_000_000
ELEMENTS_PER_COMMAND = 500_000
SOME = 1_100_000  # more than a million
BYSTANDERS_KEYS = 200  # in as many slots: of all nodes and workers
PATIENCE_S = 120


class Bystander:
    """Writes and reads other keys through one node until it is told to stop."""

    def __init__(self, node):
        self.node = node
        self.done = 0
        self.problems = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with self.node.client(PATIENCE_S) as client:
            for i in itertools.count():
                if self.stopping.is_set():
                    return
                key = f"{self.node.name}{i % BYSTANDERS_KEYS}"
                try:
                    wrote, read = client("SET", key, i), client("GET", key)
                except (CommandError, OSError) as error:
                    self.problems.append(f"{key}: {error!r}")
                    return
                if (wrote, read) != (b"OK", str(i).encode()):
                    self.problems.append(f"{key}: {wrote} {read}")
                self.done += 1

    def stop(self):
        self.stopping.set()
        self.thread.join()


def encoded_elements():
    """As they stand in requests, so many together: each number once."""
    numbers = (n * 7919 % ELEMENTS for n in range(ELEMENTS))
    while chunk := list(itertools.islice(numbers, ELEMENTS_PER_COMMAND)):
        yield b"".join(b"$%d\r\n%d\r\n" % (len(str(n)), n) for n in chunk)


class LongCommands(ClusterCase):
    def setUp(self):
        self.all = self.cluster("a", "b", "c")
        self.primary, self.backup = [self.all[name] for name, _ in self.all.holders("{x}")]
        self.third = next(node for node in self.all.nodes.values()
                          if node not in (self.primary, self.backup))
        self.placed = self.primary.call("CLUSTER", "SLOTS")
        self.bystanders = [Bystander(node) for node in self.all.nodes.values()]
        self.client = self.primary.client(PATIENCE_S)
        self.elsewhere = self.third.client(PATIENCE_S)

    def tearDown(self):
        for bystander in self.bystanders:
            bystander.stop()
        self.client.close()
        self.elsewhere.close()
        for bystander in self.bystanders:
            self.assertEqual(bystander.problems, [], f"through {bystander.node.name}")
            self.assertGreater(bystander.done, 0)
        self.assertEqual(self.primary.call("CLUSTER", "SLOTS"), self.placed)
        for node in self.all.nodes.values():
            for word in ("silent", "dead", "hangs", "lost step"):
                self.assertNotIn(word, node.log())
        self.assert_two_copies(self.all)

    def test_half_a_gigabyte(self):
        do, do_elsewhere = self.client, self.elsewhere
        self.assertEqual(do("SETBIT", "{x}a", 8 * HALF_GB - 1, 1), 0)
        self.assertEqual(do_elsewhere("SETBIT", "{x}a", 7, 1), 0)
        self.assertEqual(do("BITCOUNT", "{x}a"), 2)
        self.assertEqual(do("BITOP", "NOT", "{x}b", "{x}a"), HALF_GB)
        self.assertEqual(do_elsewhere("BITOP", "AND", "{x}c", "{x}a", "{x}b"), HALF_GB)
        self.assertEqual(do("BITCOUNT", "{x}c"), 0)
        self.assertEqual(do("RENAME", "{x}c", "{x}of another length"), b"OK")
        self.assertEqual(do("DEL", "{x}of another length", "{x}b"), 2)
        self.assertEqual(do_elsewhere("COPY", "{x}a", "{x}d"), 1)
        self.assertEqual(do("BITCOUNT", "{x}d"), 2)
        self.assertEqual(do("BITFIELD", "{x}d", "SET", "u8", 0, 255), [1])
        self.assert_error("ERR", do, "APPEND", "{x}d", "x")
        self.assertEqual(do("DEL", "{x}a", "{x}d"), 2)
        self.assertEqual(do("SETRANGE", "{x}e", HALF_GB - 100, "x"), HALF_GB - 99)
        self.assertEqual(do_elsewhere("APPEND", "{x}e", "y" * 99), HALF_GB)
        self.assert_error("ERR", do, "SETRANGE", "{x}e", HALF_GB, "z")
        self.assertEqual(do("GETRANGE", "{x}e", -101, -1), b"\0x" + b"y" * 99)
        self.assertEqual(do("DEL", "{x}e"), 1)

    def test_replies_that_no_memory_has_place_for(self):
        do, do_elsewhere = self.client, self.elsewhere
        megabytes = 1024 * 1024
        do("SETRANGE", "{x}a", 100 * megabytes - 1, "x")
        do("SADD", "{x}s", b"y" * megabytes)
        for client in (do, do_elsewhere):
            text = self.assert_error("ERR", client, "MGET", *["{x}a"] * 1000)
            self.assertIn("too large", text)
            text = self.assert_error("ERR", client, "SRANDMEMBER", "{x}s", -1_000_000)
            self.assertIn("too large", text)
            self.assertEqual(client("STRLEN", "{x}a"), 100 * megabytes)

    def fill(self):
        for elements in encoded_elements():
            for name, key in ((b"RPUSH", b"{x}l"), (b"SADD", b"{x}s")):
                head = b"*%d\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n"
                count = ELEMENTS_PER_COMMAND + 2
                self.client.connection.send(
                    head % (count, len(name), name, len(key), key) + elements)
                self.assertEqual(self.client.connection.read().kind, "integer")

    def test_millions_of_elements(self):
        do, do_elsewhere = self.client, self.elsewhere
        self.fill()
        self.assertEqual(do("LLEN", "{x}l"), ELEMENTS)
        self.assertEqual(do_elsewhere("COPY", "{x}l", "{x}m"), 1)
        self.assertEqual(do("COPY", "{x}s", "{x}t"), 1)
        self.assertEqual(do("SORT", "{x}l", "STORE", "{x}sorted"), ELEMENTS)
        self.assertEqual(do("LRANGE", "{x}sorted", 0, 2), [b"0", b"1", b"2"])
        self.assertEqual(do("LINDEX", "{x}sorted", -1), str(ELEMENTS - 1).encode())
        # What is popped by chance is replicated by name: more than a million names.
        popped = set(do_elsewhere("SPOP", "{x}s", SOME))
        self.assertEqual(len(popped), SOME)
        self.assertEqual(do("SCARD", "{x}s"), ELEMENTS - len(popped))
        self.assertEqual(do("SDIFFSTORE", "{x}rest", "{x}t", "{x}s"), len(popped))
        self.assertEqual(do("LTRIM", "{x}l", SOME, -1), b"OK")
        self.assertEqual(do("LREM", "{x}l", 0, (ELEMENTS - 1) * 7919 % ELEMENTS), 1)
        self.assertEqual(do("DEL", "{x}l", "{x}m", "{x}s", "{x}t", "{x}sorted", "{x}rest"), 6)


if __name__ == "__main__":
    main()
