#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The network between nodes, and to an etcd of three, is cut in every way, and heals."""

import random

from case import SOME_KEYS, NetworkCase, fill, last, main_with_networks
from cluster import CommandError
from load import Load
from processes import resp_client, wait_until

# And than what nodes need to give others up.
LONGER_THAN_A_LEASE = 3
# Longer than a session in etcd lasts.
LONGER_THAN_A_SESSION = 7
FLAPS = 7
# What a client on the wrong side of a cut may be told.
HONEST = {"CLUSTERDOWN", "INDOUBT", "NOREPLICAS", "DATALOSS"}


class Partitions(NetworkCase):
    def assert_unnoticed(self, load, but):
        """Clients of these nodes alone were told anything, and that was honest."""
        self.assertEqual(load.errors(but=but), [])
        codes = {code for worker in load.workers for code in worker.error_codes}
        self.assertLessEqual(codes, HONEST)

    def finish(self, cluster, load, values):
        """What holds after every healing, without anyone acting."""
        cluster.wait_settled()
        load.do_more()
        load.check()
        for node in cluster.nodes.values():
            self.assert_holds(node, values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_a_minority_of_one_with_an_etcd_is_split_off(self):
        cluster, network = self.networked("a", "b", "c", "d")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            network.split(["d", "e3"])
            cluster.wait_settled(but="d")
            wait_until(lambda: len(cluster["a"].info()["nodes"]) == 3, "d is forgotten")
            load.do_more(but="d")
            network.heal()
            self.finish(cluster, load, values)
        self.assert_unnoticed(load, but="d")
        self.assertIn("joins again as a new node", cluster["d"].log())

    def test_two_halves_serve_no_key_twice(self):
        cluster, network = self.networked("a", "b", "c", "d")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            network.split(["c", "d", "e3"])
            last(LONGER_THAN_A_LEASE)
            network.heal()
            self.finish(cluster, load, values)
        self.assert_unnoticed(load, but="abcd")

    def test_one_way_cuts(self):
        cluster, network = self.networked("a", "b", "c")
        values = fill(cluster["a"])
        others = ["a", "c", *self.ETCDS]
        with Load(cluster) as load:
            for senders, receivers in ((["b"], others), (others, ["b"])):
                load.do_more()
                network.cut_one_way(senders, receivers)
                cluster.wait_settled(but="b")
                load.do_more(but="b")
                network.heal()
                cluster.wait_settled()
            self.finish(cluster, load, values)
        self.assert_unnoticed(load, but="b")

    def test_a_cut_link_costs_its_partitions_a_move_and_not_a_node(self):
        cluster, network = self.networked("a", "b", "c", "d")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            network.cut(["a"], ["b"])
            wait_until(lambda: self.shared(cluster, "a", "b") == 0, "a and b share nothing")
            wait_until(lambda: not cluster["c"].info()["cluster"]["under_replicated_slots"],
                       "everything has two copies")
            load.do_more(but="ab")
            network.heal()
            self.finish(cluster, load, values)
        self.assert_unnoticed(load, but="ab")
        for node in cluster.nodes.values():
            self.assertNotIn("given up", node.log())

    def shared(self, cluster, *names):
        """How many of some keys these two nodes hold together."""
        with cluster["c"].client() as client:
            holders = [{holder[0].decode() for holder in client("BORG", "WHEREIS", f"k{i}")}
                       for i in range(300)]
        return sum(set(names) <= held for held in holders)

    def test_a_node_that_cannot_reach_etcd_goes_on_serving(self):
        cluster, network = self.networked("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            network.cut(["b"], self.ETCDS)
            last(LONGER_THAN_A_SESSION)
            load.do_more()
            network.heal()
            self.finish(cluster, load, values)
        self.assert_unnoticed(load, but="")

    def test_flapping(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        cluster, network = self.networked("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            for _ in range(FLAPS):
                one, other, *rest = rng.sample("abc", 3)
                rng.choice((
                    lambda o=one: network.split([o]),
                    lambda o=one, t=other: network.cut([o], [t]),
                    lambda o=one, t=other, r=rest: network.cut_one_way([o], [t, *r]),
                    lambda o=one: network.cut([o], self.ETCDS),
                ))()
                last(rng.uniform(0.1, 1.8))
                network.heal()
                last(rng.uniform(0, 0.5))
            self.finish(cluster, load, values)
        self.assert_unnoticed(load, but="abc")

    def test_a_node_on_the_wrong_side_never_answers_from_the_past(self):
        cluster, network = self.networked("a", "b", "c")
        values = fill(cluster["a"], 600)
        readers = [cluster["b"].client() for _ in range(4)]
        network.split(["b"])
        # A reply that waited long behind others in a pipeline may cost it its connection.
        wait_until(lambda: self.add_a_sign(cluster["a"], values), "all values have changed")
        gets = b"".join(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(key), key.encode())
                        for key in values)
        for number, reader in enumerate(readers):
            reader.connection.send(gets)
            if number == 1:
                network.heal()
        for reader in readers:
            self.assert_right_or_honest(reader, values)
        cluster.wait_settled()
        self.assert_holds(cluster["b"], {key: value + "+" for key, value in values.items()})

    def add_a_sign(self, node, values):
        """SETs, which may be done again."""
        with node.client() as client:
            replies = client.pipeline([("SET", key, value + "+") for key, value in values.items()])
        return all(reply == b"OK" for reply in replies)

    def assert_right_or_honest(self, reader, values):
        """It may say that it cannot, or break the connection, but may not answer wrongly."""
        try:
            for value in values.values():
                reply = reader.connection.read()
                if reply.kind == "error":
                    self.assertIn(CommandError(reply.value.decode()).code, HONEST)
                else:
                    self.assertEqual(reply.value, value.encode() + b"+")
        except resp_client.Closed:
            pass
        reader.close()


if __name__ == "__main__":
    main_with_networks()
