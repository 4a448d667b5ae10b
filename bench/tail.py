# SPDX-License-Identifier: Apache-2.0
"""The slowest answers to a client that asks one thing after the other, while the server is busy
with something that takes long."""

import functools
import math
import socket
import subprocess
import time

from latency import Watcher
from servers import BenchError, Borg, Redis, wait_until

PROBE_KEYS = 1000  # number 0 on, of 64 bytes
INSERTED = 5_000_000  # in all rounds together
EXPIRING = 1_000_000  # in each round
ELEMENTS = 10_000_000
FIRST = 1_000_000_000  # number of the first key that is not the probe's


def run_tail(settings, rows, say):
    """One connection that GETs, pipeline 1, beside: a fill of 5 million keys (one connection,
    pipeline 16; each round adds its part to what is there); a dump of half a million (borgctl
    dump; redis-cli --rdb, which forks); a million that expire at once; a key of 10 million
    elements that is deleted. The machine's own stalls are in it: see "nothing", and how long the
    server's threads were ready and had no core."""
    with Borg(settings.binaries) as borg, Redis(settings.binaries) as peer:
        both = filled(borg, peer, PROBE_KEYS)
        rounds(settings, rows, say, both, (("nothing", nothing), ("keys are inserted", insert)))
    with Borg(settings.binaries) as borg, Redis(settings.binaries) as peer:
        both = filled(borg, peer, settings.keys // 2)
        rounds(settings, rows, say, both, (("a dump", dump), ("keys expire", expire)))
        rounds(settings, rows, say, both, (("a large key is deleted", delete),))


def filled(borg, peer, keys):
    for servers in (borg, peer):
        servers.fill(keys)
    return borg, peer


def rounds(settings, rows, say, both, events):
    scale = min(settings.keys / 1_000_000, 1)
    for turn in range(settings.rounds):
        order = both if turn % 2 == 0 else both[::-1]
        for case, event in events:
            say(f"tail: {case}, round {turn + 1} of {settings.rounds}")
            got = {s: beside(event, s, settings, turn, scale) for s in order}
            record(rows, case, got[both[0]], got[both[1]])


def record(rows, case, borg, peer):
    for quantity, key in (("p99.9, ms", "p999_ms"), ("longest, ms", "max_ms"),
                          ("it took, s", "seconds"),
                          ("server waited for a core, ms/s", "waited")):
        if key in borg:
            rows.row("tail", case, quantity, "less", "redis-server").add(borg[key], peer[key])


def beside(event, servers, settings, turn, scale):
    """What the probe saw from when the event began until it was over."""
    prepared = event(servers, settings, turn, scale)
    watcher = Watcher(servers, op="get", keys=PROBE_KEYS, connections=1)
    try:
        wait_until("the probe runs", lambda: watcher.reports)
        next(prepared)
        waited, began = servers.core_wait_seconds(), time.monotonic()
        next(prepared, None)
        ended = time.monotonic()
        waited = servers.core_wait_seconds() - waited
        seen = watcher.during(began, ended)
    finally:
        watcher.kill()
    return seen | {"seconds": ended - began, "waited": waited / (ended - began) * 1000}


# Each prepares, yields when the event is about to begin, and ends with it.


def nothing(_servers, settings, _turn, _scale):
    yield
    time.sleep(settings.load_seconds / 2)


def insert(servers, settings, turn, scale):
    count = int(INSERTED * scale) // settings.rounds
    yield
    servers.load(op="fill", operations=count, first_key=FIRST + turn * count, connections=1,
                 pipeline=16, seconds_max=300)


def expire(servers, _settings, _turn, scale):
    client = servers.all[0].client
    before = client.dbsize()
    count = int(EXPIRING * scale)
    moment = math.ceil(time.time() + 1 + count / 400_000)
    servers.load(op="fill", operations=count, first_key=2 * FIRST, expire_at_s=moment,
                 connections=8, pipeline=64)
    time.sleep(max(0, moment - time.time() - 0.05))
    yield
    wait_until("all keys have expired", lambda: client.dbsize() <= before, 120, pause=0.05)


def dump(servers, _settings, turn, _scale):
    file = servers.folder / f"dump{turn}"
    port = servers.all[0].port
    command = [servers.binaries / "borgctl", "--port", port, "dump", file] \
        if isinstance(servers, Borg) else ["redis-cli", "-p", port, "--rdb", file]
    yield
    subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300, check=True)
    file.unlink()


# ---- a key of many elements ----


def delete(servers, _settings, _turn, scale):
    """Until its memory is free."""
    server = servers.all[0]
    before = server.used_bytes()
    send_all(server.port, additions(int(ELEMENTS * scale)))
    with_key = server.used_bytes()
    yield
    server.client.delete("large")
    wait_until("its memory is free",
               lambda: server.used_bytes() < before + max((with_key - before) / 50, 1e6), 60)


@functools.cache
def additions(elements, step=1000):
    """The commands that make the key."""
    commands = []
    for start in range(0, elements, step):
        words = [b"SADD", b"large", *(b"%d" % n for n in range(start, start + step))]
        commands.append(b"*%d\r\n" % len(words) +
                        b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words))
    return commands


def send_all(port, commands, window=100):
    """As many at a time as are answered in one go."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        replies = connection.makefile("rb")
        for start in range(0, len(commands), window):
            part = commands[start:start + window]
            connection.sendall(b"".join(part))
            for _ in part:
                reply = replies.readline()
                if not reply.startswith(b":"):
                    raise BenchError(f"SADD: {reply!r}")
