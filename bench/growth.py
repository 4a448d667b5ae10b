# SPDX-License-Identifier: Apache-2.0
"""How the cost of a command grows."""

from contextlib import ExitStack

from servers import Borg, Redis
from throughput import measure

SIZES = {"16 B": 16, "256 B": 256, "4 KiB": 4096, "64 KiB": 65536, "1 MiB": 1 << 20}
PIPELINES = (1, 4, 16, 64, 256)
CONNECTIONS = (1, 10, 100, 1000)
NODES = (1, 2, 3, 5)
ROUNDS_MAX = 3
USUAL_PIPELINE = 16
# What a run of each takes is about alike.
BYTES_A_RUN = 1 << 28
OPERATIONS_MAX = 120_000
STORED_BYTES_MAX = 1 << 28


def run_growth(settings, rows, say):
    """The servers' CPU a command when one thing changes, of the usual 64 bytes, pipeline 16, 50
    connections, one node with one copy: size of the values, pipeline, connections. Then nodes, with
    two copies and each key sent to its primary. Cores: see the group "cores"."""
    turns = min(settings.rounds, ROUNDS_MAX)
    with ExitStack() as stack:
        borg = stack.enter_context(Borg(settings.binaries))
        peer = stack.enter_context(Redis(settings.binaries))
        for turn in range(turns):
            order = (borg, peer) if turn % 2 == 0 else (peer, borg)
            for kind, cases in (("values of", size_cases(settings)),
                                ("pipeline", pipeline_cases(settings)),
                                ("connections", connection_cases(settings))):
                say(f"growth: {kind}, round {turn + 1} of {turns}")
                for name, options in cases:
                    for op in ("set", "get"):
                        got = {s: run_one(s, settings, op, **options) for s in order}
                        record(rows, f"{kind} {name}: {op.upper()}", got[borg], got[peer])
    for nodes in NODES[:2] if settings.smoke else NODES:
        say(f"growth: {nodes} nodes")
        with Borg(settings.binaries, nodes=nodes, copies=min(nodes, 2)) as cluster:
            cluster.fill(settings.keys // 4)
            for _ in range(turns):
                for op in ("set", "get"):
                    got = run_one(cluster, settings, op, by_slot=True, keys=settings.keys // 4)
                    record(rows, f"nodes {nodes}: {op.upper()}", got)


def size_cases(settings):
    """Each size has keys of its own, so that a fill is there for each."""
    for name, size in SIZES.items():
        keys = max(min(settings.keys // 4, STORED_BYTES_MAX // size), 1)
        yield name, {"value_bytes": size, "keys": keys, "first_key": size * 1_000_000,
                     "fill": True, "connections": 50 if size < 65536 else 8,
                     "pipeline": USUAL_PIPELINE if size < 65536 else 1}


def pipeline_cases(settings):
    for pipeline in PIPELINES:
        yield pipeline, {"pipeline": pipeline, "keys": settings.keys // 4, "fill": pipeline == 1}


def connection_cases(settings):
    for connections in CONNECTIONS:
        yield connections, {"connections": connections, "keys": settings.keys // 4}


def run_one(servers, settings, op, fill=False, pipeline=USUAL_PIPELINE, **options):
    if fill and op == "set":
        servers.fill(options["keys"], options.get("value_bytes", 64),
                     options.get("first_key", 0))
    size = options.get("value_bytes", 64)
    wanted = min(BYTES_A_RUN // size, OPERATIONS_MAX if pipeline >= USUAL_PIPELINE else
                 OPERATIONS_MAX // 4)
    return measure(servers, settings, pipeline, op=op,
                   part=wanted / settings.operations(pipeline) * settings.scale, **options)


def record(rows, case, borg, peer=None):
    title = "redis-server" if peer else ""
    rows.row("growth", case, "server CPU, us/op", "less", title).add(
        borg["cpu_us"], peer and peer["cpu_us"])
