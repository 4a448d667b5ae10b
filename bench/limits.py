# SPDX-License-Identifier: Apache-2.0
"""How far it is to what the machine can do at all."""

import json
import subprocess
from contextlib import ExitStack

import large
from servers import Bare, BenchError, Borg
from throughput import measure, record

QUANTITIES = (
    ("round trip of 64 B between two threads, us", "round_trip_us", "less"),
    ("its p99.9, us", "round_trip_p999_us", "less"),
    ("its longest, us", "round_trip_max_us", "less"),
    ("one stream, MB/s", "loopback_mb_per_s", "more"),
    ("memcpy of 64 KiB, MB/s", "memcpy_64k_mb_per_s", "more"),
    ("memcpy of 1 MiB, MB/s", "memcpy_1m_mb_per_s", "more"),
)
SMALL = tuple((op, pipeline) for pipeline in (1, 16) for op in ("set", "get"))


def machine(settings):
    run = subprocess.run([str(settings.binaries / "bench_limits"), str(0.5 * settings.scale)],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                         check=False)
    if run.returncode:
        raise BenchError(f"bench_limits: {run.stderr.strip()}")
    return json.loads(run.stdout)


def run_limits(settings, rows, say):
    """The machine itself; and one Borg node beside an epoll loop that neither parses nor stores,
    but receives the same bytes and sends the same replies: what is left is Borg's own."""
    with ExitStack() as stack:
        borg = stack.enter_context(Borg(settings.binaries))
        borg.fill(settings.keys)
        for turn in range(settings.rounds):
            say(f"limits: round {turn + 1} of {settings.rounds}")
            found = machine(settings)
            for quantity, key, better in QUANTITIES:
                rows.row("limits", "machine", quantity, better, "").add(found[key])
            for op, pipeline in SMALL:
                small(settings, rows, borg, op, pipeline)
    with Borg(settings.binaries) as borg:
        for size, keys, operations in large.SIZES:
            borg.load(op="fill", operations=keys, value_bytes=size, connections=2)
            for turn in range(settings.rounds):
                say(f"limits: {large.size_text(size)}, round {turn + 1} of {settings.rounds}")
                for op in ("set", "get"):
                    count = max(int(operations * settings.scale), large.CONNECTIONS)
                    big(settings, rows, borg, op, (size, keys, count))


def small(settings, rows, borg, op, pipeline):
    with Bare(settings.binaries, op, 64, pipeline) as bare:
        got = {s: measure(s, settings, pipeline, part=0.5, op=op) for s in (borg, bare)}
    record(rows, "limits", f"{op.upper()} P{pipeline}", Bare.title, got[borg], got[bare])


def big(settings, rows, borg, op, size_keys_count):
    size, _, _ = size_keys_count
    with Bare(settings.binaries, op, size, 1) as bare:
        got = {s: large.measure(s, op, *size_keys_count) for s in (borg, bare)}
    record(rows, "limits", f"{op.upper()} {large.size_text(size)}", Bare.title,
           got[borg], got[bare])
