#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wall clocks are wrong, on one node or on all (libfaketime), and keys live as long as they should.

The nodes' steady clocks stay as they are.
"""

import glob
import subprocess
import sys
import time
import urllib.request

from case import OPTIONS, SKIPPED, SOME_KEYS, ClusterCase, fill, main
from processes import environment, wait_until

LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
DAY = 24 * 3600
# Of a reply that shows a time in seconds: it was asked for before it is looked at.
NEAR = 5


class FakeWall:
    """What the wall clock of one node shows: right, or off by so many days."""

    def __init__(self, folder, name):
        self.file = folder / f"{name}.clock"
        self.off_by(days=0)

    def off_by(self, days):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{days * DAY:+d}s\n")
        fresh.rename(self.file)

    def environment(self):
        return environment(LD_PRELOAD=LIBRARIES[0], FAKETIME_TIMESTAMP_FILE=str(self.file),
                           FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1")


class Clocks(ClusterCase):
    def cluster_with_walls(self, *faked):
        """Three nodes, and the walls of these."""
        cluster = self.cluster()
        walls = {name: FakeWall(cluster.folder, name) for name in faked}
        cluster.environments = {name: wall.environment() for name, wall in walls.items()}
        cluster.form("a", "b", "c")
        return cluster, walls

    def wrong_clocks(self, node):
        """{name: days ahead}, as INFO says it."""
        lines = node.call("INFO", "server").decode().split("\r\n")
        text = next(line for line in lines if line.startswith("borg_wrong_clocks:"))
        named = text.partition(":")[2]
        pairs = (entry.split("=") for entry in named.split(",") if entry)
        return {name: round(int(ms) / 1000 / DAY) for name, ms in pairs}

    def wait_named(self, cluster, wrong):
        for node in cluster.nodes.values():
            wait_until(lambda node=node: self.wrong_clocks(node) == wrong,
                       f"{node.name} finds {wrong} wrong")

    def assert_keys_live_as_told(self, node, days=0):
        """Times to live, deadlines and locks, where most walls are off by so many days."""
        keys = [f"k{i}" for i in range(SOME_KEYS)]
        wall = time.time() + days * DAY
        with node.client() as client:
            replies = client.pipeline([("SET", key, "v", "EX", 1000) for key in keys])
            self.assertEqual(set(replies), {b"OK"})
            wrong = [t for t in client.pipeline([("TTL", key) for key in keys])
                     if not 1000 - NEAR <= t <= 1000]
            self.assertEqual(wrong, [])
            wrong = [t for t in client.pipeline([("EXPIRETIME", key) for key in keys])
                     if abs(t - wall - 1000) > NEAR]
            self.assertEqual(wrong, [])
            deadline = int(wall) + 100
            replies = client.pipeline([("EXPIREAT", key, deadline) for key in keys])
            self.assertEqual(set(replies), {1})
            wrong = [t for t in client.pipeline([("TTL", key) for key in keys])
                     if not 100 - 3 * NEAR <= t <= 100]
            self.assertEqual(wrong, [])
            client.pipeline([("SET", key, "v", "EX", 1) for key in keys])
            taken = client.pipeline([("SET", key, "mine", "NX", "PX", 500) for key in keys[:9]])
            self.assertEqual(set(taken), {None})
            wait_until(lambda: client("EXISTS", *keys) == 0, "what lives for a second is gone", 10)
            replies = client.pipeline([("SET", key, "mine", "NX", "PX", 500) for key in keys])
            self.assertEqual(set(replies), {b"OK"})
            wait_until(lambda: client("SET", "k0", "next", "NX", "PX", 500), "the lock is free", 10)

    def test_one_that_was_ahead_for_a_moment(self):
        cluster, walls = self.cluster_with_walls("a")
        fill(cluster["b"])
        walls["a"].off_by(days=30)
        with cluster["b"].client() as client:
            client.pipeline([("APPEND", f"k{i}", "x") for i in range(SOME_KEYS)])
        self.wait_named(cluster, {"a": 30})
        walls["a"].off_by(days=0)
        self.wait_named(cluster, {})
        self.assert_keys_live_as_told(cluster["b"])

    def test_one_that_stays_wrong(self):
        cluster, walls = self.cluster_with_walls("a")
        for days in (365, -365):
            walls["a"].off_by(days=days)
            self.wait_named(cluster, {"a": days})
            for name in ("a", "b"):
                self.assert_keys_live_as_told(cluster[name])
            seconds = int(cluster["a"].call("TIME")[0])
            self.assertLess(abs(seconds - time.time()), NEAR)

    def test_it_is_named_everywhere(self):
        cluster, walls = self.cluster_with_walls("a")
        walls["a"].off_by(days=30)
        self.wait_named(cluster, {"a": 30})
        for node in cluster.nodes.values():
            self.assertIn("the wall clock of node a is 30 days ahead", node.log())
            with urllib.request.urlopen(f"http://127.0.0.1:{node.http_port}/metrics") as page:
                metrics = page.read().decode()
            ahead = {line.partition(" ")[0]: float(line.partition(" ")[2])
                     for line in metrics.splitlines() if line.startswith("borg_clock_ahead_")}
            for name, days in (("a", 30), ("b", 0), ("c", 0)):
                seconds = ahead[f'borg_clock_ahead_seconds{{node="{name}"}}']
                self.assertAlmostEqual(seconds, days * DAY, delta=NEAR)
        said = subprocess.run([f"{OPTIONS.bin}/borgctl", "-p", str(cluster["b"].port), "info"],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("The wall clock of a is 720h00m ahead", said)

    def test_all_are_wrong_and_set_right_or_wronger(self):
        cluster, walls = self.cluster_with_walls("a", "b", "c")
        cluster["a"].call("SET", "long", "v", "EX", 1000)
        begun = time.monotonic()
        for days in (30, 0, -365):
            for wall in walls.values():
                wall.off_by(days=days)
            right = time.time() + days * DAY
            for node in cluster.nodes.values():
                wait_until(lambda node=node: abs(int(node.call("TIME")[0]) - right) < 3 * NEAR,
                           f"{node.name} believes the others")
            self.assert_keys_live_as_told(cluster["b"], days)
            lived = time.monotonic() - begun
            self.assertLess(abs(cluster["b"].call("TTL", "long") - (1000 - lived)), NEAR)

    def test_a_new_node_with_a_dead_battery(self):
        """It joins, is given its share, and goes on alone with what another one held."""
        cluster, _ = self.cluster_with_walls()
        with cluster["a"].client() as client:
            client.pipeline([("SET", f"t{i}", "v", "EX", 1000) for i in range(SOME_KEYS)])
        begun = time.monotonic()
        wall = FakeWall(cluster.folder, "d")
        wall.off_by(days=-5000)
        cluster.environments["d"] = wall.environment()
        cluster.form("d")
        self.wait_named(cluster, {"d": -5000})
        cluster.kill("a")
        cluster.wait_settled()
        with cluster["d"].client() as client:
            lived = time.monotonic() - begun
            wrong = [t for t in client.pipeline([("TTL", f"t{i}") for i in range(SOME_KEYS)])
                     if abs(t - (1000 - lived)) > NEAR]
            self.assertEqual(wrong, [])
        self.assert_keys_live_as_told(cluster["d"])


if __name__ == "__main__":
    if not LIBRARIES:
        print("skipped: libfaketime is not installed")
        sys.exit(SKIPPED)
    main()
