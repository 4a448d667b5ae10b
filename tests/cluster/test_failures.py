#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes die, stand still and come back, while clients of the others work on."""

import time

from case import SOME_KEYS, DataCase, fill, main, only_with
from cluster import CommandError
from load import Load
from processes import resp_client, wait_until


class Failures(DataCase):
    def test_a_killed_node_is_not_noticed_but_as_a_wait(self):
        cluster = self.cluster("a", "b", "c", "d")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            cluster.kill("c")
            load.do_more(2000)
            cluster.wait_settled()
            load.do_more()
            load.check()
        self.assertEqual(load.errors(but="c"), [])
        self.assert_holds(cluster["a"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_writes_do_not_wait_for_the_end_of_a_long_repair(self):
        # Under load the repair gets next to nothing of the processor.
        cluster = self.cluster("a", "b", "c", flags=["--foreground-percent", "99"])
        values = {f"k{i}": "v" * 2000 for i in range(50000)}
        with cluster["a"].client() as client:
            client.pipeline([("SET", k, v) for k, v in values.items()])
        with Load(cluster, "ab", per_node=4) as load:
            load.do_more()
            cluster.kill("c")
            wait_until(lambda: not any("c" in cluster.holders(f"k{i}")[0] for i in range(50)),
                       "c is nobody's primary")
            for number in range(5):
                with cluster["a"].client() as client:
                    replies = client.pipeline([("SET", f"n{number}:{i}", "1")
                                               for i in range(3000)])
                self.assertEqual(set(replies), {b"OK"})
            self.assertGreater(cluster["a"].info()["cluster"]["under_replicated_slots"], 0,
                               "the repair was too short to show anything")
            load.check()
        self.assertEqual(load.errors(), [])
        cluster.wait_settled()
        self.assert_holds(cluster["b"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_from_five_nodes_to_two_one_death_after_the_other(self):
        cluster = self.cluster("a", "b", "c", "d", "e")
        values = fill(cluster["a"])
        with Load(cluster, "ab", per_node=3) as load:
            for name in "edc":
                load.do_more()
                cluster.kill(name)
                cluster.wait_settled()
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_holds(cluster["b"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_a_node_that_stood_still_changes_nothing(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            cluster["b"].stop_it()
            stopped = time.monotonic()
            wait_until(lambda: time.monotonic() - stopped > 3, "three seconds")
            load.do_more()
            cluster["b"].continue_it()
            cluster.wait_settled()
            load.do_more()
            load.check()
        self.assertEqual(load.errors(but="b"), [])
        self.assert_holds(cluster["b"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_a_node_that_wakes_up_does_not_answer_from_the_past(self):
        self.wakes_up(self.cluster("a", "b", "c"))

    def test_nor_does_one_that_was_started_with_a_longer_lease_than_the_others(self):
        cluster = self.cluster()
        cluster.start("b", flags=["--lease-ms", "60000"])
        cluster.form("a", "c")
        self.wakes_up(cluster)

    def wakes_up(self, cluster):
        values = fill(cluster["a"], 600)
        sleeper = cluster["b"]
        readers = [sleeper.client() for _ in range(10)]
        gets = b"".join(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(key), key.encode())
                        for key in values)
        sleeper.stop_it()
        # Taken from it meanwhile, and changed.
        with cluster["a"].client() as writer:
            replies = writer.pipeline([("APPEND", key, "+") for key in values])
        self.assertEqual(replies, [len(value) + 1 for value in values.values()])
        for reader in readers:
            reader.connection.send(gets)
        sleeper.continue_it()
        for reader in readers:
            self.assert_right_or_closed(reader, values)

    def assert_right_or_closed(self, reader, values):
        """It may break a connection rather than answer, but may not answer wrongly."""
        try:
            for value in values.values():
                self.assertEqual(reader.connection.read().value, value.encode() + b"+")
        except resp_client.Closed:
            pass
        reader.close()

    def test_one_of_two_dies_then_reads_work_and_writes_are_refused(self):
        cluster = self.cluster("a", "b")
        values = fill(cluster["a"], 300)
        cluster.kill("b")
        node = cluster["a"]
        wait_until(lambda: node.info()["cluster"]["nodes"] == 1, "b is taken for dead")
        self.assert_holds(node, values)
        for words in (("SET", "k1", "x"), ("INCR", "n"), ("DEL", "k1"), ("MSET", "x", "1"),
                      ("FLUSHALL",)):
            self.assert_error("NOREPLICAS", node.call, *words)
        self.assert_holds(node, values)
        self.assertEqual(node.call("DBSIZE"), 300)
        cluster.form("c")
        self.assertEqual(node.call("SET", "k1", "x"), b"OK")
        self.assertEqual(cluster["c"].call("GET", "k1"), b"x")
        self.assertEqual(cluster["c"].call("DBSIZE"), 300)

    @only_with("local")
    def test_when_all_are_dead_a_new_node_starts_afresh_and_says_so(self):
        cluster = self.cluster("a", "b", "c")
        fill(cluster["a"], 100)
        for name in "abc":
            cluster.kill(name)
        node = cluster.start("a")
        self.assertIn("starting afresh", node.log())
        self.assertEqual(node.call("DBSIZE"), 0)
        cluster.form("b")
        self.assertEqual(node.call("SET", "k", "v"), b"OK")

    def test_both_copies_lost_is_said_until_it_is_accepted(self):
        cluster = self.cluster("a", "b", "c")
        fill(cluster["a"], 1000)
        self.kill_together(cluster, "bc")
        node = cluster["a"]
        wait_until(lambda: node.info()["cluster"]["lost_slots"], "a loss is reported")
        cluster.start("d")
        outcomes = {self.outcome(node, key) for key in range(200)}
        self.assertEqual(outcomes, {"there", "DATALOSS"})
        node.call("BORG", "ACCEPT-LOSS")
        cluster.wait_settled()
        outcomes = {self.outcome(node, key) for key in range(200)}
        self.assertEqual(outcomes, {"there", "nil"})
        self.assertEqual(node.call("SET", "k0", "v"), b"OK")
        # It was accepted once, and not for all time.
        cluster.form("e")
        self.kill_together(cluster, "de")
        wait_until(lambda: node.info()["cluster"]["lost_slots"], "another loss is reported")
        self.assertIn("DATALOSS", {self.outcome(node, key) for key in range(200)})

    def kill_together(self, cluster, names):
        """None of them repairs what the others held."""
        for name in names:
            cluster[name].stop_it()
        for name in names:
            cluster.kill(name)

    def outcome(self, node, number):
        try:
            return "nil" if node.call("GET", f"k{number}") is None else "there"
        except CommandError as error:
            return error.code


if __name__ == "__main__":
    main()
