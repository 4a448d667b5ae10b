# SPDX-License-Identifier: Apache-2.0
"""Nodes come and go in a cluster that is full; and a single slot of 1 GB moves."""

import subprocess
import time

from latency import Watcher, loopback_mb_per_s
from servers import BenchError, Borg, RedisCluster

ENTRY_BYTES = 16 + 64
TAG = "b"
VALUE_BYTES = 1000  # in the slot that is heavy
PEER = "Redis Cluster 2 -> 3, redis-cli"


def run_rebalance(settings, rows, say):
    """A third node joins two with a million keys (16 + 64 B; each on two nodes), then leaves: from
    its start, or SIGTERM, until every partition is where it should be. Redis Cluster: one copy,
    redis-cli --cluster add-node and rebalance. Under load: 50 connections to the two that stay,
    SET, pipeline 1; latencies in steps of 4 %. Heavy slot: 1 GB under one hash tag goes from a
    node to its new backup, then on to a third; the probe is one connection that reads other slots
    of the same worker, and its slowest answer the longest stall that a client saw."""
    for turn in range(min(settings.rounds, 3)):
        wire = loopback_mb_per_s()
        say(f"rebalance: round {turn + 1}, idle")
        add(rows, "idle", join_and_leave(settings, loaded=False), wire)
        say(f"rebalance: round {turn + 1}, Redis Cluster")
        add_peer(rows, redis_join(settings))
        say(f"rebalance: round {turn + 1}, under load")
        add(rows, "under load", join_and_leave(settings, loaded=True), wire)
    say("rebalance: a heavy slot")
    for case, result in heavy_slot(settings):
        add_one(rows, case, result, loopback_mb_per_s())


def add(rows, case, results, wire):
    for event, result in results.items():
        add_one(rows, f"{event}, {case}", result, wire)


def add_peer(rows, peer):
    for quantity, key in (("seconds", "seconds"), ("MB/s of keys and values", "mb_per_s")):
        rows.row("rebalance", "join, idle", quantity, "", PEER).peer.append(peer[key])


QUANTITIES = (
    ("operations/s meanwhile", "per_second", "more"),
    ("operations/s meanwhile / before", "rate", "more"),
    ("p50 meanwhile, ms", "p50_ms", "less"),
    ("p99 meanwhile, ms", "p99_ms", "less"),
    ("p99.9 meanwhile, ms", "p999_ms", "less"),
    ("slowest meanwhile, ms", "max_ms", "less"),
    ("slowest before, ms", "max_before_ms", "less"),
)


def add_one(rows, case, result, wire):
    def row(quantity, better):
        return rows.row("rebalance", case, quantity, better, PEER)

    row("seconds", "less").add(result["seconds"])
    row("MB/s of keys and values", "more").add(result["mb_per_s"])
    row("part of loopback's MB/s", "more").add(result["mb_per_s"] / wire)
    for quantity, key, better in QUANTITIES:
        if key in result:
            row(quantity, better).add(result[key])


def join_and_leave(settings, loaded):
    with Borg(settings.binaries, nodes=2, copies=2) as cluster:
        cluster.fill(settings.keys)
        watcher = Watcher(cluster, op="set", keys=settings.keys) if loaded else None
        try:
            return {event: timed(change, cluster, settings, watcher)
                    for event, change in (("join", join), ("leave", leave))}
        finally:
            if watcher:
                watcher.kill()


def timed(change, cluster, settings, watcher):
    if watcher:
        time.sleep(settings.load_seconds)
    before = time.monotonic() - settings.load_seconds
    began = time.monotonic()
    keys = change(cluster)
    ended = time.monotonic()
    if keys < settings.keys / 2:
        raise BenchError(f"rebalance: only {keys} keys have moved")
    result = {"seconds": ended - began, "mb_per_s": keys * ENTRY_BYTES / 1e6 / (ended - began)}
    return result | (watcher.compare(before, began, ended) if watcher else {})


def join(cluster):
    """Returns how many keys the newcomer then holds."""
    name = cluster.add_node().name
    cluster.await_balance(3, seconds=300)
    return next(n["keys"] for n in cluster.info()["nodes"] if n["name"] == name)


def leave(cluster):
    """Returns how many keys the leaver held."""
    server = cluster.all[-1]
    keys = next(n["keys"] for n in cluster.info()["nodes"] if n["name"] == server.name)
    cluster.stop_gracefully(server)
    cluster.await_balance(2, seconds=300)
    return keys


def heavy_slot(settings):
    """Yields the slot's way to a second node, and to a third: then one of the two drops it."""
    count = settings.slot_bytes // VALUE_BYTES
    with Borg(settings.binaries, nodes=1, copies=2, min_copies=1) as cluster:
        cluster.fill(1000)
        cluster.fill(count, value_bytes=VALUE_BYTES, tag=TAG)
        watcher = Watcher(cluster, op="get", keys=1000, connections=1)
        try:
            yield "1 GB slot to a backup", slot_move(cluster, settings, watcher, count)
            for _ in range(6):  # of three nodes one, by chance, does not hold it
                result = slot_move(cluster, settings, watcher, count)
                if cluster.all[-1].name in holders(cluster):
                    yield "1 GB slot to a third node, dropped by one", result
                    return
                leave(cluster)
        finally:
            watcher.kill()


def holders(cluster):
    rows = cluster.all[0].client.execute_command("BORG", "WHEREIS", f"{{{TAG}}}:000000000000")
    return [row[0] for row in rows]


def slot_move(cluster, settings, watcher, count):
    time.sleep(settings.load_seconds)
    before = time.monotonic() - settings.load_seconds
    began = time.monotonic()
    cluster.add_node()
    cluster.await_balance(len(cluster.all), seconds=300)
    ended = time.monotonic()
    moved = count * (16 + VALUE_BYTES) / 1e6
    numbers = watcher.compare(before, began, ended)
    wanted = ("p999_ms", "max_ms", "max_before_ms")
    return {"seconds": ended - began, "mb_per_s": moved / (ended - began)} | {
        key: numbers[key] for key in wanted}


class TwoPrimaries(RedisCluster):
    """redis-cli --cluster create wants three: the third here is empty, as if it joined later."""

    def __init__(self, binaries):
        super().__init__(binaries, timeout_ms=15000, primaries=3, replicas=0)
        self.title = "Redis Cluster"

    def cli(self, *words):
        run = subprocess.run(
            ["redis-cli", "--cluster", *words, "--cluster-yes"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=400, check=False,
        )
        if run.returncode:
            raise BenchError(f"redis-cli --cluster {words[0]}: {run.stdout[-400:]} {run.stderr}")


def redis_join(settings):
    with TwoPrimaries(settings.binaries) as cluster:
        third = cluster.all[2]
        address = f"127.0.0.1:{cluster.all[0].port}"
        name = third.client.execute_command("CLUSTER", "MYID")
        cluster.cli("rebalance", address, "--cluster-weight", f"{name}=0")
        cluster.load(ports=[s.port for s in cluster.all[:2]], op="set", by_slot=True,
                     keys=settings.keys, operations=settings.keys * 3, connections=8,
                     pipeline=64, seconds_max=300)
        began = time.monotonic()
        cluster.cli("rebalance", address, "--cluster-use-empty-masters")
        seconds = time.monotonic() - began
        return {"seconds": seconds,
                "mb_per_s": third.client.dbsize() * ENTRY_BYTES / 1e6 / seconds}
