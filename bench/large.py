# SPDX-License-Identifier: Apache-2.0
"""Large values: what copying costs."""

from contextlib import ExitStack

from servers import Borg, Redis
from throughput import record

# Value, keys, operations a round: each run takes about half a second.
SIZES = ((64 << 10, 2000, 12_000), (1 << 20, 200, 1000))
CONNECTIONS = 8


def size_text(size):
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def measure(servers, op, size, keys, operations):
    before = servers.cpu_seconds()
    result = servers.load(op=op, operations=operations, keys=keys, value_bytes=size,
                          connections=CONNECTIONS)
    result["cpu_us"] = (servers.cpu_seconds() - before) / result["operations"] * 1e6
    result["per_second"] = result["operations"] / result["seconds"]
    return result


def run_large(settings, rows, say):
    """One node with one copy, 8 connections, pipeline 1, keys that are there."""
    for size, keys, operations in SIZES:
        count = max(int(operations * settings.scale), CONNECTIONS)
        with ExitStack() as stack:
            borg = stack.enter_context(Borg(settings.binaries))
            peer = stack.enter_context(Redis(settings.binaries))
            for servers in (borg, peer):
                servers.load(op="fill", operations=keys, value_bytes=size, connections=2)
            for turn in range(settings.rounds):
                say(f"large: {size_text(size)}, round {turn + 1} of {settings.rounds}")
                for op in ("set", "get"):
                    order = (borg, peer) if turn % 2 == 0 else (peer, borg)
                    got = {s: measure(s, op, size, keys, count) for s in order}
                    record(rows, "large", f"{op.upper()} {size_text(size)}", peer.title,
                           got[borg], got[peer])
