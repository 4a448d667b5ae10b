#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at the worst moments: of who joins, who leaves, and who hands over, under load."""

import random

from case import OPTIONS, DataCase, last, main
from load import Load
from processes import wait_until

ROUNDS = {"local": 8, "etcd": 2}
# Moving it takes long enough to be hit.
KEYS = 4000
VALUE_BYTES = 4000


class Crashes(DataCase):
    """Clients talk to a and b, who live. One node dies at a time, and all is repaired between."""

    def setUp(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        self.random = random.Random(seed)
        self.names = (f"n{i}" for i in range(1000))

    def filled(self, *names):
        cluster = self.cluster("a", "b", *names)
        self.values = {f"k{i}": f"{i};" * (VALUE_BYTES // len(f"{i};")) for i in range(KEYS)}
        with cluster["a"].client() as client:
            replies = client.pipeline([("SET", k, v) for k, v in self.values.items()])
        self.assertEqual(set(replies), {b"OK"})
        return cluster

    def hit(self, seconds_max):
        """Lets a random time pass: short ones are as likely as long ones."""
        last(seconds_max * self.random.random() ** 2)

    def rounds(self, cluster, one_round):
        with Load(cluster, "ab") as load:
            for _ in range(ROUNDS[OPTIONS.coordinator]):
                load.do_more(200)
                one_round(cluster)
                cluster.wait_settled(listed_dead=True)
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_holds(cluster["a"], self.values)
        self.assert_holds(cluster["b"], self.values)
        self.assert_two_copies(cluster, KEYS)

    def test_of_a_node_that_joins(self):
        def one_round(cluster):
            name = next(self.names)
            cluster.launch(name)
            self.hit(0.6)
            cluster.kill(name)
        self.rounds(self.filled(), one_round)

    def test_of_a_node_that_leaves(self):
        def one_round(cluster):
            name = next(self.names)
            cluster.form(name)
            cluster[name].leave()
            self.hit(0.3)
            cluster.kill(name)
        self.rounds(self.filled(), one_round)

    def test_of_a_node_whose_data_is_moving_to_one_that_joins(self):
        def one_round(cluster):
            victim = self.random.choice([name for name in cluster.nodes if name not in "ab"])
            cluster.launch(next(self.names))
            wait_until(lambda: len(cluster["a"].info()["nodes"]) > 3, "it joins")
            self.hit(0.3)
            cluster.kill(victim)
        self.rounds(self.filled(next(self.names)), one_round)

    def test_of_a_node_while_another_one_leaves(self):
        def one_round(cluster):
            leaving, victim = next(self.names), next(self.names)
            cluster.form(leaving, victim)
            cluster[leaving].leave()
            self.hit(0.3)
            cluster.kill(victim)
            # It must still find somebody to take its data, and then it ends by itself.
            self.assertEqual(cluster.nodes.pop(leaving).wait(), 0)
        self.rounds(self.filled(), one_round)


if __name__ == "__main__":
    main()
