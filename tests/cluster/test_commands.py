#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a client of any node may do in a cluster of three."""

import json
import os

from case import SharedCase, main
from cluster import CommandError, local_keys
from processes import wait_until

MB = 1024 * 1024
# Above a client's bound on waiting replies, with room for what else a node allocates meanwhile.
SLOW_READER_BYTES_MAX = 300 * MB


class Keys(SharedCase):
    def test_any_node_takes_any_key(self):
        for i in range(120):
            writer, reader = self.nodes[i % 3], self.nodes[(i + 1) % 3]
            self.assertEqual(writer.call("SET", f"k{i}", i), b"OK")
            self.assertEqual(reader.call("GET", f"k{i}"), str(i).encode())
        self.assertEqual({node.call("DBSIZE") for node in self.nodes}, {120})

    def test_an_ok_is_on_the_two_nodes_that_whereis_names(self):
        keys = [f"key:{i}".encode() for i in range(200)]
        with self.nodes[0].client() as client:
            client.pipeline([("SET", key, "v") for key in keys])
        held = {node.name: local_keys(node) for node in self.nodes}
        for key in keys:
            holders = self.shared.holders(key)
            self.assertEqual([role for _, role in holders], ["primary", "backup"])
            found = {(name, held[name][key]) for name in held if key in held[name]}
            self.assertEqual(found, set(holders))
        self.assert_two_copies(self.shared, len(keys))

    def test_commands_on_the_whole_cluster_answer_alike_from_any_node(self):
        with self.nodes[0].client() as client:
            client.pipeline([("SET", f"user:{i}", i) for i in range(1000)])
            client.pipeline([("SET", f"other:{i}", i) for i in range(1000)])
        wanted = {f"user:{i}".encode() for i in range(1000)}
        for node in self.nodes:
            self.assertEqual(node.call("DBSIZE"), 2000)
            keys = node.call("KEYS", "user:*")
            self.assertEqual(len(keys), 1000)
            self.assertEqual(set(keys), wanted)
            self.assertEqual(self.scan(node, "MATCH", "user:*"), wanted)
            self.assertEqual(len(self.scan(node, "COUNT", "500")), 2000)
            drawn = {node.call("RANDOMKEY") for _ in range(30)}
            self.assertGreater(len(drawn), 10)
        for number, node in enumerate(self.nodes):
            self.nodes[(number + 1) % 3].call("SET", "k", "v")
            self.assertEqual(node.call("FLUSHALL"), b"OK")
            for other in self.nodes:
                self.assertEqual(other.call("DBSIZE"), 0)
                self.assertEqual(other.call("KEYS", "*"), [])
                self.assertIsNone(other.call("RANDOMKEY"))

    def scan(self, node, *words):
        """Each key once: none of a cluster at rest is returned twice."""
        keys, cursor = [], b"0"
        with node.client() as client:
            while True:
                cursor, found = client("SCAN", cursor, *words)
                keys += found
                if cursor == b"0":
                    self.assertEqual(len(keys), len(set(keys)))
                    return set(keys)

    def test_a_scan_goes_on_at_another_node(self):
        with self.nodes[0].client() as client:
            client.pipeline([("SET", f"k{i}", i) for i in range(500)])
        keys, cursor, turn = set(), b"0", 0
        while True:
            cursor, found = self.nodes[turn % 3].call("SCAN", cursor)
            keys.update(found)
            turn += 1
            if cursor == b"0":
                break
        self.assertEqual(len(keys), 500)
        self.assertGreater(turn, 3)

    def test_multi_key_commands_work_across_slots(self):
        pairs = [word for i in range(100) for word in (f"k{i}", i)]
        self.assertEqual(self.nodes[0].call("MSET", *pairs), b"OK")
        keys = pairs[::2]
        self.assertEqual(self.nodes[1].call("MGET", *keys, "nope"),
                         [str(i).encode() for i in range(100)] + [None])
        self.assertEqual(self.nodes[2].call("EXISTS", *keys, "nope"), 100)
        self.assertEqual(self.nodes[2].call("DEL", *keys, "nope"), 100)
        self.assertEqual(self.nodes[0].call("DBSIZE"), 0)

    def test_pipelines_of_ten_thousand_keep_their_order(self):
        with self.nodes[1].client() as client:
            writes = client.pipeline([("SET", f"k{i % 3000}", i) for i in range(10000)])
            self.assertEqual(set(writes), {b"OK"})
            replies = client.pipeline([("INCR", f"n{i % 100}") for i in range(10000)])
            self.assertEqual(replies, [i // 100 + 1 for i in range(10000)])
            reads = client.pipeline([("GET", f"k{i % 3000}") for i in range(10000)])
        last = {i % 3000: i for i in range(10000)}
        self.assertEqual(reads, [str(last[i % 3000]).encode() for i in range(10000)])

    def test_expired_keys_are_gone_everywhere_by_access_and_by_themselves(self):
        with self.nodes[0].client() as client:
            client.pipeline([("SET", f"k{i}", i, "PX", 300) for i in range(300)])
            client.pipeline([("SET", f"stay{i}", i, "EX", 1000) for i in range(300)])
        wait_until(lambda: self.nodes[1].call("GET", "k0") is None, "k0 expires")
        # Nobody asks for the others.
        wait_until(lambda: {n.call("DBSIZE") for n in self.nodes} == {300}, "300 are left")

        def copies():
            return [sum(len(local_keys(node)) for node in self.nodes)]
        wait_until(lambda: copies() == [600], "no node holds an expired key")
        self.assertLessEqual(self.nodes[2].call("TTL", "stay1"), 1000)
        self.assertGreater(self.nodes[2].call("TTL", "stay1"), 900)


class Digests(SharedCase):
    def test_the_copies_of_a_partition_have_one_digest(self):
        self.nodes[0].call("MSET", *[w for i in range(500) for w in (f"k{i}", i)])
        self.nodes[1].call("RPUSH", "list", *range(3000))
        self.assert_two_copies(self.shared, 501)

    def digests(self, partition):
        """{role: digest}, and how many nodes hold none."""
        found, without = {}, 0
        for node in self.nodes:
            try:
                fields = node.call("BORG", "DIGEST", partition)
                found[fields[1]] = fields[fields.index(b"digest") + 1]
            except CommandError as error:
                self.assertIn("does not hold", str(error))
                without += 1
        return found, without

    def test_the_digest_changes_with_the_data(self):
        partition = self.nodes[0].call("CLUSTER", "KEYSLOT", "k") // 16
        seen = set()
        for value in ("a", "b"):
            self.nodes[0].call("SET", "k", value)
            found, without = self.digests(partition)
            self.assertEqual(without, 1)
            self.assertEqual(found[b"primary"], found[b"backup"])
            seen.add(found[b"primary"])
        self.assertEqual(len(seen), 2)


class Topology(SharedCase):
    def whereis(self, key):
        return [(h[2].decode(), h[3]) for h in self.nodes[0].call("BORG", "WHEREIS", key)]

    def test_cluster_slots_shards_and_nodes_say_what_whereis_says(self):
        for node in self.nodes:
            by_slot, shards, lines = {}, {}, {}
            for first, last, *replicas in node.call("CLUSTER", "SLOTS"):
                self.assertEqual(len(replicas), 1)
                at = f"{replicas[0][0].decode()}:{replicas[0][1]}"
                by_slot.update(dict.fromkeys(range(first, last + 1), at))
            for shard in node.call("CLUSTER", "SHARDS"):
                fields = dict(zip(shard[::2], shard[1::2]))
                member = dict(zip(fields[b"nodes"][0][::2], fields[b"nodes"][0][1::2]))
                at = f"{member[b'ip'].decode()}:{member[b'port']}"
                for first, last in zip(fields[b"slots"][::2], fields[b"slots"][1::2]):
                    shards.update(dict.fromkeys(range(first, last + 1), at))
            for line in node.call("CLUSTER", "NODES").decode().splitlines():
                words = line.split()
                self.assertEqual("myself" in words[2], f":{node.port}@" in words[1])
                for piece in words[8:]:
                    first, _, last = piece.partition("-")
                    span = range(int(first), int(last or first) + 1)
                    lines.update(dict.fromkeys(span, words[1].split("@")[0]))
            self.assertEqual(len(by_slot), 16384)
            self.assertEqual(shards, by_slot)
            self.assertEqual(lines, shards)
            for i in range(60):
                slot = node.call("CLUSTER", "KEYSLOT", f"key{i}")
                holders = self.whereis(f"key{i}")
                self.assertEqual(holders[0], (by_slot[slot], b"primary"))

    def test_cluster_info_counts(self):
        text = self.nodes[0].call("CLUSTER", "INFO").decode()
        fields = dict(line.split(":") for line in text.split("\r\n") if line)
        self.assertEqual(fields["cluster_state"], "ok")
        self.assertEqual(fields["cluster_slots_assigned"], "16384")
        self.assertEqual(fields["cluster_known_nodes"], "3")

    def test_countkeysinslot_and_getkeysinslot_reach_any_slot(self):
        for i in range(20):
            self.nodes[0].call("SET", "{tag%d}x" % i, "v")
            slot = self.nodes[0].call("CLUSTER", "KEYSLOT", "tag%d" % i)
            for node in self.nodes:
                self.assertEqual(node.call("CLUSTER", "COUNTKEYSINSLOT", slot), 1)
                self.assertEqual(node.call("CLUSTER", "GETKEYSINSLOT", slot, 10),
                                 [b"{tag%d}x" % i])

    def test_borg_info_adds_up(self):
        self.nodes[0].call("MSET", *[w for i in range(300) for w in (f"k{i}", i)])
        infos = [json.loads(node.call("BORG", "INFO")) for node in self.nodes]
        for info in infos:
            self.assertEqual(info["cluster"]["keys"], 300)
            self.assertEqual(sum(n["primary_keys"] for n in info["nodes"]), 300)
            self.assertEqual(sum(n["keys"] for n in info["nodes"]), 600)
            self.assertEqual(sum(n["primary_slots"] for n in info["nodes"]), 16384)
            self.assertEqual(sum(n["backup_slots"] for n in info["nodes"]), 16384)


class Large(SharedCase):
    def setUp(self):
        super().setUp()
        # A node that does not hold the key has to pass all of it on.
        holders = {name for name, _ in self.shared.holders("large")}
        self.far = next(node for node in self.nodes if node.name not in holders)

    def test_values_of_a_megabyte(self):
        values = [os.urandom(MB) for _ in range(5)]
        for i, value in enumerate(values):
            self.assertEqual(self.nodes[i % 3].call("SET", f"big{i}", value), b"OK")
        for i, value in enumerate(values):
            self.assertEqual(self.nodes[(i + 1) % 3].call("GET", f"big{i}"), value)

    def test_a_million_arguments_and_more_for_one_key_and_for_many(self):
        count = 1_100_000
        for node in self.nodes:
            self.assertEqual(node.call("RPUSH", "l", *["x"] * count), count)
            self.assertEqual(node.call("LLEN", "l"), count)
            self.assertEqual(node.call("DEL", "l", *range(count)), 1)

    def test_a_value_of_100_megabytes_through_another_node(self):
        value = os.urandom(MB) * 100
        self.assertEqual(self.far.call("SET", "large", value), b"OK")
        self.assertEqual(self.far.call("STRLEN", "large"), len(value))
        self.assertEqual(self.far.call("GETRANGE", "large", len(value) - 50, -1), value[-50:])
        self.assertTrue(self.far.call("GET", "large") == value)
        # Nobody was taken for dead meanwhile.
        self.assertEqual(self.shared.problem(), "")

    def test_a_large_value_that_is_gone_leaves_no_memory_behind(self):
        before = {node: node.rss_bytes() for node in self.nodes}
        value = os.urandom(MB) * 100
        for node in self.nodes:
            self.assertEqual(node.call("SET", "large", value), b"OK")
            self.assertTrue(node.call("GET", "large") == value)
        self.far.call("DEL", "large")
        for i in range(3000):  # to all partitions: what each worker used last is of small ones
            self.far.call("SET", f"small{i}", i)
        wait_until(lambda: all(node.rss_bytes() - before[node] < 80 * MB for node in self.nodes),
                   "the memory is given back")

    def test_a_client_that_does_not_read_costs_a_bounded_amount(self):
        for i, node in enumerate(self.nodes):
            node.call("SET", f"slow{i}", os.urandom(MB))
        node = self.nodes[0]
        before = node.rss_bytes()
        with node.client() as slow:
            slow.connection.socket.settimeout(1)
            request = b"".join(b"*2\r\n$3\r\nGET\r\n$5\r\nslow%d\r\n" % (i % 3)
                               for i in range(3000))
            try:
                slow.connection.socket.sendall(request)
            except TimeoutError:
                pass  # it does not take requests any more: as good
            for i in range(3):
                # Others are served meanwhile.
                self.assertEqual(node.call("STRLEN", f"slow{i}"), MB)
            self.assertLess(node.rss_bytes() - before, SLOW_READER_BYTES_MAX)
            slow.connection.socket.settimeout(60)
            self.assertEqual(len(slow.connection.read().value), MB)


if __name__ == "__main__":
    main()
