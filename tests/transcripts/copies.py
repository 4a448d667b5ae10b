# SPDX-License-Identifier: Apache-2.0
"""Compares the copies of each partition of a Borg cluster by their digests.

Copies are comparable when they have executed the same operations (term and seq); while writes go
on a backup is a moment behind, so those that are not are asked again.
"""

import time

PARTITIONS = 1024
TRIES_MAX = 400


def addresses(connection):
    """Of all nodes, as one of them knows them."""
    lines = connection.call([b"CLUSTER", b"NODES"]).value.decode().splitlines()
    hosts = [line.split()[1].partition("@")[0].rpartition(":") for line in lines
             if "fail" not in line.split()[2]]
    return [(host, int(port)) for host, _, port in hosts]


def digests(connection, partitions):
    """{partition: its fields} of those that the node holds."""
    for partition in partitions:
        connection.send_command([b"BORG", b"DIGEST", b"%d" % partition])
    found = {}
    for partition in partitions:
        reply = connection.read()
        if reply.kind != "error":
            values = [field.value for field in reply.value]
            found[partition] = dict(zip(values[::2], values[1::2]))
    return found


def compare(copies):
    """True if the copies are equal, False if they differ, None if that cannot be said yet."""
    if len(copies) < 2 or any(copy[b"role"] not in (b"primary", b"backup") for copy in copies):
        return None
    if len({(copy[b"term"], copy[b"seq"]) for copy in copies}) > 1:
        return None
    return len({(copy[b"digest"], copy[b"keys"]) for copy in copies}) == 1


def problems(connections):
    """What is wrong with the copies of a cluster of these nodes, two or more for each partition."""
    found, left = [], list(range(PARTITIONS))
    for _ in range(TRIES_MAX):
        of_nodes = [digests(connection, left) for connection in connections]
        copies = {p: [node[p] for node in of_nodes if p in node] for p in left}
        results = {p: compare(copies[p]) for p in left}
        found += ["partition %d: %r" % (p, copies[p]) for p in left if results[p] is False]
        left = [p for p in left if results[p] is None]
        if not left:
            return found
        time.sleep(0.02)
    return found + ["partition %d is not comparable: %r" % (p, copies[p]) for p in left]
