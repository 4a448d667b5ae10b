# SPDX-License-Identifier: Apache-2.0
"""Listens to all keyspace events of a server, on a thread of its own."""

import contextlib
import socket
import threading
import time
from collections import defaultdict

import resp_client

# Everything but streams and modules.
CLASSES = b"g$lshzxenKEm"
# SORT looks keys up in the order of a set's members, which is each server's own.
UNORDERED = b"__keyevent@0__:keymiss"
TRIES = 500


class Listener:
    def __init__(self, address):
        setter = resp_client.Connection(address)
        reply = setter.call([b"CONFIG", b"SET", b"notify-keyspace-events", CLASSES])
        if reply.value != b"OK":
            raise SystemExit("CONFIG SET: %r" % reply.value)
        setter.close()
        self.connection = resp_client.Connection(address)
        self.connection.call([b"PSUBSCRIBE", b"__key*__:*"])
        self.messages = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        with contextlib.suppress(resp_client.Closed, OSError):
            while True:
                _, _, channel, message = [part.value for part in self.connection.read().value]
                self.messages.append((channel, message))

    def by_channel(self):
        """The messages of each channel in their order: those of different ones have none."""
        found = defaultdict(list)
        for channel, message in list(self.messages):
            found[channel].append(message)
        found[UNORDERED].sort()
        return dict(found)

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.connection.close()


def differences(listeners):
    """What two listeners heard differently, when both have heard as much or no more comes."""
    for _ in range(TRIES):
        server, redis = [each.by_channel() for each in listeners]
        if server == redis:
            return []
        time.sleep(0.01)
    found = []
    for channel in sorted({*server, *redis}):
        ours, theirs = server.get(channel, []), redis.get(channel, [])
        if ours != theirs:
            at = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]),
                      min(len(ours), len(theirs)))
            found.append("%r: from %d on: server %r, redis %r" % (
                channel, at, ours[at:at + 5], theirs[at:at + 5]))
    return found
