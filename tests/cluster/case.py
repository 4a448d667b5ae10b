# SPDX-License-Identifier: Apache-2.0
"""What the tests with real processes share: flags, one cluster a test, logs of what failed."""

import argparse
import subprocess
import sys
import time
import unittest
from pathlib import Path

from cluster import Cluster, CommandError
from namespaces import Network, why_not
from processes import HERE_PLACE, SECONDS_MAX, copies, environment, wait_until

SOME_KEYS = 3000
OPTIONS = argparse.Namespace(bin=None, coordinator="local")


def only_with(coordinator):
    """Skips the test (or class) with any other coordinator."""
    def decorate(function):
        function.only_with = coordinator
        return function
    return decorate


class ClusterCase(unittest.TestCase):
    """Gives each test clusters that are stopped at its end; shows their logs if it fails."""

    def run(self, result=None):
        wanted = getattr(getattr(self, self._testMethodName), "only_with", OPTIONS.coordinator)
        if wanted != OPTIONS.coordinator:
            result.startTest(self)
            result.addSkip(self, f"with {wanted} only")
            result.stopTest(self)
            return result
        self.clusters = []
        bad = len(result.failures) + len(result.errors)
        try:
            return super().run(result)
        finally:
            for cluster in self.clusters:
                cluster.stop()
                if len(result.failures) + len(result.errors) > bad:
                    cluster.show_logs()
                cluster.remove()

    def cluster(self, *names, flags=(), coordinator=None, **places):
        """A new cluster; with names, formed of these nodes. `places` as Cluster has them."""
        cluster = Cluster(OPTIONS.bin, coordinator or OPTIONS.coordinator, flags, **places)
        self.clusters.append(cluster)
        if names:
            cluster.form(*names)
        return cluster

    def borgctl(self, node, *words):
        """(exit code, stdout, stderr)."""
        run = subprocess.run([OPTIONS.bin / "borgctl", "-p", str(node.port), *words],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             env=environment(), timeout=SECONDS_MAX, check=False)
        return run.returncode, run.stdout, run.stderr

    def assert_error(self, code, call, *words):
        """The reply is an error of this code; returns its text."""
        with self.assertRaises(CommandError) as raised:
            call(*words)
        self.assertEqual(raised.exception.code, code, str(raised.exception))
        return str(raised.exception)

    def assert_two_copies(self, cluster, keys_min=0):
        """What BORG INFO and BORG DIGEST say of the copies, for a cluster at rest."""
        total = next(iter(cluster.nodes.values())).info()["cluster"]
        self.assertEqual(total["keys_held"], 2 * total["keys"])
        self.assertGreaterEqual(total["keys"], keys_min)
        clients = [node.client() for node in cluster.nodes.values()]
        self.assertEqual(copies.problems([client.connection for client in clients]), [])
        for client in clients:
            client.close()


def fill(node, count=SOME_KEYS):
    """SETs, and their values by key."""
    values = {f"k{i}": f"v{i}" for i in range(count)}
    with node.client() as client:
        for reply in client.pipeline([("SET", k, v) for k, v in values.items()]):
            if reply != b"OK":
                raise AssertionError(reply)
    return values


def last(seconds):
    """Waits, where the length of a fault is what the test is about."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end, "time passes")


class DataCase(ClusterCase):
    """Clusters that hold something, under load."""

    def cluster_with_three_etcds(self, *names, flags=()):
        return self.cluster(*names, flags=flags, etcd_places=[HERE_PLACE] * 3)

    def assert_holds(self, node, values):
        with node.client() as client:
            replies = client.pipeline([("GET", key) for key in values])
        wrong = [(k, r) for (k, v), r in zip(values.items(), replies) if r != v.encode()]
        self.assertEqual(wrong, [])


class NetworkCase(DataCase):
    """Clusters on an etcd of three, every node and every etcd in a network of its own."""

    ETCDS = ("e1", "e2", "e3")

    def networked(self, *names, flags=()):
        """(the cluster, its network)."""
        network = Network([*names, *self.ETCDS])
        self.addCleanup(network.remove)
        cluster = self.cluster(*names, flags=flags,
                               places={name: network[name] for name in names},
                               etcd_places=[network[name] for name in self.ETCDS])
        return cluster, network


class SharedCase(ClusterCase):
    """The tests of a class share one cluster of three, emptied before each."""

    shared = None

    @classmethod
    def setUpClass(cls):
        cls.shared = Cluster(OPTIONS.bin, OPTIONS.coordinator)
        try:
            cls.shared.form("a", "b", "c")
        except BaseException:
            cls.shared.stop()
            cls.shared.show_logs()
            cls.shared.remove()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.shared.remove()

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        done = super().run(result)
        if len(result.failures) + len(result.errors) > bad:
            self.shared.show_logs()
        return done

    def setUp(self):
        self.nodes = list(self.shared.nodes.values())
        self.shared["a"].call("FLUSHALL")


# What a test that cannot be run here ends with; ctest is told.
SKIPPED = 77


def main_with_networks():
    """As main(), where networks can be cut."""
    why = why_not()
    if why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    main()


def main():
    """test_….py --bin FOLDER [--coordinator local|etcd] [unittest's arguments]"""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--coordinator", choices=("local", "etcd"), default="local")
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    unittest.main(module="__main__", argv=[sys.argv[0], *rest], verbosity=2)
