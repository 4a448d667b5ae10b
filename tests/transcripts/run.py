#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the transcripts against a server and compares the replies.

  run.py --redis                    against a redis-server that it starts and stops
  run.py --redis --rewrite          and takes the replies from it
  run.py --server 127.0.0.1:7001    against a Borg node, or with --as another server: redis (7.0),
                                    redis8 (8.0 or newer) or valkey9 (9.1 or newer)
"""

import argparse
import contextlib
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import resp_client
import transcript

HERE = pathlib.Path(__file__).resolve().parent
START_TRIES = 200


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def redis_server():
    port = free_port()
    folder = tempfile.mkdtemp(prefix="transcripts-")
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
         "--dir", folder], stdout=subprocess.DEVNULL)
    try:
        wait_until_up(("127.0.0.1", port))
        yield ("127.0.0.1", port)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def wait_until_up(address):
    for _ in range(START_TRIES):
        try:
            return resp_client.Connection(address).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit("no server at %s:%d" % address)


def play_raw(connection, step):
    """The reply to raw bytes: as many lines of the same kind as are expected."""
    try:
        connection.send(transcript.raw_bytes(step.line[2:].removeprefix(" ")))
        if step.expected[-1:] == ["(closed)"]:
            data = connection.read_until_closed()
            return ([shown_raw(data)] if data else []) + ["(closed)"]
        wanted = "".join(line.removeprefix("<< ") for line in step.expected)
        return [shown_raw(connection.read_exactly(len(transcript.raw_bytes(wanted))))]
    except resp_client.Closed:
        return [shown_raw(connection.buffer), "(closed)"]


def shown_raw(data):
    return "<< " + resp_client.quoted(data)[1:-1].replace('\\"', '"')


def play_command(connection, step):
    try:
        if args := transcript.split_args(step.line[1:]):
            connection.send_command(args)
        if step.expected == ["(no reply)"]:
            return step.expected
        reply = connection.read()
    except resp_client.Closed:
        return ["(closed)"]
    return resp_client.shown(resp_client.sort_elements(reply) if step.is_sorted else reply)


class Player:
    def __init__(self, address, server_kind, rewrite):
        self.address = address
        self.server_kind = server_kind
        self.rewrite = rewrite
        self.played = 0
        self.failed = 0

    def play_file(self, script):
        for group in script.groups:
            if self.server_kind in group.only:
                self.play_group(script, group)
        if self.rewrite:
            script.path.write_text(script.text())

    def play_group(self, script, group):
        connection = resp_client.Connection(self.address)
        connection.call([b"FLUSHALL"])
        if group.resp == 3:
            connection.call([b"HELLO", b"3"])
        for item in group.items:
            if isinstance(item, transcript.Wait):
                time.sleep(item.ms / 1000)
            elif isinstance(item, transcript.Step):
                self.play_step(connection, script, group, item)
        connection.close()

    def play_step(self, connection, script, group, step):
        play = play_raw if step.is_raw else play_command
        actual = play(connection, step)
        self.played += 1
        if transcript.matches(step.expected, actual):
            return
        if self.rewrite:
            step.expected = actual
            return
        self.failed += 1
        print("%s:%d: %s" % (script.path.name, step.number, group.title))
        print("  " + step.line)
        for line in step.expected:
            print("  - " + line)
        for line in actual:
            print("  + " + line)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", help="HOST:PORT")
    parser.add_argument("--redis", action="store_true", help="start a redis-server")
    parser.add_argument("--as", dest="kind", choices=transcript.SERVERS,
                        help="which groups to play; default: redis with --redis, else borg")
    parser.add_argument("--rewrite", action="store_true", help="take over the replies")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    if bool(options.server) == options.redis:
        parser.error("give one of --server and --redis")
    kind = options.kind or ("redis" if options.redis else "borg")
    with contextlib.ExitStack() as stack:
        if options.redis:
            address = stack.enter_context(redis_server())
        else:
            host, _, port = options.server.rpartition(":")
            address = (host, int(port))
        player = Player(address, kind, options.rewrite)
        for path in options.files or transcript.all_paths(HERE):
            player.play_file(transcript.Transcript(path))
    print("%d steps played, %d differ" % (player.played, player.failed))
    return 1 if player.failed else 0


if __name__ == "__main__":
    sys.exit(main())
