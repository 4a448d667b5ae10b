# SPDX-License-Identifier: Apache-2.0
"""Random commands within MULTI and EXEC, with keys that are watched before."""

from random_command import Command


def one(draw):
    """No PFCOUNT: in a transaction it leaves the count that it caches as it is."""
    command = draw.command()
    while command.words[0] == b"PFCOUNT":
        command = draw.command()
    return command


def some(draw, rng):
    """A transaction as the commands that make it: WATCH, others that may change what is watched,
    and MULTI to EXEC."""
    commands = []
    if rng.random() < 0.7:
        keys = {draw.key(rng.choice("shlez")).encode() for _ in range(rng.choice([1, 2]))}
        commands.append(Command([b"WATCH", *sorted(keys)]))
    commands += [draw.command() for _ in range(rng.randrange(3))]
    if rng.random() < 0.05:
        commands.append(Command([b"UNWATCH"]))
    inner = [one(draw) for _ in range(rng.choice([0, 1, 1, 2, 5]))]
    if rng.random() < 0.2:
        inner.insert(rng.randrange(len(inner) + 1), Command([b"PING"]))
    queued = [Command(command.words) for command in inner]
    end = [b"DISCARD"] if rng.random() < 0.05 else [b"EXEC"]
    return [*commands, Command([b"MULTI"]), *queued, Command(end, inner=inner)]
