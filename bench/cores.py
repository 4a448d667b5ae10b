# SPDX-License-Identifier: Apache-2.0
"""One worker, and two."""

import os
from contextlib import ExitStack

from servers import Borg
from throughput import measure

CASES = (("get", 1), ("set", 1), ("get", 16), ("set", 16))
# With fewer cores, load and workers share them.
CORES_FOR_PINNING = 4


def run_cores(settings, rows, say):
    """One node with two workers beside one with one; with four cores or more, workers and load
    on cores of their own. Capacity: operations in a second of the busiest thread's CPU, which is
    what it would answer if the client and other threads had cores enough: fewer cores, and a
    client that is slow, do not change it. Two workers pass half of the commands to each other."""
    with ExitStack() as stack:
        nodes = {n: stack.enter_context(Borg(settings.binaries, threads=n)) for n in (1, 2)}
        for threads, node in nodes.items():
            node.fill(settings.keys)
            pin(node, threads)
        for turn in range(settings.rounds):
            say(f"cores: round {turn + 1} of {settings.rounds}")
            for op, pipeline in CASES:
                order = (1, 2) if turn % 2 == 0 else (2, 1)
                got = {n: one_run(nodes[n], settings, op, pipeline) for n in order}
                case = f"{op.upper()} P{pipeline}"
                for quantity, better in (("capacity, operations/s", "more"),
                                         ("operations/s", "more"),
                                         ("server CPU, us/op", "less"),
                                         ("busiest thread's part of the CPU", "less")):
                    rows.row("cores", case, quantity, better, "one worker").add(
                        got[2][quantity], got[1][quantity])


def pin(node, threads):
    if os.cpu_count() < CORES_FOR_PINNING:
        return
    # All threads that exist, and those that they start.
    for task in os.listdir(f"/proc/{node.all[0].pid}/task"):
        os.sched_setaffinity(int(task), range(threads))


def one_run(node, settings, op, pipeline):
    server = node.all[0]
    before = server.cpu_seconds_by_thread()
    allowed = os.sched_getaffinity(0)
    if os.cpu_count() >= CORES_FOR_PINNING:
        os.sched_setaffinity(0, range(2, os.cpu_count()))
    try:
        result = measure(node, settings, pipeline, part=0.5, op=op)
    finally:
        os.sched_setaffinity(0, allowed)
    spent = [seconds - before.get(thread, 0)
             for thread, seconds in server.cpu_seconds_by_thread().items()]
    return {"capacity, operations/s": result["operations"] / max(spent),
            "operations/s": result["per_second"], "server CPU, us/op": result["cpu_us"],
            "busiest thread's part of the CPU": max(spent) / sum(spent)}
