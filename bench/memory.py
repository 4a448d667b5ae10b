# SPDX-License-Identifier: Apache-2.0
"""Bytes a key costs beyond its own and its value's."""

import time

from servers import Borg, Redis

KEY_BYTES = 16
FILLS = (1.0, 1.2, 1.6, 2.0)
# All keys get values of these sizes in turn.
CHURN = (400, 48, 600, 200)


def run_memory(settings, rows, say):
    """Bytes per key beyond key (16) and value; process: growth of RSS, own count: the growth of
    INFO's used_memory. Hash tables double somewhere in between, so at four fills. Then half a
    million keys whose values change their size three times, and what is left when all are deleted.
    One round: nothing here depends on how fast it goes."""
    for value_bytes in (64,) if settings.smoke else (32, 64, 512):
        for ttl_s in (0, 100_000):
            say(f"memory: {value_bytes} bytes{', TTL' if ttl_s else ''}")
            borg = overheads(Borg(settings.binaries), settings, value_bytes, ttl_s)
            peer = overheads(Redis(settings.binaries), settings, value_bytes, ttl_s)
            for fill, (b_rss, b_own), (p_rss, p_own) in zip(FILLS, borg, peer):
                case = f"{value_bytes} B{' + TTL' if ttl_s else ''}, {fill} M keys"
                rows.row("memory", case, "process", "less", "redis-server").add(b_rss, p_rss)
                rows.row("memory", case, "own count", "less", "redis-server").add(b_own, p_own)
    say("memory: churn")
    borg = churned(Borg(settings.binaries), settings)
    peer = churned(Redis(settings.binaries), settings)
    rows.row("memory", "200 B, were 400, 48, 600", "process", "less", "redis-server").add(
        borg[0], peer[0])
    rows.row("memory", "after FLUSHALL", "MB more than at first", "less", "redis-server").add(
        borg[1], peer[1])


def settled_rss(server):
    """When nothing is given back any more, or it takes too long."""
    rss = server.rss_bytes()
    for _ in range(30):
        time.sleep(1)
        before, rss = rss, server.rss_bytes()
        if rss > before * 0.99:
            break
    return rss


def churned(servers, settings):
    keys = settings.keys // 2
    with servers:
        server = servers.all[0]
        servers.fill(64, CHURN[0])
        at_first = server.rss_bytes()
        for value_bytes in CHURN:
            servers.fill(keys, value_bytes)
        beyond = (settled_rss(server) - at_first) / keys - KEY_BYTES - CHURN[-1]
        server.client.flushall()
        return beyond, (settled_rss(server) - at_first) / 1e6


def overheads(servers, settings, value_bytes, ttl_s):
    """For each fill: bytes beyond key and value by the process and by the server's own count."""
    found = []
    with servers:
        server = servers.all[0]
        # What the first command and the first connections cost is no key's cost.
        servers.fill(64, value_bytes, ttl_s=ttl_s)
        rss, used, keys = server.rss_bytes(), server.used_bytes(), 64
        for fill in FILLS:
            wanted = int(settings.keys * fill)
            servers.fill(wanted - keys, value_bytes, keys, ttl_s)
            keys = wanted
            payload = KEY_BYTES + value_bytes
            found.append(((server.rss_bytes() - rss) / (keys - 64) - payload,
                          (server.used_bytes() - used) / (keys - 64) - payload))
    return found
