#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node's HTTP port: probes are answered, whoever else holds connections."""

import socket
import urllib.request

from case import SharedCase, main
from processes import HOST

CONNECTIONS_MAX = 64


class Http(SharedCase):
    def connect(self):
        connection = socket.create_connection((HOST, self.nodes[0].http_port), 60)
        self.addCleanup(connection.close)
        return connection

    def status_of(self, request):
        """The first line of what a request is answered, until the connection ends."""
        connection = self.connect()
        connection.sendall(request)
        reply = b""
        while True:
            try:
                part = connection.recv(4096)
            except ConnectionResetError:  # what was not read any more
                break
            if not part:
                break
            reply += part
        return reply.split(b"\r\n")[0].decode()

    def get(self, path):
        url = f"http://{HOST}:{self.nodes[0].http_port}{path}"
        with urllib.request.urlopen(url, timeout=60) as page:
            return page.read()

    def test_idle_connections_do_not_keep_probes_out(self):
        idle = [self.connect() for _ in range(CONNECTIONS_MAX)]
        for _ in range(3):
            self.assertEqual(self.get("/healthz"), b"ok\n")
        self.assertEqual(idle[0].recv(1), b"", "the one that has waited longest goes")
        idle[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertIn(b"200 OK", idle[-1].recv(4096), "and no other")
        more = [self.connect() for _ in range(CONNECTIONS_MAX * 3)]
        self.assertEqual(self.get("/healthz"), b"ok\n")
        self.assertEqual(len(more), CONNECTIONS_MAX * 3)

    def test_what_is_no_request_is_answered(self):
        for request, status in (
            (b"hello\r\n\r\n", 400),
            (b"GET\r\n\r\n", 400),
            (b"GET / HTTP/9\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
            (b"*1\r\n$4\r\nPING\r\n", 400),
            (b"GET / HTTP/1.1\r\nA: " + b"a" * 20000 + b"\r\n\r\n", 431),
            (b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 413),
            (b"POST /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 405),
            (b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n", 404),
        ):
            with self.subTest(request=request[:40]):
                line = self.status_of(request)
                self.assertTrue(line.startswith(f"HTTP/1.1 {status} "), line)
        self.assertEqual(self.get("/healthz"), b"ok\n")


if __name__ == "__main__":
    main()
