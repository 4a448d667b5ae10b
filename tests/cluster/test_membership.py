#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes join and leave on purpose."""

import signal

from case import SOME_KEYS, DataCase, fill, main
from load import Load
from processes import wait_until


class Joining(DataCase):
    def test_join_under_load_loses_nothing_and_no_client_hears_of_it(self):
        cluster = self.cluster("a", "b")
        values = fill(cluster["a"])
        with Load(cluster, per_node=3) as load:
            for name in "cd":
                load.do_more()
                cluster.start(name)
                cluster.wait_settled()
                self.assert_even(cluster)
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_holds(cluster["d"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_several_nodes_join_at_once(self):
        cluster = self.cluster("a", "b")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            cluster.start("c", "d", "e")
            cluster.wait_settled()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_even(cluster)
        self.assert_holds(cluster["e"], values)

    def assert_even(self, cluster):
        """No two nodes differ by more than a partition, neither in copies nor in primaries."""
        counts = cluster.slots()
        for what in (lambda c: c[0], lambda c: c[0] + c[1]):
            per_node = [what(count) for count in counts.values()]
            self.assertLessEqual(max(per_node) - min(per_node), 16, counts)

    def test_weights_are_kept(self):
        cluster = self.cluster("a", "b")
        cluster.start("c", flags=["--weight", "200"])
        cluster.wait_settled()
        copies = {name: sum(count) for name, count in cluster.slots().items()}
        # Two copies of 16384 slots, a node of weight 200 with twice the share of one of 100:
        # it holds half of all, which two copies on different nodes just allow.
        self.assertLessEqual(abs(copies["c"] - 16384), 32)
        self.assertLessEqual(abs(copies["a"] - copies["b"]), 32)


class Leaving(DataCase):
    def test_sigterm_under_load_loses_nothing_and_no_client_hears_of_it(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            leaving = cluster.nodes.pop("c")
            leaving.leave()
            self.assertEqual(leaving.wait(), 0)
            load.do_more()
            cluster.wait_settled()
            load.check()
        self.assertEqual(load.errors(but="c"), [])
        self.assert_holds(cluster["b"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_borg_leave_of_another_node(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        leaving = cluster.nodes.pop("c")
        self.assertEqual(cluster["a"].call("BORG", "LEAVE", "c"),
                         b"OK c hands its data over and leaves")
        self.assertEqual(leaving.wait(), 0)
        cluster.wait_settled()
        self.assert_holds(cluster["a"], values)
        self.assert_two_copies(cluster, SOME_KEYS)
        self.assert_error("ERR", cluster["a"].call, "BORG", "LEAVE", "nobody")

    def test_borg_forget_is_for_the_dead(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        for name in ("a", "b"):
            self.assert_error("ERR", cluster["a"].call, "BORG", "FORGET", name)
        self.assert_error("ERR", cluster["a"].call, "BORG", "FORGET", "nobody")
        cluster.kill("c")
        cluster.wait_settled()
        # It was forgotten by itself: there is nothing left to forget.
        self.assert_error("ERR", cluster["a"].call, "BORG", "FORGET", "c")
        self.assert_holds(cluster["b"], values)

    def test_a_second_sigterm_ends_it_at_once(self):
        cluster = self.cluster("a", "b", "c")
        fill(cluster["a"])
        # With the others stopped nothing can be handed over: it would wait.
        for name in "ab":
            cluster[name].stop_it()
        leaving = cluster["c"]
        leaving.leave()
        wait_until(lambda: "leaving" in leaving.log(), "c is leaving")
        self.assertTrue(leaving.is_running())
        leaving.signal(signal.SIGTERM)
        self.assertEqual(leaving.wait(5), 1)

    def test_ctrl_c_leaves_too(self):
        cluster = self.cluster("a", "b", "c")
        leaving = cluster.nodes.pop("b")
        leaving.signal(signal.SIGINT)
        self.assertEqual(leaving.wait(), 0)
        cluster.wait_settled()

    def test_the_last_node_leaves_and_the_cluster_is_gone(self):
        cluster = self.cluster()
        cluster.start("a")
        leaving = cluster.nodes.pop("a")
        leaving.leave()
        self.assertEqual(leaving.wait(), 0)
        self.assertEqual(cluster.start("a").call("DBSIZE"), 0)


if __name__ == "__main__":
    main()
