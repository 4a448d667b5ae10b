# SPDX-License-Identifier: Apache-2.0
"""How long until commands on every slot succeed again after a process died or fell silent."""

import json
import signal
import subprocess
import time

import redis
from redis.crc import key_slot

from servers import SLOTS, BenchError, Borg, RedisCluster

# One key in every 16th slot: each of Borg's partitions, and hundreds of every Redis primary.
STEP = 16
SECONDS_MAX = 90
LARGE_BYTES = 1000
EVENTS = (("killed", signal.SIGKILL), ("silent", signal.SIGSTOP))


def keys_of_slots(step):
    found, n = {}, 0
    while len(found) < SLOTS // step:
        key = f"probe:{n}"
        slot = key_slot(key.encode())
        if slot % step == 0:
            found.setdefault(slot, key)
        n += 1
    return found


def run_failover(settings, rows, say):
    """Milliseconds from SIGKILL or SIGSTOP of one node until SETs in every slot succeed again,
    through another node. Redis Cluster with cluster-node-timeout 1000."""
    compare(settings, rows, say, 1000, settings.failovers)
    among_gigabytes(settings, rows, say, 1000)


def run_failover_default(settings, rows, say):
    """The same beside Redis Cluster's own default, cluster-node-timeout 15000."""
    compare(settings, rows, say, 15000, 1 if settings.failovers == 1 else 2)


def compare(settings, rows, say, timeout_ms, rounds):
    slots = keys_of_slots(STEP)
    name = f"Redis Cluster 3 + 3, node timeout {timeout_ms} ms"
    for turn in range(rounds):
        for event, number in EVENTS[:1] if settings.smoke else EVENTS:
            say(f"failover, timeout {timeout_ms}: {event}, round {turn + 1} of {rounds}")
            borg = borg_outage(settings, slots, number)
            peer = redis_outage(settings, slots, number, timeout_ms)
            case = f"{event}, peer's timeout {timeout_ms}"
            rows.row("failover", case, "ms until all slots work", "less", name).add(borg, peer)


def among_gigabytes(settings, rows, say, timeout_ms):
    """A node dies that holds much, while 100 connections to the others SET and GET without pause:
    the slowest answer, and how many were errors. Redis Cluster, with as much data and no other
    load: until SETs in every slot succeed again, which a client that tries again waits for."""
    keys = settings.large_keys
    case = f"killed among {keys:,} keys of {LARGE_BYTES:,} B"
    name = f"Redis Cluster 3 + 3, node timeout {timeout_ms} ms, until all slots work"
    say(f"failover, {case}: Borg")
    slowest_ms, errors = borg_large_death(settings, keys)
    say(f"failover, {case}: Redis Cluster")
    peer_ms = redis_outage(settings, keys_of_slots(STEP), signal.SIGKILL, timeout_ms, keys)
    rows.row("failover", case, "ms of the slowest answer", "less", name).add(slowest_ms, peer_ms)
    rows.row("failover", case, "error replies", "less", name).add(errors)


def borg_large_death(settings, keys):
    """Milliseconds of the slowest answer, errors."""
    with Borg(settings.binaries, nodes=3, copies=2) as cluster:
        cluster.fill(keys, LARGE_BYTES)
        load = subprocess.Popen(
            cluster.load_command({
                "ports": [server.port for server in cluster.all[:2]], "op": "mixed",
                "get_percent": 50, "keys": keys, "value_bytes": LARGE_BYTES, "connections": 100,
                "seconds_max": 3 if settings.smoke else 15, "report_ms": 500}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1 if settings.smoke else 4)
        cluster.all[2].send(signal.SIGKILL)
        lines = [json.loads(line) for line in load.communicate(timeout=120)[0].splitlines()]
        if not lines or "errors" not in lines[-1]:
            raise BenchError(f"{cluster.title}: the load did not end\n{cluster.tails()}")
        return max(line["max_us"] for line in lines) / 1000, lines[-1]["errors"]


def borg_outage(settings, slots, number):
    with Borg(settings.binaries, nodes=3, copies=2) as cluster:
        live = cluster.all[1].client
        sets(live, slots.values())
        victim = cluster.all[0]
        began = time.monotonic()
        victim.send(number)
        outstanding = list(slots.values())
        while outstanding:
            outstanding = sets(live, outstanding)
            check_time(began, cluster)
        return (time.monotonic() - began) * 1000


def redis_outage(settings, slots, number, timeout_ms, large_keys=0):
    with RedisCluster(settings.binaries, timeout_ms) as cluster:
        if large_keys:
            for server in cluster.primary_servers():
                cluster.fill(large_keys, LARGE_BYTES, ports=[server.port], by_slot=True)
        victim = cluster.primary_servers()[0]
        servers = {s.port: s for s in cluster.all if s is not victim}
        witness = next(s for s in cluster.primary_servers() if s is not victim)
        began = time.monotonic()
        victim.send(number)
        outstanding = dict(slots)
        while outstanding:
            # As a cluster-aware client does it, but without its timeouts: a slot whose primary
            # is the victim is not tried at all.
            for port, mine in by_primary(witness.client, outstanding).items():
                if port not in servers:
                    continue
                failed = set(sets(servers[port].client, mine.values()))
                outstanding = {s: k for s, k in outstanding.items()
                               if s not in mine or k in failed}
            check_time(began, cluster)
            if outstanding:
                time.sleep(0.002)
        return (time.monotonic() - began) * 1000


def by_primary(client, slots):
    """{port: {slot: key}} as this node sees the cluster."""
    ports = {}
    for first, last, primary, *_ in client.execute_command("CLUSTER", "SLOTS"):
        port = primary[1]
        for slot, key in slots.items():
            if first <= slot <= last:
                ports.setdefault(port, {})[slot] = key
    return ports


def sets(client, keys):
    """Those of the keys whose SET failed."""
    keys = list(keys)
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.set(key, "x")
    try:
        replies = pipeline.execute(raise_on_error=False)
    except (redis.ConnectionError, redis.TimeoutError):
        return keys
    return [key for key, reply in zip(keys, replies) if reply is not True]


def check_time(began, cluster):
    if time.monotonic() - began > SECONDS_MAX:
        raise BenchError(f"{cluster.title}: slots still fail after {SECONDS_MAX} s")
