#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An etcd of three members loses its leader, a minority, all of them, or is slow."""

import random

from case import SOME_KEYS, DataCase, fill, last, main
from cluster import CommandError
from load import Load
from processes import HERE_PLACE

# Longer than a session of a node lasts in etcd.
LONGER_THAN_A_SESSION = 8
SLOW_ROUNDS = 14
DEADLINE = ("--request-deadline-ms", "2000")


class EtcdMembers(DataCase):
    def with_etcds(self, *names, flags=()):
        return self.cluster(*names, flags=flags, etcd_places=[HERE_PLACE] * 3)

    def assert_whole(self, cluster, values):
        for node in cluster.nodes.values():
            self.assert_holds(node, values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_leaders_are_killed_while_nodes_come_and_go(self):
        cluster = self.with_etcds("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster, "ab") as load:
            load.do_more()
            cluster.etcd.leader().kill()
            cluster.launch("d")
            cluster.wait_settled()
            load.do_more()
            cluster.etcd.start()
            cluster.etcd.leader().kill()
            cluster.kill("c")
            cluster.wait_settled(listed_dead=True)
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_whole(cluster, values)

    def test_with_a_member_dead_a_node_dies_and_another_joins(self):
        cluster = self.with_etcds("a", "b", "c")
        values = fill(cluster["a"])
        cluster.etcd.members[0].kill()
        with Load(cluster, "ab") as load:
            load.do_more()
            cluster.kill("c")
            cluster.wait_settled(listed_dead=True)
            cluster.start("d")
            cluster.wait_settled(listed_dead=True)
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_whole(cluster, values)

    def test_while_all_stand_still_only_what_a_dead_node_held_waits(self):
        cluster = self.with_etcds("a", "b", "c", "d", flags=DEADLINE)
        values = fill(cluster["a"])
        with Load(cluster, "abc") as load:
            load.do_more()
            cluster.etcd.stop_it()
            last(LONGER_THAN_A_SESSION)
            load.do_more()
            self.assertEqual(load.errors(), [])
            before = self.split_keys(cluster, values, "d")
            cluster.kill("d")
            self.assert_served(cluster["a"], before[False], values)
            # Where it was primary nobody may take over, where it was backup none goes on alone.
            told = self.told(cluster["b"], before[True])
            self.assertLessEqual(told, {"CLUSTERDOWN", "INDOUBT"})
            self.assertEqual(cluster["a"].info()["cluster"]["lost_slots"], 0)
            cluster.etcd.continue_it()
            cluster.wait_settled(listed_dead=True)
            load.do_more()
            load.check()
        self.assert_honest(load)
        self.assert_whole(cluster, {key: values[key] for key in before[False]})
        for key in before[True]:
            self.assertIn(cluster["c"].call("GET", key), (b"new", values[key].encode()))

    def split_keys(self, cluster, values, name):
        """Some keys, by whether the node holds a copy of them."""
        keys = {False: [], True: []}
        with cluster["a"].client() as client:
            for key in list(values)[:400]:
                holders = {holder[0].decode() for holder in client("BORG", "WHEREIS", key)}
                keys[name in holders].append(key)
        return keys

    def assert_served(self, node, keys, values):
        with node.client() as client:
            self.assertEqual(client.pipeline([("SET", key, values[key]) for key in keys]),
                             [b"OK"] * len(keys))
            self.assertEqual(client.pipeline([("GET", key) for key in keys]),
                             [values[key].encode() for key in keys])

    def told(self, node, keys):
        """Codes of the errors that writers of these keys get; OK if one gets through."""
        clients = [(node.client(), key) for key in keys[:50]]
        for client, key in clients:
            client.connection.send_command([b"SET", key.encode(), b"new"])
        codes = set()
        for client, _ in clients:
            reply = client.connection.read()
            codes.add(CommandError(reply.value.decode()).code if reply.kind == "error" else "OK")
            client.close()
        return codes

    def test_a_slow_etcd_slows_changes_and_nothing_else(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        cluster = self.with_etcds("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster, "ab") as load:
            cluster.launch("d")
            for number in range(SLOW_ROUNDS):
                slow = rng.sample(cluster.etcd.members, rng.randint(1, 3))
                for member in slow:
                    member.stop_it()
                last(rng.uniform(0, 0.6))
                for member in slow:
                    member.continue_it()
                last(rng.uniform(0, 0.2))
                if number == SLOW_ROUNDS // 2:
                    cluster.wait_settled()
                    cluster.kill("c")
            cluster.wait_settled(listed_dead=True)
            load.check()
        self.assert_honest(load)
        self.assert_whole(cluster, values)

    def assert_honest(self, load):
        """A death that cannot be written down within the deadline is told honestly."""
        codes = {code for worker in load.workers for code in worker.error_codes}
        self.assertLessEqual(codes, {"CLUSTERDOWN", "INDOUBT"})
        self.assertEqual([e for e in load.errors() if "connection" in e], [])


if __name__ == "__main__":
    main()
