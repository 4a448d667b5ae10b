#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the same random commands to a server and to a redis-server that it starts, and compares
the replies, the keyspace events, how many look-ups of keys were hits or misses and, at the end, all
data; then the copies of each partition with each other.

  differential.py --server 127.0.0.1:7001 [--seed N] [--commands N]

The data of the server are deleted at the beginning.
"""

import argparse
import random
import sys

import copies
import key_events
import random_commands
import random_transactions
import resp_client
import run

PIPELINE = 50


def plain(reply):
    if isinstance(reply.value, list):
        return [plain(element) for element in reply.value]
    return (reply.kind, reply.value)


def comparable(command, reply):
    """What of a reply the two servers must agree on."""
    if command.inner is not None and isinstance(reply.value, list):
        return [comparable(each, element) for each, element in zip(command.inner, reply.value)]
    reply = plain(reply)
    if command.encoding and reply[1] in (b"int", b"embstr", b"raw"):
        return "a string's"
    if not isinstance(reply, list):
        return reply
    if command.only_size:
        return len(reply)
    if command.scan:
        reply = reply[1]
    if command.in_pairs:
        reply = list(zip(reply[::2], reply[1::2]))
    return sorted(reply) if command.sort_reply or command.scan else reply


class Lookups:
    """What INFO says of look-ups, since now: by all nodes of a cluster."""

    def __init__(self, addresses):
        self.connections = [resp_client.Connection(address) for address in addresses]
        self.before = self.counts()

    def counts(self):
        sums = {b"keyspace_hits": 0, b"keyspace_misses": 0}
        for connection in self.connections:
            for line in connection.call([b"INFO", b"stats"]).value.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name in sums:
                    sums[name] += int(value)
        return sums

    def made(self):
        return {name.decode(): count - self.before[name] for name, count in self.counts().items()}


class Twins:
    """The two servers."""

    def __init__(self, server, redis):
        self.servers = [resp_client.Connection(server), resp_client.Connection(redis)]
        self.differences = 0
        for each in self.servers:
            each.call([b"FLUSHALL"])

    def play(self, commands):
        for command in commands:
            for each in self.servers:
                each.send_command(command.words)
        for command in commands:
            replies = [comparable(command, each.read()) for each in self.servers]
            self.expect_equal(command.words, replies)

    def expect_equal(self, what, replies):
        if replies[0] == replies[1]:
            return
        self.differences += 1
        print("%r\n  server %r\n  redis  %r" % (what, replies[0], replies[1]))

    def compare_data(self):
        all_keys = random_commands.Command([b"KEYS", b"*"], sort_reply=True)
        self.play([all_keys])
        for _, key in comparable(all_keys, self.servers[1].call(all_keys.words)):
            kind = self.servers[1].call([b"TYPE", key]).value.decode()
            self.play([random_commands.Command([b"TYPE", key]),
                       random_commands.encoding_of(key),
                       random_commands.read_whole(kind, key)])
            self.exchange(kind, key)

    def exchange(self, kind, key):
        """What each dumps the other restores, and it is still the same."""
        dumps = [each.call([b"DUMP", key]).value for each in self.servers]
        for each, dump in zip(self.servers, reversed(dumps)):
            self.expect_equal([b"RESTORE", key], [each.call(
                [b"RESTORE", key, b"0", dump, b"REPLACE"]).value, b"OK"])
        self.play([random_commands.read_whole(kind, key)])


def some_commands(draw):
    commands = []
    while len(commands) < PIPELINE:
        is_transaction = draw.rng.random() < 0.1
        commands += random_transactions.some(draw, draw.rng) if is_transaction else [draw.command()]
    return commands


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="HOST:PORT")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--commands", type=int, default=60000)
    options = parser.parse_args()
    host, _, port = options.server.rpartition(":")
    print("seed %d" % options.seed)
    draw = random_commands.Commands(random.Random(options.seed))
    with run.redis_server() as redis:
        nodes = copies.addresses(resp_client.Connection((host, int(port))))
        twins = Twins((host, int(port)), redis)
        lookups = [Lookups(addresses) for addresses in (nodes, [redis])]
        listeners = [key_events.Listener(each) for each in ((host, int(port)), redis)]
        for _ in range(0, options.commands, PIPELINE):
            twins.play(some_commands(draw))
            if twins.differences > 10:
                break
        events = key_events.differences(listeners)
        heard = len(listeners[1].messages)
        for listener in listeners:
            listener.close()
        twins.expect_equal("look-ups", [each.made() for each in lookups])
        twins.compare_data()
    print("%d differences" % twins.differences)
    print("%d channels differ, of %d events" % (len(events), heard), *events[:10], sep="\n  ")
    problems = copies.problems([resp_client.Connection(node) for node in nodes])
    print("%d problems with copies" % len(problems), *problems[:10], sep="\n  ")
    return 1 if twins.differences or events or problems else 0


if __name__ == "__main__":
    sys.exit(main())
