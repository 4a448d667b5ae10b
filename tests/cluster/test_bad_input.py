#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What must not come costs whoever sent it his connection, and nobody else anything."""

import os
import socket
import struct

from case import SharedCase, main
from cluster import Client
from processes import HOST, wait_until

# The greeting of the bus, as src/wire writes it.
HELLO, REFUSAL = 1, 3
MAGIC = b"BORG"
VERSION = 2
CONTROL_LANE = 0xFFFF


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def frame(kind, payload):
    return struct.pack("<IB", len(payload) + 1, kind) + payload


def hello(to, version=VERSION, cluster=b"borg", lane=CONTROL_LANE, magic=MAGIC):
    """From a node that nobody knows."""
    here = struct.pack("<Q", 0x1234567812345678) + varint(lane)
    there = struct.pack("<Q", to) + varint(lane)
    text = varint(len(cluster)) + cluster
    return frame(HELLO, magic + varint(version) + text + here + there)


def read_to_end(connection):
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


class Clients(SharedCase):
    def test_malformed_resp_closes_that_connection_only(self):
        cases = (
            (b"*1\r\n+PING\r\n", b"-ERR Protocol error: expected '$', got '+'\r\n"),
            (b"*x\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
            (b"*2147483648\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
            (b"*1\r\n$-1\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
            (b"*1\r\n$9999999999\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
            (b"SET \"a\r\n", b"-ERR Protocol error: unbalanced quotes in request\r\n"),
            (b"x" * 70000, b"-ERR Protocol error: too big inline request\r\n"),
        )
        with self.nodes[0].client() as bystander:
            for data, said in cases:
                with self.subTest(data=data[:20]):
                    with socket.create_connection((HOST, self.nodes[0].port), 60) as connection:
                        connection.sendall(b"PING\r\n" + data)
                        self.assertEqual(read_to_end(connection), b"+PONG\r\n" + said)
                    self.assertEqual(bystander("PING"), b"PONG")

    def test_of_an_http_request_nothing_is_executed(self):
        for head in (b"POST / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: here\r\n"):
            with socket.create_connection((HOST, self.nodes[0].port), 60) as connection:
                connection.sendall(head + b"\r\nset http written\r\n")
                read_to_end(connection)
        self.assertIsNone(self.nodes[0].call("GET", "http"))

    def test_random_bytes_are_survived(self):
        for node in self.nodes:
            for _ in range(30):
                with socket.create_connection((HOST, node.port), 60) as connection:
                    connection.sendall(os.urandom(2000))
            self.assertEqual(node.call("PING"), b"PONG")

    def test_half_a_command_is_forgotten_with_its_connection(self):
        for end in range(1, 30, 3):
            data = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n"[:end]
            with socket.create_connection((HOST, self.nodes[0].port), 60) as connection:
                connection.sendall(data)
        self.assertIsNone(self.nodes[0].call("GET", "k"))

    def test_unknown_commands_and_wrong_numbers_of_arguments_close_nothing(self):
        with self.nodes[0].client() as client:
            self.assert_error("ERR", client, "NO-SUCH-COMMAND", "x")
            self.assert_error("ERR", client, "GET")
            self.assert_error("ERR", client, "BORG", "NO-SUCH-SUBCOMMAND")
            self.assert_error("ERR", client, "_scan", "0", "0", "10")
            self.assertEqual(client("PING"), b"PONG")


class Peers(SharedCase):
    def setUp(self):
        super().setUp()
        self.node = self.nodes[0]
        self.id = int(next(n["id"] for n in self.node.info()["nodes"]
                           if n["name"] == self.node.name), 16)

    def send(self, data):
        """What the node answers before it closes."""
        with socket.create_connection((HOST, self.node.bus_port), 60) as connection:
            connection.sendall(data)
            return read_to_end(connection)

    def assert_refused(self, data, why):
        before = len(self.node.log().splitlines())
        answer = self.send(data)
        self.assertEqual(answer[4], REFUSAL)
        self.assertIn(why.encode(), answer)
        wait_until(lambda: len(self.node.log().splitlines()) > before, "a line in the log")
        lines = self.node.log().splitlines()[before:]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("refused a bus connection from 127.0.0.1:", lines[0])
        self.assertIn(why, lines[0])

    def test_strangers_are_refused_with_one_line(self):
        self.assert_refused(hello(self.id, version=VERSION + 1), f"version {VERSION + 1}")
        self.assert_refused(hello(self.id, cluster=b"other"), "cluster 'other'")
        self.assert_refused(hello(self.id ^ 1), "a node that was here before")
        self.assert_refused(hello(self.id, lane=77), "a worker that does not exist")
        self.assert_refused(hello(self.id, magic=b"REDI"), "does not speak")
        self.assert_refused(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", "does not speak")
        self.assert_refused(frame(200, b"x"), "does not speak")
        self.assert_refused(struct.pack("<I", 0), "does not speak")
        self.assert_refused(struct.pack("<I", 0xFFFFFFFF), "does not speak")
        self.assert_still_well()

    def test_garbage_behind_a_good_greeting_breaks_that_link_only(self):
        garbage = (frame(200, b"x" * 50), struct.pack("<I", 0xFFFFFFFF) + b"x" * 100,
                   frame(30, b"\xff" * 5), struct.pack("<I", 0), frame(33, os.urandom(60)))
        for data in garbage:
            self.send(hello(self.id) + data)
        for kind in range(10, 34):
            for _ in range(3):
                self.send(hello(self.id, lane=1) + frame(kind, os.urandom(40)) +
                          struct.pack("<I", 0))
        self.assert_still_well()

    def test_silence_and_half_a_greeting_end_by_themselves(self):
        whole = hello(self.id)
        for data in (b"", whole[:3], whole[:20], whole[:-1]):
            self.assertEqual(self.send(data), b"")
        self.assert_still_well()

    def assert_still_well(self):
        self.assertTrue(self.node.is_running())
        self.shared.wait_settled()
        for node in self.nodes:
            with Client(node.port) as client:
                self.assertEqual(client("SET", f"k{node.name}", "v"), b"OK")


if __name__ == "__main__":
    main()
