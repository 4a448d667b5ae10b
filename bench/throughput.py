# SPDX-License-Identifier: Apache-2.0
"""single: one node beside one redis-server. replicated: every write on two, before its OK.
cluster: three nodes, reads and writes."""

from contextlib import ExitStack

from servers import Borg, Redis, RedisCluster


def measure(servers, settings, pipeline, part=1, **options):
    operations = max(int(settings.operations(pipeline) * part), 50 * pipeline)
    before = servers.cpu_seconds()
    result = servers.load(pipeline=pipeline, operations=operations,
                          **({"keys": settings.keys} | options))
    result["cpu_us"] = (servers.cpu_seconds() - before) / result["operations"] * 1e6
    result["per_second"] = result["operations"] / result["seconds"]
    return result


QUANTITIES = (("server CPU, us/op", "cpu_us", "less"), ("operations/s", "per_second", "more"),
              ("p50, us", "p50_us", "less"), ("p99, us", "p99_us", "less"))


def record(rows, group, case, peer_name, borg, peer):
    for quantity, name, better in QUANTITIES:
        rows.row(group, case, quantity, better, peer_name).add(borg[name], peer[name])


def run_single(settings, rows, say):
    """50 connections, 16-byte keys that are there: over a million with values of 64 bytes, over a
    quarter of that with 1 KiB."""
    run_single_size(settings, rows, say, value_bytes=64, keys=settings.keys, part=1)
    run_single_size(settings, rows, say, value_bytes=1024, keys=settings.keys // 4, part=0.5)


def run_single_size(settings, rows, say, value_bytes, keys, part):
    with ExitStack() as stack:
        borg = stack.enter_context(Borg(settings.binaries))
        peer = stack.enter_context(Redis(settings.binaries))
        for servers in (borg, peer):
            servers.fill(keys, value_bytes)
        for turn in range(settings.rounds):
            say(f"single: {value_bytes} bytes, round {turn + 1} of {settings.rounds}")
            for pipeline in (1, 16, 64):
                for op in ("set", "get"):
                    case = f"{op.upper()} P{pipeline}, {value_bytes} B"
                    # Who goes first changes: neither always finds the caches warmer.
                    order = (borg, peer) if turn % 2 == 0 else (peer, borg)
                    got = {s: measure(s, settings, pipeline, part, op=op, keys=keys,
                                      value_bytes=value_bytes) for s in order}
                    record(rows, "single", case, peer.title, got[borg], got[peer])


def run_replicated(settings, rows, say):
    """Borg: connections to both nodes, any key ("any node"), or each key at its primary, as a
    cluster-aware client sends it ("by slot"). Redis: P SETs and one WAIT 1 in one write."""
    with ExitStack() as stack:
        borg = stack.enter_context(Borg(settings.binaries, nodes=2, copies=2))
        peer = stack.enter_context(Redis(settings.binaries, replicas=1))
        for servers in (borg, peer):
            servers.fill(settings.keys)
        for turn in range(settings.rounds):
            say(f"replicated: round {turn + 1} of {settings.rounds}")
            for pipeline in (1, 16):
                runs = [
                    ("any node", borg, {}), ("WAIT", peer, {"wait": 1}),
                    ("by slot", borg, {"by_slot": True}),
                ]
                if turn % 2:
                    runs.reverse()
                got = {name: measure(servers, settings, pipeline, op="set", **options)
                       for name, servers, options in runs}
                for name in ("any node", "by slot"):
                    record(rows, "replicated", f"SET P{pipeline}, {name}",
                           f"{peer.title}, WAIT 1", got[name], got["WAIT"])


def fill_cluster(servers, settings):
    """Each primary its own keys."""
    for server in servers.primary_servers():
        servers.load(ports=[server.port], op="fill", by_slot=True, operations=settings.keys,
                     connections=8, pipeline=64, seconds_max=300)


def run_cluster(settings, rows, say):
    """Three nodes, 80 % GET, random keys. Borg: each write on two nodes before its OK; any node,
    or each key at its primary. Redis Cluster: each key at its primary, which answers before its
    replica knows."""
    with ExitStack() as stack:
        borg = stack.enter_context(Borg(settings.binaries, nodes=3, copies=2))
        peer = stack.enter_context(RedisCluster(settings.binaries, timeout_ms=15000))
        borg.fill(settings.keys)
        fill_cluster(peer, settings)
        ports = [server.port for server in peer.primary_servers()]
        for turn in range(settings.rounds):
            say(f"cluster: round {turn + 1} of {settings.rounds}")
            for pipeline in (1, 16):
                runs = [("any node", borg, {}), ("by slot", borg, {"by_slot": True}),
                        ("peer", peer, {"by_slot": True, "ports": ports})]
                if turn % 2:
                    runs.reverse()
                got = {name: measure(servers, settings, pipeline, op="mixed", **options)
                       for name, servers, options in runs}
                for name in ("any node", "by slot"):
                    record(rows, "cluster", f"80 % GET P{pipeline}, {name}", peer.title,
                           got[name], got["peer"])
