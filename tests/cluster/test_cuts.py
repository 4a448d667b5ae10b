#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One node at a time is out of reach of the others, in every way.

Nothing may be lost, though the node dies of it, and the others answer all keys soon. Each test
takes BORG_ROUNDS (2) rounds and prints how long the slowest answers took: from the cut, for
clients of the others, and from its end, for all.
"""

import os
import random
import time

from case import NetworkCase, fill, last, main_with_networks
from cluster import CommandError
from load import HOT_KEYS, Load
from processes import resp_client, wait_until

ROUNDS = int(os.environ.get("BORG_ROUNDS", "2"))
KEYS = 1000
NAMES = ("a", "b", "c")


class Cuts(NetworkCase):
    def setUp(self):
        seed = random.randrange(1 << 32)
        print(f"{self._testMethodName}: seed {seed}", flush=True)
        self.rng = random.Random(seed)
        self.slowest_after_cut_s = self.slowest_after_end_s = 0

    def ask_all(self, node):
        """Reads and writes all keys through a node: the errors."""
        commands = [("GET", f"k{i}") for i in range(KEYS)]
        commands += [("SET", f"k{i}", f"v{i}") for i in range(KEYS)]
        with node.client() as client:
            replies = client.pipeline(commands)
        return [reply for reply in replies if isinstance(reply, CommandError)]

    def assert_others_answer(self, cluster, victim):
        """What is asked at the moment of the cut is answered, by all but the victim."""
        for name, node in cluster.nodes.items():
            if name == victim:
                continue
            began = time.monotonic()
            self.assertEqual(self.ask_all(node), [], f"at {name}")
            self.slowest_after_cut_s = max(self.slowest_after_cut_s, time.monotonic() - began)

    def wait_all_answer(self, cluster):
        began = time.monotonic()

        def answers(node):
            try:
                return not self.ask_all(node)
            except (OSError, resp_client.Closed):
                return False

        for node in cluster.nodes.values():
            wait_until(lambda n=node: answers(n), f"{node.name} answers for all keys")
        self.slowest_after_end_s = max(self.slowest_after_end_s, time.monotonic() - began)

    def rounds(self, cut, dies=False, flags=()):
        """`cut(network, victim, others)` puts a node out of reach."""
        cluster, network = self.networked(*NAMES, flags=flags)
        values = fill(cluster["a"], KEYS)
        for _ in range(ROUNDS):
            victim = self.rng.choice(NAMES)
            others = [name for name in NAMES if name != victim]
            # Each round's history begins with nothing.
            cluster["a"].call("DEL", *(f"{kind}:{n}" for kind in ("number", "text")
                                       for n in range(HOT_KEYS)))
            with Load(cluster) as load:
                load.do_more(200)
                cut(network, victim, others)
                self.assert_others_answer(cluster, victim)
                last(self.rng.uniform(0, 6))
                if dies:
                    cluster.kill(victim)
                    self.assert_others_answer(cluster, victim)
                network.heal()
                if dies:
                    cluster.start(victim)
                else:
                    self.wait_all_answer(cluster)
                cluster.wait_settled()
                load.do_more(200)
                load.check()
            self.assertEqual(load.errors(but=victim), [])
            for node in cluster.nodes.values():
                self.assertEqual(node.info()["cluster"]["lost_slots"], 0)
                self.assert_holds(node, values)
        print(f"  slowest answers: {self.slowest_after_cut_s:.1f} s from the cut, "
              f"{self.slowest_after_end_s:.1f} s from its end", flush=True)

    def test_a_node_that_neither_sends_nor_hears(self):
        self.rounds(lambda network, victim, others: network.cut([victim], others))

    def test_a_node_that_is_cut_off_with_the_leader_of_etcd(self):
        """Each machine may have a node and a member of etcd, which elects a leader meanwhile."""
        def leader():
            return self.clusters[-1].etcd.leader().name

        self.rounds(lambda network, victim, others: network.split([victim, leader()]),
                    flags=("--request-deadline-ms", "15000"))

    def test_a_node_that_hears_and_cannot_send(self):
        self.rounds(lambda network, victim, others: network.cut_one_way([victim], others))

    def test_a_node_that_sends_and_cannot_hear(self):
        self.rounds(lambda network, victim, others: network.cut_one_way(others, [victim]))

    def test_a_node_that_dies_when_it_cannot_send(self):
        self.rounds(lambda network, victim, others: network.cut_one_way([victim], others), True)

    def test_a_node_that_dies_when_it_cannot_hear(self):
        self.rounds(lambda network, victim, others: network.cut_one_way(others, [victim]), True)

    def test_a_node_that_dies_when_it_is_cut_off(self):
        self.rounds(lambda network, victim, others: network.cut([victim], others), True)

    def test_after_a_long_cut_no_link_stays_half_open(self):
        """All packets are lost for longer than a connection's end is kept by either system."""
        cluster, network = self.networked(*NAMES)
        values = fill(cluster["a"], KEYS)
        for _ in range(ROUNDS):
            victim = self.rng.choice(NAMES)
            network.cut([victim], [name for name in NAMES if name != victim])
            last(8)
            network.heal()
            self.wait_all_answer(cluster)
            cluster.wait_settled()
            for node in cluster.nodes.values():
                self.assertEqual(self.ask_all(node), [])
                self.assert_holds(node, values)
        print(f"  slowest answers: {self.slowest_after_end_s:.1f} s from the end of a cut",
              flush=True)


if __name__ == "__main__":
    main_with_networks()
