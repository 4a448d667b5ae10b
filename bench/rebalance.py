# SPDX-License-Identifier: Apache-2.0
"""A third node joins two that are full."""

import json
import subprocess
import time
from statistics import median

from servers import BenchError, Borg, RedisCluster

ENTRY_BYTES = 16 + 64


def run_rebalance(settings, rows, say):
    """A third node joins two with a million keys (16 + 64 B; each on two nodes): from its start
    until every partition is where it should be. Redis Cluster: one copy, redis-cli --cluster
    add-node and rebalance. Under load: 50 connections, SET, pipeline 1."""
    for turn in range(min(settings.rounds, 3)):
        say(f"rebalance: round {turn + 1}, idle")
        idle = borg_join(settings, loaded=False)
        say(f"rebalance: round {turn + 1}, Redis Cluster")
        peer = redis_join(settings)
        say(f"rebalance: round {turn + 1}, under load")
        loaded = borg_join(settings, loaded=True)
        add(rows, "idle", idle, peer)
        add(rows, "under load", loaded, None)


def add(rows, case, borg, peer):
    name = "Redis Cluster 2 -> 3, redis-cli"
    for quantity, key, better in (("seconds", "seconds", "less"),
                                  ("MB/s of keys and values", "mb_per_s", "more")):
        rows.row("rebalance", case, quantity, better, name).add(
            borg[key], peer[key] if peer else None)
    if "rate" in borg:
        rows.row("rebalance", case, "operations/s meanwhile / before", "more", name).add(
            borg["rate"])
        rows.row("rebalance", case, "slowest write, ms", "less", name).add(borg["slowest_ms"])


def borg_join(settings, loaded):
    with Borg(settings.binaries, nodes=2, copies=2) as cluster:
        cluster.fill(settings.keys)
        load = start_load(cluster, settings) if loaded else None
        if load:
            time.sleep(settings.load_seconds)
        began = time.monotonic()
        cluster.add_node()
        cluster.await_balance(3, seconds=300)
        ended = time.monotonic()
        keys = next(n["keys"] for n in cluster.info()["nodes"] if n["name"] == "c")
        if keys < settings.keys / 2:
            raise BenchError(f"rebalance: the third node holds no more than {keys} keys")
        moved = keys * ENTRY_BYTES
        result = {"seconds": ended - began, "mb_per_s": moved / 1e6 / (ended - began)}
        return result | (stop_load(load, began, ended) if load else {})


def start_load(cluster, settings):
    command = cluster.load_command({"op": "set", "keys": settings.keys, "report_ms": 50,
                                    "seconds_max": 400})
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def stop_load(load, began, ended):
    load.terminate()
    output, errors = load.communicate(timeout=30)
    if load.returncode:
        raise BenchError(f"rebalance: {errors.strip()}")
    reports = [json.loads(line) for line in output.splitlines() if "\"at\"" in line]
    before = [r for r in reports if r["at"] < began][1:]
    during = [r for r in reports if began <= r["at"] <= ended + 0.1]
    if not before or not during:
        raise BenchError("rebalance: no reports of the load")
    rate = sum(r["operations"] for r in during) / sum(r["seconds"] for r in during)
    usual = median(r["operations"] / r["seconds"] for r in before)
    return {"rate": rate / usual, "slowest_ms": max(r["max_us"] for r in during) / 1000}


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
