# SPDX-License-Identifier: Apache-2.0
"""A tiny RESP2/RESP3 client that keeps each reply's exact type, and shows it as text."""

import socket

KINDS = {b"*": "array", b"~": "set", b"%": "map", b">": "push"}
PREFIX = {"array": ")", "set": "~", "push": ">"}
ESCAPES = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 7: "\\a", 8: "\\b"}


class Reply:
    def __init__(self, kind, value=None):
        self.kind = kind
        self.value = value


class Closed(Exception):
    """The server closed the connection."""


class Connection:
    def __init__(self, address, timeout_s=60):
        self.socket = socket.create_connection(address, timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except ConnectionError as error:
            raise Closed() from error

    def call(self, args):
        self.send_command(args)
        return self.read()

    def send_command(self, args):
        data = [b"*%d\r\n" % len(args)]
        data += [b"$%d\r\n%s\r\n" % (len(arg), arg) for arg in args]
        self.send(b"".join(data))

    def fill(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError as error:
            raise Closed() from error
        if not piece:
            raise Closed()
        self.buffer += piece

    def read_exactly(self, size):
        if len(self.buffer) < size:
            # Gathered beside the buffer: adding to it costs a copy of all of it.
            pieces, missing = [self.buffer], size - len(self.buffer)
            while missing > 0:
                self.buffer = b""
                self.fill()
                pieces.append(self.buffer)
                missing -= len(self.buffer)
            self.buffer = b"".join(pieces)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read_line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def read_until_closed(self):
        try:
            while True:
                self.fill()
        except Closed:
            data, self.buffer = self.buffer, b""
            return data

    def read(self):
        line = self.read_line()
        kind, rest = line[:1], line[1:]
        if kind in (b"$", b"!", b"="):
            return self.read_bulk(kind, int(rest))
        if kind in KINDS:
            return self.read_elements(KINDS[kind], int(rest))
        simple = {b"+": "simple", b"-": "error", b":": "integer", b",": "double",
                  b"(": "big number", b"#": "boolean", b"_": "nil"}
        if kind not in simple:
            raise ValueError("not a reply: %r" % line)
        return Reply(simple[kind], rest)

    def read_bulk(self, kind, size):
        if size < 0:
            return Reply("nil")
        data = self.read_exactly(size + 2)[:-2]
        return Reply({b"$": "bulk", b"!": "error", b"=": "verbatim"}[kind], data)

    def read_elements(self, kind, size):
        if size < 0:
            return Reply("nil array")
        count = size * 2 if kind == "map" else size
        return Reply(kind, [self.read() for _ in range(count)])


def quoted(data):
    text = ""
    for byte in data:
        printable = 0x20 <= byte < 0x7F
        text += ESCAPES.get(byte, chr(byte) if printable else "\\x%02x" % byte)
    return '"' + text + '"'


def with_prefix(prefix, lines):
    return [prefix + lines[0]] + [" " * len(prefix) + line for line in lines[1:]]


def shown_elements(kind, elements):
    if not elements:
        return ["(empty %s)" % kind]
    lines = []
    if kind == "map":
        for i in range(0, len(elements), 2):
            key = " ".join(shown(elements[i]))
            lines += with_prefix("%d# %s => " % (i // 2 + 1, key), shown(elements[i + 1]))
        return lines
    for i, element in enumerate(elements):
        lines += with_prefix("%d%s " % (i + 1, PREFIX[kind]), shown(element))
    return lines


def shown(reply):
    """The reply as lines of text: one text for one reply."""
    kind, value = reply.kind, reply.value
    if kind in ("nil", "nil array"):
        return ["(%s)" % kind]
    if isinstance(value, list):
        return shown_elements(kind, value)
    if kind == "bulk":
        return [quoted(value)]
    if kind == "verbatim":
        return ["(verbatim %s) %s" % (value[:3].decode(), quoted(value[4:]))]
    text = value.decode("utf-8", "backslashreplace")
    if kind == "boolean":
        return ["(true)" if text == "t" else "(false)"]
    return [text if kind == "simple" else "(%s) %s" % (kind, text)]


def sort_elements(reply):
    if reply.kind in ("array", "set"):
        reply.value.sort(key=shown)
    return reply
