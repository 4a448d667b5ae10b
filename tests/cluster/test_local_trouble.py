#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The database of the local coordinator is locked, deleted, corrupted or out of space."""

import ctypes
import os
import shutil
import subprocess
import sys

from case import SOME_KEYS, DataCase, fill, main
from cluster import CommandError
from load import Load
from processes import Process, wait_until

HOLD_THE_LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
CLONE_NEWNS = 0x20000
DISK_BYTES = 24 << 20
READERS = 100


class LocalTrouble(DataCase):
    # What cannot be served is to be told soon.
    FLAGS = ("--request-deadline-ms", "2000")

    def database(self, cluster):
        return cluster.folder / "coordinator" / "borg.db"

    def lock(self, cluster):
        """A process that holds the write lock and stands still."""
        holder = Process([sys.executable, "-c", HOLD_THE_LOCK, self.database(cluster)],
                         cluster.folder, "holder", stdin=subprocess.PIPE)
        cluster.started.append(holder)
        wait_until(lambda: holder.said() == "locked\n", "the database is locked")
        holder.stop_it()
        return holder

    def wait_logged(self, cluster, names, text):
        for name in names:
            wait_until(lambda n=name: text in cluster[n].log(), f"{name} says: {text}")

    def test_a_stopped_process_that_locks_it_delays_repair_and_nothing_else(self):
        cluster = self.cluster("a", "b", "c", "d")
        values = fill(cluster["a"])
        with Load(cluster, "ab") as load:
            load.do_more()
            holder = self.lock(cluster)
            cluster.kill("d")
            self.wait_logged(cluster, "abc", "database is locked")
            self.assertTrue(self.served(cluster, values))
            holder.kill()
            cluster.wait_settled()
            load.check()
        self.assertEqual(load.errors(), [])
        self.wait_logged(cluster, "abc", "the database works again")
        self.assert_holds(cluster["c"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def served(self, cluster, values):
        """Keys that the dead had no part in are read and written as ever."""
        alive = set(cluster.nodes)
        with cluster["c"].client() as client:
            keys = [key for key in list(values)[:200]
                    if {holder[0].decode() for holder in client("BORG", "WHEREIS", key)} <= alive]
            replies = client.pipeline([("APPEND", key, "") for key in keys])
        self.assertEqual(replies, [len(values[key]) for key in keys])
        return keys

    def outcomes(self, node, values):
        """What readers of some keys get, each on a connection of its own."""
        some = dict(list(values.items())[:READERS])
        clients = {key: node.client() for key in some}
        for key, client in clients.items():
            client.connection.send_command([b"GET", key.encode()])
        outcomes = {self.outcome(client.connection.read(), some[key])
                    for key, client in clients.items()}
        for client in clients.values():
            client.close()
        return outcomes

    def outcome(self, reply, value):
        if reply.kind == "error":
            return CommandError(reply.value.decode()).code
        return "right" if reply.value == value.encode() else f"wrong: {reply.value}"

    def spoil(self, spoil, notice):
        """Something happens to the database; then a node dies, and nobody answers wrongly."""
        cluster = self.cluster("a", "b", "c", flags=self.FLAGS)
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            spoil(cluster)
            notice(cluster)
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        for node in cluster.nodes.values():
            self.assertTrue(node.is_running())
            self.assert_holds(node, values)
        cluster.kill("c")
        for node in cluster.nodes.values():
            outcomes = self.outcomes(node, values)
            self.assertLessEqual(outcomes, {"right", "CLUSTERDOWN"})
            self.assertIn("right", outcomes)
        self.wait_logged(cluster, "ab", "without a coordinator nothing is repaired")
        return cluster, values

    def test_a_deleted_database_ends_no_node(self):
        def notice(cluster):
            self.wait_logged(cluster, "abc", "were deleted or replaced while in use")
        cluster, values = self.spoil(lambda c: shutil.rmtree(self.database(c).parent), notice)
        # Whoever comes now forms a cluster of its own, and is not taken for one of theirs.
        other = cluster.launch("x")
        wait_until(other.is_ready, "x is ready")
        self.assertEqual([n["name"] for n in other.info()["nodes"]], ["x"])
        self.assertLessEqual(self.outcomes(cluster["a"], values), {"right", "CLUSTERDOWN"})

    def test_a_corrupt_database_ends_no_node(self):
        def notice(cluster):
            late = cluster.launch("x")
            cluster.nodes.pop("x")
            self.assertEqual(late.wait(), 1)
            self.assertRegex(late.log(), "borgd: coordinator: .*is not a database; if no node")
        self.spoil(self.overwrite, notice)

    def overwrite(self, cluster):
        for path in (self.database(cluster), self.database(cluster).with_suffix(".db-wal")):
            with open(path, "r+b") as file:
                file.write(os.urandom(path.stat().st_size))

    def test_a_full_disk_delays_changes_and_loses_nothing(self):
        if not OWN_MOUNTS:
            self.skipTest("a file system of its own cannot be mounted here")
        cluster = self.cluster()
        folder = cluster.folder / "coordinator"
        folder.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs",
                        folder], check=True)
        cluster.form("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster, "ab") as load:
            load.do_more()
            filler = folder / "filler"
            self.fill_disk(filler)
            cluster.kill("c")
            self.wait_logged(cluster, "ab", "disk is full")
            filler.unlink()
            cluster.wait_settled()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_holds(cluster["b"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def fill_disk(self, path):
        with open(path, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass


def take_own_mounts():
    """What is mounted from now on is seen by this process and its children alone, and ends with
    them. False if this user may not."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], check=False).returncode == 0


if __name__ == "__main__":
    OWN_MOUNTS = take_own_mounts()
    main()
