# SPDX-License-Identifier: Apache-2.0
"""As much of a Redis client as the demo needs: requests in batches over one connection."""

import socket


class ReplyError(Exception):
    """The server answered with an error."""


class Client:
    """One connection. Every call waits at most `timeout_s` for the next bytes."""

    def __init__(self, host, port, timeout_s=30):
        self._socket = socket.create_connection((host, port), timeout=timeout_s)
        self._reader = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._reader.close()
        self._socket.close()

    def pipeline(self, requests):
        """The replies to all requests, sent in one go; an error reply is a ReplyError object."""
        requests = list(requests)
        self._socket.sendall(b"".join(map(_encode, requests)))
        return [self._read() for _ in requests]

    def call(self, *words):
        """The reply to one request; raises if it is an error."""
        (reply,) = self.pipeline([words])
        if isinstance(reply, ReplyError):
            raise reply
        return reply

    def _line(self):
        line = self._reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        return line[:-2]

    def _read(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return ReplyError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self._read_bulk(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self._read() for _ in range(int(rest))]
        raise ConnectionError(f"not a RESP2 reply: {line!r}")

    def _read_bulk(self, size):
        if size < 0:
            return None
        body = self._reader.read(size + 2)
        if len(body) != size + 2:
            raise ConnectionError("the server closed the connection")
        return body[:-2].decode()


def _encode(words):
    parts = [str(word).encode() for word in words]
    head = b"*%d\r\n" % len(parts)
    return head + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
