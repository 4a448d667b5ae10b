# SPDX-License-Identifier: Apache-2.0
"""Many connections that do nothing, and a few that do."""

import json
import resource
import signal
import subprocess
from contextlib import contextmanager

from servers import BenchError, Borg, Redis
from throughput import measure

IDLE = 10_000
PIPELINES = (1, 16)


@contextmanager
def idle_connections(servers, count):
    """So many, each of which has said PING once."""
    process = subprocess.Popen(
        servers.load_command({"op": "idle", "connections": count, "seconds_max": 300}),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line or json.loads(line)["connected"] != count:
            raise BenchError(f"{servers.title}: {process.stderr.read().strip()}")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=30)
        process.stdout.close()
        process.stderr.close()


def idle_count(settings):
    """As many as wanted, or as files may be open: the server and the client have one each."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 200 if settings.smoke else IDLE
    return wanted if allowed in (resource.RLIM_INFINITY, -1) else min(wanted, allowed - 500)


def run_connections(settings, rows, say):
    """50 busy connections (GET, a tenth of the keys), alone and beside 10,000 that are idle after
    one PING each. Memory: growth of the server's RSS; the kernel's own is not in it."""
    count = idle_count(settings)
    for turn in range(settings.rounds):
        say(f"connections: round {turn + 1} of {settings.rounds}")
        kinds = (Borg, Redis) if turn % 2 == 0 else (Redis, Borg)
        got = {kind: one_round(kind(settings.binaries), settings, count) for kind in kinds}
        for quantity, better in got[Borg]:
            case = f"{count} idle + 50 busy"
            rows.row("connections", case, quantity, better, "redis-server").add(
                got[Borg][quantity, better], got[Redis][quantity, better])


def one_round(servers, settings, count):
    """{(quantity, which is better): value}"""
    keys = settings.keys // 10
    found = {}
    with servers:
        servers.fill(keys)
        alone = {p: busy(servers, settings, keys, p) for p in PIPELINES}
        before = servers.all[0].rss_bytes()
        with idle_connections(servers, count):
            grown = servers.all[0].rss_bytes() - before
            found["bytes an idle connection", "less"] = grown / count
            beside = {p: busy(servers, settings, keys, p) for p in PIPELINES}
    for p in PIPELINES:
        found[f"P{p}: operations/s, beside idle / alone", "more"] = \
            beside[p]["per_second"] / alone[p]["per_second"]
        found[f"P{p}: server CPU an operation, beside idle / alone", "less"] = \
            beside[p]["cpu_us"] / alone[p]["cpu_us"]
        found[f"P{p}: server CPU beside idle, us/op", "less"] = beside[p]["cpu_us"]
    return found


def busy(servers, settings, keys, pipeline):
    return measure(servers, settings, pipeline, part=0.35, keys=keys, op="get")
