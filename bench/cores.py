# SPDX-License-Identifier: Apache-2.0
"""One worker, and two."""

import os
from contextlib import ExitStack

from servers import Borg
from throughput import measure

CASES = (("get", 1), ("set", 1), ("get", 16), ("set", 16))
# What costs the server much and the load next to nothing.
HEAVY_BYTES, HEAVY_KEYS, HEAVY_PIPELINE, HEAVY_CONNECTIONS = 65_536, 100, 16, 16
# With fewer cores, load and workers share them.
CORES_FOR_PINNING = 4


def run_cores(settings, rows, say):
    """One node with two workers beside one with one; with four cores or more, workers and load
    on cores of their own. Capacity: operations in a second of the busiest thread's CPU, which is
    what it would answer if the client and other threads had cores enough: fewer cores, and a
    client that is slow, do not change it. Two workers pass half of the commands to each other.
    BITCOUNT of 64 KiB leaves the load nearly nothing to do, so that operations a second show what
    a second core brings on two cores too."""
    with ExitStack() as stack:
        nodes = {n: stack.enter_context(Borg(settings.binaries, threads=n)) for n in (1, 2)}
        for threads, node in nodes.items():
            node.fill(settings.keys)
            pin(node, threads)
        for turn in range(settings.rounds):
            say(f"cores: round {turn + 1} of {settings.rounds}")
            # Who goes first changes: neither always finds the caches warmer.
            order = (1, 2) if turn % 2 == 0 else (2, 1)
            for op, pipeline in CASES:
                got = {n: one_run(nodes[n], settings, op, pipeline) for n in order}
                record(rows, f"{op.upper()} P{pipeline}", got)
            got = {n: one_heavy_run(nodes[n], settings) for n in order}
            record(rows, "BITCOUNT of 64 KiB", got)


def record(rows, case, got):
    for quantity, better in (("capacity, operations/s", "more"), ("operations/s", "more"),
                             ("server CPU, us/op", "less"),
                             ("busiest thread's part of the CPU", "less"),
                             ("the load's part of all CPU", "less")):
        rows.row("cores", case, quantity, better, "one worker").add(
            got[2][quantity], got[1][quantity])


def pin(node, threads):
    if os.cpu_count() < CORES_FOR_PINNING:
        return
    # All threads that exist, and those that they start.
    for task in os.listdir(f"/proc/{node.all[0].pid}/task"):
        os.sched_setaffinity(int(task), range(threads))


def one_heavy_run(node, settings):
    """Of keys of their own, behind the others."""
    keys = {"first_key": settings.keys, "value_bytes": HEAVY_BYTES}
    node.fill(HEAVY_KEYS, **keys)
    return one_run(node, settings, "bitcount", HEAVY_PIPELINE, part=0.1, keys=HEAVY_KEYS,
                   connections=HEAVY_CONNECTIONS, **keys)


def one_run(node, settings, op, pipeline, part=0.5, **options):
    server = node.all[0]
    before = server.cpu_seconds_by_thread()
    allowed = os.sched_getaffinity(0)
    if os.cpu_count() >= CORES_FOR_PINNING:
        os.sched_setaffinity(0, range(2, os.cpu_count()))
    try:
        result = measure(node, settings, pipeline, part=part, op=op, **options)
    finally:
        os.sched_setaffinity(0, allowed)
    spent = [seconds - before.get(thread, 0)
             for thread, seconds in server.cpu_seconds_by_thread().items()]
    return {"capacity, operations/s": result["operations"] / max(spent),
            "operations/s": result["per_second"], "server CPU, us/op": result["cpu_us"],
            "the load's part of all CPU":
                result["cpu_seconds"] / (result["cpu_seconds"] + sum(spent)),
            "busiest thread's part of the CPU": max(spent) / sum(spent)}
