#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory limits of real nodes: kept for copies, repairs and unfinished requests too, and named."""

import resource
import signal
import socket
import urllib.request
from pathlib import Path

from case import ClusterCase, main
from cluster import CommandError
from processes import wait_until

MB = 1024 * 1024
LIMIT = 60 * MB
VALUE = b"v" * 8000
# What is on its way when a node says that it is full, and what the process takes besides.
OVERSHOOT = 4 * MB
BESIDES = 60 * MB


def fill_up(node, prefix):
    """SETs until the last hundreds are refused; how many were taken."""
    taken = 0
    with node.client() as client:
        for i in range(400):
            replies = client.pipeline(
                [("SET", f"{prefix}{i}:{k}", VALUE) for k in range(100)])
            wrong = [r for r in replies if r != b"OK" and getattr(r, "code", "") != "OOM"]
            if wrong:
                raise AssertionError(wrong[0])
            taken += replies.count(b"OK")
            if b"OK" not in replies:
                return taken
    raise AssertionError("nothing was refused")


def metrics(node):
    with urllib.request.urlopen(f"http://127.0.0.1:{node.http_port}/metrics") as page:
        lines = page.read().decode().splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if line[0] != "#"}


class Sender:
    """A client that sends a request in pieces, as far as the node takes them."""

    def __init__(self, port, pieces):
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.setblocking(False)
        self.pieces = pieces
        self.reply = b""

    def go_on(self):
        try:
            if self.pieces:
                sent = self.connection.send(self.pieces[0])
                self.pieces[0] = self.pieces[0][sent:]
                if not self.pieces[0]:
                    del self.pieces[0]
            else:
                self.reply += self.connection.recv(100)
        except BlockingIOError:
            pass


class MemoryLimits(ClusterCase):
    def limited(self, *names, limit=LIMIT):
        return self.cluster(*names, flags=("--max-memory", str(limit)))

    def assert_within(self, nodes, limit=LIMIT, rss_before=None):
        for node in nodes:
            self.assertLess(node.info_field("used_memory"), limit + OVERSHOOT, node.name)
            if rss_before:
                grown = node.rss_bytes() - rss_before[node.name]
                self.assertLess(grown, limit + BESIDES, node.name)

    def test_survivors_of_full_nodes_stay_within_their_limits(self):
        cluster = self.limited("a", "b", "c")
        a, b, c = (cluster[name] for name in "abc")
        rss = {node.name: node.rss_bytes() for node in (a, b, c)}
        taken = fill_up(a, "k")
        self.assertGreater(taken * len(VALUE) * 2, 2 * LIMIT)
        self.assert_within((a, b, c), rss_before=rss)
        for node in (a, b, c):
            wait_until(lambda n=node: "too small for another death" in n.log(), "it is said")
            self.assertEqual(node.info_field("memory_death_exceeds"), 1)
        cluster.kill("c")
        wait_until(lambda: sum(n.info_field("memory_waiting_partitions") for n in (a, b)) > 0,
                   "copies wait for memory")
        wait_until(lambda: all(n.info_field("maxmemory") and n.info_field("memory_full")
                               for n in (a, b)), "both are full")
        self.assert_within((a, b), rss_before=rss)
        self.assertTrue(any("under-replicated because of memory" in n.log() for n in (a, b)))
        self.assertGreater(sum(metrics(n)["borg_memory_waiting_partitions"] for n in (a, b)), 0)
        self.assertGreater(metrics(a)["borg_memory_used_bytes"], LIMIT * 0.9)
        wait_until(lambda: "repair: waits for memory" in self.borgctl(a, "info")[1],
                   "the repair is said to wait")
        totals = a.info()
        self.assertGreater(totals["cluster"]["under_replicated_slots"], 0)
        self.assertEqual({n["memory_limit_bytes"] for n in totals["nodes"]
                          if n["state"] == "active"}, {LIMIT})
        # What frees memory goes on, and then the rest of the copies is made.
        with a.client() as client:
            keys = client("KEYS", "k*")
            self.assertEqual(len(keys), taken)
            for key in keys[:len(keys) // 2]:
                self.assertEqual(client("DEL", key), 1)
        cluster.wait_settled(listed_dead=True)
        self.assert_within((a, b), rss_before=rss)
        self.assert_two_copies(cluster, keys_min=len(keys) // 2 - 1)
        self.assertEqual(a.call("SET", "after", "1"), b"OK")

    def test_a_node_that_joins_full_ones_is_filled_at_once(self):
        """Copies that wait for memory elsewhere keep nothing back, however many they are."""
        cluster = self.limited("a", "b", "c")
        taken = fill_up(cluster["a"], "k")
        cluster.kill("c")
        nodes = [cluster[name] for name in "ab"]
        wait_until(lambda: all(n.info_field("memory_waiting_partitions") > 100 for n in nodes),
                   "more copies wait than are made at a time")
        cluster.start("d")
        cluster.wait_settled(seconds=150, listed_dead=True)  # rebalances pause for memory
        self.assert_two_copies(cluster, keys_min=taken)
        self.assert_within(cluster.nodes.values())

    def test_a_node_for_whose_data_nobody_has_memory_does_not_go_and_says_why(self):
        cluster = self.limited("a", "b", "c")
        a, b, c = (cluster[name] for name in "abc")
        taken = fill_up(a, "k")
        for order in ("drain", "leave"):
            code, _, err = self.borgctl(a, order, "c")
            self.assertEqual(code, 1, err)
            self.assertRegex(err, r"the other members have no memory for what c holds, "
                                  r"\d+\.\d MB are missing: [ab] has room for ")
        # A signal cannot be refused.
        c.leave()
        wait_until(lambda: "the others have no memory for them" in c.log(), "it is said")
        self.assertIn("leaving, lacks memory", self.borgctl(a, "info")[1])
        self.assertIn("OK c is leaving already, and waits for memory of the others",
                      a.call("BORG", "LEAVE", "c").decode())
        code, _, err = self.borgctl(a, "leave", "c", "--wait-for", "1")
        self.assertEqual(code, 3, err)
        self.assertIn("the others have no memory for", err)
        self.assertIn("goes on by itself when there is memory", err)
        self.assertTrue(c.is_running())
        with b.client() as client:
            self.assertEqual(client("GET", "k0:0"), VALUE)
            self.assertEqual(client("DEL", "k0:0"), 1)
        for node in (a, b):
            self.assertEqual(node.call("CONFIG", "SET", "maxmemory", "200mb"), b"OK")
        self.assertEqual(cluster.nodes.pop("c").wait(), 0)
        cluster.wait_settled()
        self.assertEqual(a.call("SET", "k0:0", VALUE), b"OK")
        self.assert_two_copies(cluster, keys_min=taken)

    def test_a_full_backup_refuses_writes_at_the_primary_of_another_node(self):
        cluster = self.cluster()
        cluster.launch("a")
        cluster.launch("b", "--max-memory", str(20 * MB))
        wait_until(lambda: all(n.is_ready() for n in cluster.nodes.values()), "both are ready")
        cluster.wait_settled()
        a, b = cluster["a"], cluster["b"]
        fill_up(a, "k")
        self.assert_within((b,), limit=20 * MB)
        keys = [f"k0:{i}" for i in range(100)]
        with a.client() as client:
            for key in keys:
                self.assert_error("OOM", client, "SET", key + "x", VALUE)
                self.assertEqual(client("GET", key), VALUE)
            self.assertEqual(client("CONFIG", "GET", "maxmemory"), [b"maxmemory", b"0"])
            client("MULTI")
            self.assert_error("OOM", client, "SET", "x", "1")
            client("DISCARD")
        # What was on its way may have made it full for a moment only.
        wait_until(lambda: fill_up(a, "more") >= 0 and "memory is full" in b.log(), "it is said")
        self.assertEqual(b.call("CONFIG", "SET", "maxmemory", "100mb"), b"OK")
        wait_until(lambda: b.info_field("memory_full") == 0, "there is memory again")
        wait_until(lambda: a.call("SET", "x", VALUE) == b"OK", "writes go on")

    def test_large_requests_come_in_one_after_the_other(self):
        limit = 300 * MB
        cluster = self.limited("a", "b", limit=limit)
        a = cluster["a"]
        rss = {node.name: node.rss_bytes() for node in cluster.nodes.values()}
        value = memoryview(b"x" * (16 * MB))
        senders = []
        for i in range(60):
            key = b"big%d" % (i % 4)
            head = b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n" % (len(key), key, len(value))
            senders.append(Sender(a.port, [memoryview(head), value, memoryview(b"\r\n")]))
        most = 0

        def all_are_answered():
            nonlocal most
            for sender in senders:
                sender.go_on()
            most = max(most, a.rss_bytes() - rss["a"])
            return all(sender.reply.endswith(b"\r\n") for sender in senders)

        wait_until(all_are_answered, "all are answered")
        for sender in senders:
            self.assertEqual(sender.reply, b"+OK\r\n")
            sender.connection.close()
        # Four values of 16 MB, and those under way: without order it would be a gigabyte.
        self.assertLess(most, limit)
        self.assert_within(cluster.nodes.values(), limit)

    def test_few_words_do_not_make_a_value_beyond_the_limit(self):
        cluster = self.limited("a", "b")
        a = cluster["a"]
        a.call("SETRANGE", "{k}", 20 * MB, "x")
        self.assertEqual(a.call("COPY", "{k}", "{k}1"), 1)
        for command in (("COPY", "{k}", "{k}2"), ("BITOP", "NOT", "{k}2", "{k}"),
                        ("SETRANGE", "k", 400 * MB, "x"), ("SETBIT", "k", 3_000_000_000, 1),
                        ("BITFIELD", "k", "SET", "u8", "#400000000", 1)):
            for node in cluster.nodes.values():
                with self.assertRaises(CommandError, msg=command) as raised:
                    node.call(*command)
                self.assertEqual(raised.exception.code, "OOM", command)
        self.assert_within(cluster.nodes.values())

    def test_what_is_large_needs_room_at_every_holder(self):
        cluster = self.cluster()
        cluster.start("a", flags=("--max-memory", str(1024 * MB)))
        cluster.start("b", flags=("--max-memory", str(LIMIT)))
        cluster.wait_settled()
        a, b = cluster["a"], cluster["b"]
        value = b"x" * (14 * MB)
        answers = set()
        for i in range(20):  # of either primary
            try:
                self.assertEqual(a.call("SET", f"k{i}", value), b"OK")
                answers.add("OK")
            except CommandError as error:
                answers.add(error.code)
            with self.assertRaises(CommandError) as raised:
                a.call("SETRANGE", f"s{i}", 200 * MB, "x")
            self.assertEqual(raised.exception.code, "OOM")
        self.assertEqual(answers, {"OK", "OOM"})
        self.assert_within((b,))

    def test_a_request_beyond_the_limit_is_refused_before_it_comes(self):
        cluster = self.limited("a", "b")
        a = cluster["a"]
        a.call("SET", "k", "v")
        rss = a.rss_bytes()
        with a.client() as client:
            value = memoryview(b"x" * (100 * MB))
            client.connection.socket.sendall(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % len(value))
            most = 0
            for at in range(0, len(value), MB):
                client.connection.socket.sendall(value[at:at + MB])
                most = max(most, a.rss_bytes() - rss)
            client.connection.socket.sendall(b"\r\n")
            answer = client.connection.read()
            self.assertRegex(answer.value, b"^OOM a request may have a quarter of")
            self.assertEqual(client("GET", "k"), b"v", "the connection goes on")
        self.assertLess(most, 20 * MB)

    def test_a_node_that_the_system_refuses_memory_says_so(self):
        cluster = self.cluster("a", "b")
        a = cluster["a"]
        pages = int(Path(f"/proc/{a.pid}/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + 100 * MB
        resource.prlimit(a.pid, resource.RLIMIT_AS, (most, most))
        with a.client() as client:
            client.connection.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$200000000\r\n" + b"x" * 9000)
            answer = client.connection.read()
            self.assertEqual(answer.kind, "error")
            self.assertRegex(answer.value, b"^OOM the system refuses")
        # Small ones: in the end they are refused everywhere, or the node ends and says why.
        with cluster["b"].client() as client:
            refused = False
            for i in range(100):
                replies = client.pipeline([("SET", f"k{i}:{k}", VALUE) for k in range(300)])
                refused = any(getattr(r, "code", "") == "OOM" for r in replies)
                if refused or not a.is_running():
                    break
        if a.is_running():
            self.assertTrue(refused)
            self.assertEqual(a.call("PING"), b"PONG")
            wait_until(lambda: "the system refuses this process more" in a.log(), "it is said")
            a.signal(signal.SIGKILL)
        else:
            self.assertEqual(a.process.returncode, 12)
            self.assertIn("out of memory: the system refused", a.log())


if __name__ == "__main__":
    main()
