# SPDX-License-Identifier: Apache-2.0
"""What grows with the number of nodes and workers: the figures of docs/scaling.md."""

import os
import sqlite3
import time
from pathlib import Path

from servers import Borg

CASES = ((1, 1), (2, 1), (3, 1), (3, 2), (3, 4), (5, 1), (8, 1), (12, 1), (16, 1))
SMOKE = ((1, 1), (2, 1))


def run_scaling(settings, rows, say):
    """Empty clusters of so many nodes, all on this machine, on a `local` coordinator. The last
    node to join is the one that is measured. Revisions are transactions of the coordinator that
    committed; its bytes are what every node keeps as its view."""
    for nodes, threads in SMOKE if settings.smoke else CASES:
        case = f"{nodes} nodes, workers {threads}"
        say(f"scaling: {case}")
        with Borg(settings.binaries, nodes=nodes - 1, copies=2, threads=threads, min_copies=1) \
                as cluster:
            for quantity, value in measure(cluster, nodes, settings).items():
                rows.row("scaling", case, quantity, "less", "").add(value)


def measure(cluster, nodes, settings):
    before = revision(cluster) if nodes > 1 else 0
    began = time.monotonic()
    cluster.add_node()
    cluster.await_balance(nodes)
    result = {"an empty node joins, s": time.monotonic() - began,
              "revisions of a join": revision(cluster) - before}
    result |= stored(cluster)
    result["sockets a node"] = sockets(cluster.all[0])
    # A node may be asked only after the last one has had its say.
    slots_ms, slots_bytes = asked(cluster, "CLUSTER", "SLOTS")
    info_ms, info_bytes = asked(cluster, "BORG", "INFO")
    result |= {"CLUSTER SLOTS, bytes": slots_bytes, "CLUSTER SLOTS, ms": slots_ms,
               "BORG INFO, bytes": info_bytes, "BORG INFO, ms": info_ms}
    cpu = cluster.cpu_seconds()
    time.sleep(settings.load_seconds)
    spent = cluster.cpu_seconds() - cpu
    result["idle, % of a core a node"] = spent / settings.load_seconds / nodes * 100
    return result


def revision(cluster):
    return cluster.info()["cluster"]["revision"]


def stored(cluster):
    """Bytes of what the coordinator keeps, by kind."""
    path = cluster.folder / "coordinator"
    file = next(path.rglob("borg.db"))
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT key, length(key) + length(value) FROM entries").fetchall()
    target = sum(size for key, size in rows if bytes(key) == b"target")
    return {"coordinator, bytes": sum(size for _, size in rows), "of these the target": target}


def sockets(server):
    found = 0
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            found += os.readlink(link).startswith("socket:")
        except OSError:
            continue
    return found


def asked(cluster, *words):
    """The fastest of several answers, in milliseconds, and its bytes as RESP2."""
    client, times = cluster.all[0].client, []
    size = 0
    for _ in range(10):
        connection = client.connection_pool.get_connection(words[0])
        try:
            began = time.monotonic()
            connection.send_command(*words)
            reply = connection.read_response()
            times.append(time.monotonic() - began)
        finally:
            client.connection_pool.release(connection)
        size = resp_bytes(reply)
    return min(times) * 1000, size


def resp_bytes(reply):
    if isinstance(reply, list):
        return len(f"*{len(reply)}\r\n") + sum(map(resp_bytes, reply))
    if isinstance(reply, int):
        return len(f":{reply}\r\n")
    data = reply.encode() if isinstance(reply, str) else reply
    return len(f"${len(data)}\r\n") + len(data) + 2
