#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes stand still (SIGSTOP) for any time, one after the other, and go on (SIGCONT)."""

import random

from case import OPTIONS, SOME_KEYS, DataCase, fill, last, main
from load import Load

# Within a lease, beyond it, and beyond a session in etcd.
PAUSES = {"local": (0.3, 3), "etcd": (2, 8)}
FLAPS = 12
HONEST = {"CLUSTERDOWN", "INDOUBT", "NOREPLICAS", "DATALOSS"}


class Pauses(DataCase):
    def finish(self, cluster, load, values):
        cluster.wait_settled()
        load.do_more()
        load.check()
        for node in cluster.nodes.values():
            self.assertTrue(node.is_running())
            self.assert_holds(node, values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_of_any_length(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            for seconds in PAUSES[OPTIONS.coordinator]:
                load.do_more()
                cluster["b"].stop_it()
                last(seconds)
                load.do_more(200, but="b")
                cluster["b"].continue_it()
                cluster.wait_settled()
            self.finish(cluster, load, values)
        self.assertEqual(load.errors(but="b"), [])

    def test_of_two_nodes_one_after_the_other(self):
        cluster = self.cluster("a", "b", "c", "d")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            cluster["c"].stop_it()
            cluster.wait_settled(but="c")
            cluster["d"].stop_it()
            cluster.wait_settled(but="cd")
            load.do_more(but="cd")
            cluster["c"].continue_it()
            cluster["d"].continue_it()
            self.finish(cluster, load, values)
        self.assertEqual(load.errors(but="cd"), [])

    def test_flapping(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        cluster = self.cluster("a", "b", "c", "d")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            for _ in range(FLAPS):
                node = cluster[rng.choice("abcd")]
                node.stop_it()
                last(rng.choice((0.05, 0.3, 0.7, 1.2)) * rng.uniform(0.5, 1.5))
                node.continue_it()
                last(rng.uniform(0, 0.4))
            self.finish(cluster, load, values)
        codes = {code for worker in load.workers for code in worker.error_codes}
        self.assertLessEqual(codes, HONEST)


if __name__ == "__main__":
    main()
