#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the real borgctl.

    test_borgctl.py --borgctl build/dev/bin/borgctl [--server HOST:PORT] [unittest's arguments]

What any server of the Redis protocol can do is tested against redis-server, or against the one
that --server names, for example a borgd: it is emptied. The rest, where nodes have to fail at a
given moment, is tested against a pretended cluster.
"""

import argparse
import base64
import csv
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import redis

from fake_cluster import Node, Store
from terminal import Terminal

BORGCTL = None
SERVER = None  # (host, port) of what --server names
SECONDS_MAX = 30


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Case(unittest.TestCase):
    """Has a folder of its own and runs borgctl."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="borgctl-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(self.folder / "state"), "BORG_HOST": "127.0.0.1",
            "BORG_PORT": str(self.port()), "BORG_TIMEOUT": "5",
        }

    def port(self):
        raise NotImplementedError

    def run_borgctl(self, *words, stdin=b"", env=None):
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        return subprocess.run(
            [BORGCTL, *words], input=stdin, capture_output=True, timeout=SECONDS_MAX, check=False,
            env={**self.env, **(env or {})},
        )

    def ok(self, *words, **how):
        """Its stdout, when it exits 0."""
        run = self.run_borgctl(*words, **how)
        self.assertEqual(run.returncode, 0, run)
        return run.stdout

    def fails(self, *words, code=1, **how):
        """The one line that it says on stderr, when it exits 1."""
        run = self.run_borgctl(*words, **how)
        self.assertEqual(run.returncode, code, run)
        said = run.stderr.decode()
        self.assertRegex(said, r"^borgctl: [^\n]+\n$")
        return said.strip()

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


class ServerCase(Case):
    """With redis-server, or the server that was named; empty for each test."""

    server = None

    @classmethod
    def setUpClass(cls):
        cls.address = SERVER
        if SERVER is None:
            cls.address = ("127.0.0.1", free_port())
            command = ["redis-server", "--port", str(cls.address[1]), "--save", "",
                       "--bind", "127.0.0.1", "--daemonize", "no"]
            cls.server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        cls.redis = redis.Redis(*cls.address)
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            try:
                cls.redis.ping()
                break
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    @classmethod
    def tearDownClass(cls):
        cls.redis.close()
        if cls.server is not None:
            cls.server.kill()
            cls.server.wait()

    def setUp(self):
        super().setUp()
        self.redis.flushall()
        self.env["BORG_HOST"] = self.address[0]

    def port(self):
        return self.address[1]

    def everything(self):
        keys = self.redis.keys("*")
        return {key: (self.redis.get(key), self.redis.pexpiretime(key)) for key in keys}


class Keys(ServerCase):
    def test_put_and_get(self):
        self.assertRegex(self.ok("put", "color", "red"), rb"^OK( \S+ \(primary\), .*)?\n$")
        self.assertEqual(self.ok("get", "color"), b"red")
        self.assertEqual(json.loads(self.ok("get", "color", "--json")),
                         {"key": "color", "value": "red"})
        self.assertTrue(json.loads(self.ok("--json", "put", "color", "blue"))["ok"])

    def test_put_takes_any_word_for_data(self):
        for value in ("-5", "-.5", "[1,2]", "{}", "", "get", "\x01", "\x01-5", "a=b", "ü"):
            self.ok("put", "k", value)
            self.assertEqual(self.ok("get", "k"), value.encode(), value)
        self.ok("put", "--", "--key", "--value")
        self.assertEqual(self.ok("get", "--", "--key"), b"--value")
        self.ok("put", "-1", "[x]")
        self.assertEqual(self.ok("get", "-1"), b"[x]")

    def test_put_reads_bytes_from_stdin(self):
        data = bytes(range(256)) * 5000
        self.ok("put", "bytes", "-", stdin=data)
        self.assertEqual(self.ok("get", "bytes"), data)

    def test_put_with_ttl(self):
        self.ok("put", "k", "v", "--ttl", "100.5")
        self.assertIn(self.redis.pttl("k"), range(1, 100501))
        for ttl in ("0", "-1", "x", "nan"):
            self.fails("put", "k", "v", "--ttl", ttl)

    def test_get_of_an_absent_key(self):
        self.assertEqual(self.fails("get", "nope"), "borgctl: no such key: nope")
        self.assertIn('"no\\n"', self.fails("get", "no\n"))

    def test_delete(self):
        self.redis.mset({"a": 1, "[b]": 2, "-3": 3})
        self.assertEqual(self.ok("delete", "a", "[b]", "-3", "nope"), b"deleted 3 keys\n")
        self.assertEqual(self.ok("delete", "a", "--json"), b'{"deleted": 0}\n')


class Files(ServerCase):
    def fill(self):
        random.seed(7)
        for i in range(2500):
            self.redis.set(f"k{i}", f"v{i}" * random.randrange(5))
        self.redis.set("expiring", "v", pxat=int(time.time() * 1000) + 10**7)
        self.redis.set('text "quoted", with\r\nlines', ' é,"\n\n"\t')
        self.redis.set("", "")

    def fill_binary(self):
        self.redis.set(bytes(range(256)), bytes(reversed(range(256))))
        self.redis.set(b"\xff", b"text")
        self.redis.set(b"nul", b"\0")

    def round_trip(self, name, *flags):
        before = self.everything()
        path = str(self.folder / name)
        self.assertRegex(self.ok("dump", path, *flags), rb"^dumped [\d,]+ records in ")
        self.redis.flushall()
        load_flags = [f for f in flags if f != "--base64"]
        said = self.ok("load", path, *load_flags)
        self.assertRegex(said, rb"^loaded [\d,]+ records? in .*\)\n$")
        self.assertEqual(self.everything(), before)
        return Path(path).read_bytes()

    def test_json_lines_round_trip(self):
        self.fill()
        self.fill_binary()
        lines = self.round_trip("all.jsonl").splitlines()
        records = [json.loads(line) for line in lines]
        self.assertEqual(len(records), self.redis.dbsize())
        by_key = {r.get("key"): r for r in records}
        self.assertEqual(by_key["expiring"]["expires_at_ms"], self.redis.pexpiretime("expiring"))
        coded = [r for r in records if "key_base64" in r]
        self.assertIn(base64.b64encode(b"\xff").decode(), [r["key_base64"] for r in coded])

    def contents(self):
        """{key: (type, value, expiry)} of all types."""
        read = {b"string": self.redis.get, b"hash": self.redis.hgetall, b"set": self.redis.smembers,
                b"list": lambda key: self.redis.lrange(key, 0, -1),
                b"zset": lambda key: self.redis.zrange(key, 0, -1, withscores=True)}
        return {key: (self.redis.type(key), read[self.redis.type(key)](key),
                      self.redis.pexpiretime(key)) for key in self.redis.keys("*")}

    def test_containers_round_trip(self):
        self.fill()
        self.redis.rpush("list", "a", "é", "", *range(5000))
        self.redis.rpush(b"bytes", b"\xff", "a", "x" * 20000)
        self.redis.hset("hash", mapping={"f": "v", "": "empty", b"g": b"\0"})
        self.redis.hset("large hash", mapping={f"f{i}": i for i in range(1000)})
        self.redis.sadd("set", "a", "b")
        self.redis.sadd("integers", *range(100))
        self.redis.zadd("zset", {"a": 1 / 3, "b": float("inf"), "": -2})
        self.redis.zadd("large zset", {f"m{i}": i for i in range(1000)})
        self.redis.pexpire("hash", 10 ** 9)
        before = self.contents()
        path = str(self.folder / "all.jsonl")
        self.ok("dump", path)
        self.redis.flushall()
        self.redis.set("list", "another value")
        self.ok("load", path)
        self.assertEqual(self.contents(), before)
        lines = [json.loads(line) for line in Path(path).read_bytes().splitlines()]
        by_key = {line.get("key"): line for line in lines}
        self.assertEqual(by_key["set"]["type"], "set")
        self.assertEqual(by_key["hash"]["value"]["f"], "v")
        self.assertEqual(by_key["list"]["value"][:3], ["a", "é", ""])
        self.assertIn("value_base64", by_key["bytes"])
        self.assertIn("--format jsonl", self.fails("dump", str(self.folder / "all.csv")))

    def test_csv_round_trip(self):
        self.fill()
        text = self.round_trip("all.csv").decode()
        rows = list(csv.reader(io.StringIO(text, newline="")))
        self.assertEqual(rows[0], ["key", "value", "expires_at_ms"])
        self.assertEqual(len(rows), self.redis.dbsize() + 1)
        self.assertIn(' é,"\n\n"\t', [row[1] for row in rows])

    def test_csv_of_other_shapes_round_trips(self):
        self.fill()
        self.fill_binary()
        self.round_trip("all.csv", "--base64")
        self.redis.delete(bytes(range(256)), b"\xff", b"nul")
        self.round_trip("all.txt", "--format", "csv", "--delimiter", ";")
        self.round_trip("all.tsv")

    def test_dump_refuses_binary_in_csv_and_leaves_the_old_file(self):
        self.fill_binary()
        path = self.file("all.csv", "old")
        said = self.fails("dump", path)
        self.assertIn("--format jsonl", said)
        self.assertEqual(Path(path).read_text(encoding="utf-8"), "old")
        self.assertEqual(os.listdir(self.folder), ["all.csv"])

    def test_stdin_and_stdout(self):
        self.fill()
        before = self.everything()
        dumped = self.run_borgctl("dump", "-")
        self.assertEqual(dumped.returncode, 0)
        self.assertRegex(dumped.stderr.decode(), r"^dumped [\d,]+ records in ")
        self.redis.flushall()
        self.ok("load", "-", stdin=dumped.stdout)
        self.assertEqual(self.everything(), before)

    def test_load_names_bad_lines_and_loses_nothing_else(self):
        path = self.file("some.jsonl", '{"key": "a", "value": "1"}\nnonsense\n\n'
                         '{"key": "b"}\r\n{"key": "c", "value": "3", "ttl_ms": 100000}')
        run = self.run_borgctl("load", path)
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr.decode(),
                         rf"^borgctl: {path}:2: not JSON.*\nborgctl: {path}:4: no value\n$")
        self.assertRegex(run.stdout, rb"^loaded 2 records in .*, 2 bad\n$")
        self.assertEqual(sorted(self.redis.keys("*")), [b"a", b"c"])
        self.assertIn(self.redis.pttl("c"), range(1, 100001))

    def test_load_csv_names_bad_lines(self):
        path = self.file("some.csv", b'a,"1\n2"\r\nb\nc,"3\nd,4,x\ne,\xff\nf,6\n')
        run = self.run_borgctl("load", path)
        self.assertEqual(run.returncode, 1)
        lines = [line.split(":")[2] for line in run.stderr.decode().splitlines()]
        self.assertEqual(lines, ["3", "4", "5", "6"], run)
        self.assertEqual(self.redis.get("a"), b"1\n2")
        self.assertEqual(self.redis.get("f"), b"6")

    def test_the_last_value_of_a_key_stays(self):
        text = "".join(json.dumps({"key": f"k{i % 10}", "value": str(i)}) + "\n"
                       for i in range(5000))
        self.ok("load", "-", stdin=text)
        self.assertEqual([self.redis.get(f"k{i}") for i in range(10)],
                         [str(4990 + i).encode() for i in range(10)])

    def test_load_of_large_values(self):
        value = "x" * (3 << 20)
        text = "".join(json.dumps({"key": f"k{i}", "value": f"{i}{value}"}) + "\n"
                       for i in range(8))
        self.ok("load", "-", stdin=text)
        self.assertEqual(self.redis.strlen("k7"), len(value) + 1)
        self.assertEqual(len(self.ok("dump", "-").splitlines()), 8)

    def test_load_does_not_need_a_whole_file_at_once(self):
        with subprocess.Popen([BORGCTL, "load", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, env=self.env) as load:
            for i in range(3):
                load.stdin.write(b'{"key": "k%d", "value": "v"}\n' % i)
                load.stdin.flush()
                time.sleep(0.05)
            load.stdin.close()
            self.assertEqual(load.wait(SECONDS_MAX), 0)
            load.stdout.close()
        self.assertEqual(self.redis.dbsize(), 3)

    def test_files_that_cannot_be(self):
        self.assertIn("No such file", self.fails("load", "/nonexistent"))
        self.assertIn("directory", self.fails("load", str(self.folder)))
        self.assertIn("directory", self.fails("dump", str(self.folder)))
        self.assertIn("No such file", self.fails("dump", "/nonexistent/file"))
        self.assertIn("unknown format", self.fails("load", "-", "--format", "xml"))
        self.assertIn("--delimiter", self.fails("load", "a.csv", "--delimiter", "ab"))

    def test_a_full_disk_is_an_error(self):
        self.fill()
        self.assertIn("No space left", self.fails("dump", "/dev/full"))
        with open("/dev/full", "wb") as full:
            run = subprocess.run([BORGCTL, "get", "k1"], stdout=full, stderr=subprocess.PIPE,
                                 env=self.env, check=False, timeout=SECONDS_MAX)
        self.redis.set("k1", "v")
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"No space left", run.stderr)

    def test_a_closed_pipe_ends_it_quietly(self):
        self.fill()
        for key in range(20):
            self.redis.set(f"large{key}", "x" * 100000)
        with subprocess.Popen([BORGCTL, "dump", "-"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=self.env) as dump:
            dump.stdout.read(10)
            dump.stdout.close()
            self.assertIn(dump.wait(SECONDS_MAX), (-signal.SIGPIPE, 1))
            self.assertEqual(dump.stderr.read(), b"")


class Scripts(ServerCase):
    def test_replies_are_those_of_redis_cli(self):
        run = self.run_borgctl(stdin='SET a 1\nINCR a\nGET nope\n\n# a comment\n'
                               'SET b "x\\n\\x01"\nGET b\nMGET a nope\nGET \'b\'')
        self.assertEqual(run.stdout.decode(),
                         'OK\n(integer) 2\n(nil)\nOK\n"x\\n\\x01"\n1) "2"\n2) (nil)\n'
                         '"x\\n\\x01"\n')
        self.assertEqual((run.returncode, run.stderr), (0, b""))

    def test_raw(self):
        self.assertEqual(self.ok("--raw", stdin='SET a "x y"\nGET a\nSTRLEN a\n'),
                         b"OK\nx y\n3\n")

    def test_an_error_makes_the_exit_code_and_does_not_stop_it(self):
        run = self.run_borgctl(stdin="FROBNICATE\nSET a 1\nQUIT\nSET never 1\n")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stdout.decode(), r"^\(error\) ERR unknown command.*\nOK\n$")
        self.assertEqual(self.redis.keys("*"), [b"a"])
        self.assertIn("quote", self.fails(stdin='GET "a\n'))

    def test_help_and_own_words(self):
        said = self.ok(stdin="help get\nhelp\nput k v\ndelete k\n").decode()
        self.assertIn("GET key", said)
        self.assertIn("OK", said)
        self.assertIn("deleted 1 key", said)


class Shell(ServerCase):
    def shell(self, *words):
        return Terminal([BORGCTL, *words], self.env)

    def prompt(self):
        return rf"borg [^ ]*:{self.port()}> $"

    def test_a_conversation(self):
        with self.shell() as shell:
            shell.expect(self.prompt())
            shell.type("set color red\r")
            shell.expect("OK")
            shell.expect(self.prompt())
            shell.type('get color\r')
            shell.expect('"red"')
            shell.expect(self.prompt())
            shell.type("quit\r")
            self.assertEqual(shell.wait(), 0)

    def test_ctrl_d_ends_it(self):
        with self.shell() as shell:
            shell.expect(self.prompt())
            shell.type("\x04")
            self.assertEqual(shell.wait(), 0)

    def test_ctrl_c_clears_the_line(self):
        with self.shell() as shell:
            shell.expect(self.prompt())
            shell.type("set bad 1")
            shell.expect("bad 1")
            shell.type("\x03")
            shell.expect(self.prompt())
            shell.type("set good 1\r")
            shell.expect("OK")
            shell.expect(self.prompt())
            shell.type("\x04")
            self.assertEqual(shell.wait(), 0)
        self.assertEqual(self.redis.keys("*"), [b"good"])

    def test_completion(self):
        with self.shell() as shell:
            shell.expect(self.prompt())
            shell.type("INCRBYF\tf 1.5\r")
            shell.expect('"1.5"')
            shell.expect(self.prompt())
            shell.type("memory us\tf\r")
            shell.expect(r"\(integer\) \d+")
            shell.expect(self.prompt())
            shell.type("incr\t\t")
            shell.expect(r"incr +incrby +incrbyfloat")
            shell.type(" n\r")
            shell.expect(r"\(integer\) 1")

    def test_history_survives_and_is_private(self):
        with self.shell() as shell:
            shell.expect(self.prompt())
            for line in ("set a 1", "auth secret", "set b 2"):
                shell.type(line + "\r")
                shell.expect(self.prompt())
            shell.type("\x04")
            self.assertEqual(shell.wait(), 0)
        path = self.folder / "state" / "borg" / "history"
        self.assertEqual(path.read_text(encoding="utf-8"), "set a 1\nset b 2\n")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        with self.shell() as shell:
            shell.expect(self.prompt())
            shell.type("\x1b[A\x1b[A")
            shell.type("00\r")
            shell.expect("OK")
        self.assertEqual(self.redis.get("a"), b"100")

    def test_history_without_xdg_state_home(self):
        del self.env["XDG_STATE_HOME"]
        with self.shell() as shell:
            shell.expect(self.prompt())
            shell.type("get a\r")
            shell.expect(self.prompt())
            shell.type("\x04")
            shell.wait()
        self.assertTrue((self.folder / ".local" / "state" / "borg" / "history").is_file())

    def test_ctrl_c_ends_a_wait(self):
        if SERVER is not None:
            self.skipTest("needs BLPOP")
        with self.shell() as shell:
            shell.expect(self.prompt())
            shell.type("blpop nothing 0\r")
            self.wait_until_blocked()
            shell.type("\x03")
            shell.expect("interrupted")
            shell.expect(self.prompt())
            shell.type("set a 1\r")
            shell.expect("OK")

    def wait_until_blocked(self):
        deadline = time.monotonic() + SECONDS_MAX
        while self.redis.info("clients")["blocked_clients"] == 0:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_subscriptions_are_followed_until_ctrl_c(self):
        if SERVER is not None:
            self.skipTest("needs SUBSCRIBE")
        with self.shell() as shell:
            shell.expect(self.prompt())
            shell.type("subscribe news\r")
            shell.expect("Reading messages")
            self.redis.publish("news", "hello")
            shell.expect('"hello"')
            shell.type("\x03")
            shell.expect(self.prompt())
            shell.type("ping\r")
            shell.expect("PONG")

    def test_get_ends_its_line_on_a_terminal(self):
        self.redis.set("k", "value")
        with self.shell("get", "k") as get:
            get.expect("value\r\n")
            self.assertEqual(get.wait(), 0)

    def test_load_shows_progress_on_a_terminal(self):
        path = self.file("a.jsonl", '{"key": "a", "value": "1"}\n' * 30000)
        with self.shell("load", path) as load:
            load.expect(r"load \[[#.]+\] +\d+%  [\d,]+ records")
            load.expect(r"loaded 30,000 records in ")
            self.assertEqual(load.wait(), 0)


class Usage(Case):
    """What needs no server."""

    def port(self):
        return free_port()

    def test_help_and_version(self):
        self.assertIn(b"Examples:", self.ok("--help"))
        self.assertIn(b"--ttl", self.ok("put", "--help"))
        self.assertRegex(self.ok("--version"), rb"^borgctl \d+\.\d+\.\d+\n$")

    def test_mistakes_are_one_line(self):
        self.assertIn("unknown command frob", self.fails("frob"))
        self.assertIn("unknown flag --frob", self.fails("get", "--frob", "k"))
        self.assertIn("value is required", self.fails("put", "k"))
        self.assertIn("too many", self.fails("get", "a", "b"))
        self.assertIn("--port", self.fails("--port", "99999", "get", "k"))
        self.assertIn("--port", self.fails("get", "k", env={"BORG_PORT": "none"}))
        self.assertIn("--timeout", self.fails("--timeout", "0", "get", "k"))

    def test_nobody_listens(self):
        self.assertIn("Connection refused", self.fails("get", "k"))
        self.assertIn("Connection refused", self.fails())
        self.assertIn("cannot connect", self.fails("--host", "no.such.host.invalid", "get", "k"))

    def test_a_server_of_another_protocol(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = str(server.getsockname()[1])
            with subprocess.Popen([BORGCTL, "--port", port, "get", "k"], env=self.env,
                                  stderr=subprocess.PIPE) as get:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    said = get.stderr.read().decode()
                    self.assertEqual(get.wait(SECONDS_MAX), 1)
        self.assertRegex(said, r"^borgctl: .*not in the Redis protocol\n$")

    def test_a_silent_server_times_out(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = str(server.getsockname()[1])
            said = self.fails("--port", port, "--timeout", "0.2", "get", "k")
        self.assertIn("no answer within 0.2 s", said)


class Cluster(Case):
    """With a pretended cluster."""

    def setUp(self):
        self.store = Store()
        self.a, self.b = Node(self.store, "a"), Node(self.store, "b")
        super().setUp()
        self.addCleanup(lambda: [node.stop() for node in (self.a, self.b)])

    def port(self):
        return self.a.port

    def fill(self, count):
        self.store.data = {b"k%d" % i: (b"v%d" % i, None) for i in range(count)}

    def write_file(self, count):
        return self.file("in.jsonl", "".join(
            json.dumps({"key": f"k{i}", "value": f"v{i}"}) + "\n" for i in range(count)))

    def loaded(self, count):
        return self.store.data == {b"k%d" % i: (b"v%d" % i, None) for i in range(count)}

    def test_put_names_the_nodes(self):
        self.assertEqual(self.ok("put", "color", "red"), b"OK a (primary), b (backup)\n")
        nodes = json.loads(self.ok("put", "color", "red", "--json"))["nodes"]
        self.assertEqual(nodes[1], {"name": "b", "id": "id-b", "address": self.b.address,
                                    "role": "backup"})

    def test_whereis(self):
        table = self.ok("whereis", "color").decode().splitlines()
        self.assertEqual([line.split() for line in table],
                         [["NODE", "ADDRESS", "ROLE"], ["a", self.a.address, "primary"],
                          ["b", self.b.address, "backup"]])
        self.assertEqual(len(json.loads(self.ok("whereis", "color", "--json"))), 2)

    def test_an_error_of_the_cluster_is_said(self):
        self.a.fail["SET"] = ["NOREPLICAS 1 of 2 nodes are alive"]
        self.assertEqual(self.fails("put", "a", "1"),
                         "borgctl: NOREPLICAS 1 of 2 nodes are alive")

    def test_local_asks_the_node_itself(self):
        self.fill(12)
        self.store.data[b"two\nlines\xff"] = (b"v", None)
        lines = self.ok("local", "b").decode().splitlines()
        self.assertEqual(len(lines), 13)
        self.assertIn(r'"two\nlines\xff"', lines[-1])
        local_calls = [name for name, words in self.store.calls if words[1] == "LOCAL"]
        self.assertEqual(local_calls, ["b"] * 3)
        rows = json.loads(self.ok("local", "b", "--json"))
        self.assertEqual(rows[0], {"key": "k0", "role": "backup"})
        self.assertEqual(self.fails("local", "x"),
                         "borgctl: no node x in this cluster; it has: a b")
        self.store.data = {}
        self.assertEqual(json.loads(self.ok("local", "a", "--json")), [])

    def test_info(self):
        self.fill(1234)
        self.store.info_extra = {"under_replicated_slots": 32, "surprise": [1, {"x": None}]}
        text = self.ok("info").decode()
        self.assertRegex(text, r"NODE +ADDRESS +KEYS +PRIMARIES +BACKUPS +MEMORY +STATE\n")
        self.assertRegex(text, rf"\na +{self.a.address} +1,234 +8,192 +8,192 +1.0 MiB +active\n")
        self.assertIn("keys 1,234, copies 2", text)
        self.assertIn("under-replicated 32, moving 0, lost 0", text)
        self.assertEqual(json.loads(self.ok("info", "--json")), self.store.info())

    def test_leave_does_not_wait(self):
        self.assertEqual(self.ok("leave", "b"), b"OK\n")
        self.assertIn("no such node", self.fails("leave", "x"))
        self.assertEqual(self.store.calls, [("a", ["BORG", "LEAVE", "b"]),
                                            ("a", ["BORG", "LEAVE", "x"])])

    def test_drain_waits_until_the_node_is_empty(self):
        self.a.fail["BORG_DRAIN"] = ["TRYAGAIN another change of the members is under way"]
        self.assertEqual(self.ok("drain", "b"), b"OK\n")
        self.assertEqual(self.b.slots, 0)
        self.assertIn("no such node", self.fails("drain", "x"))

    def test_drain_of_the_last_node_is_refused(self):
        self.b.leave_cluster()
        self.assertIn("no other node", self.fails("drain", "a"))
        self.assertEqual(self.a.slots, 8192)

    def test_forget_asks_first(self):
        run = self.run_borgctl("forget", "b")
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"--yes", run.stderr)
        self.assertEqual(len(self.store.nodes), 2)
        with Terminal([BORGCTL, "forget", "b"], self.env) as forget:
            forget.expect("Type yes: ")
            forget.type("no\r")
            forget.expect("nothing was done")
            self.assertEqual(forget.wait(), 1)
        self.assertEqual(len(self.store.nodes), 2)
        with Terminal([BORGCTL, "forget", "b"], self.env) as forget:
            forget.expect(r"only copy is lost[^?]*\? Type yes: ")
            forget.type("yes\r")
            forget.expect("OK")
            self.assertEqual(forget.wait(), 0)
        self.assertEqual(self.ok("forget", "a", "--yes"), b"OK\n")
        self.assertEqual(self.store.nodes, [])

    def test_accept_loss(self):
        self.assertEqual(self.ok("accept-loss"), b"OK\n")
        self.assertEqual(self.store.calls, [("a", ["BORG", "ACCEPT-LOSS"])])

    def test_load_goes_on_at_another_node(self):
        self.a.close_after = 1500
        path = self.write_file(5000)
        run = self.run_borgctl("load", path)
        self.assertEqual(run.returncode, 0, run)
        self.assertTrue(self.loaded(5000))
        self.assertRegex(run.stderr.decode(), rf"^borgctl: {path}:\d+: k\d+: .*; trying again\n$")
        self.assertRegex(run.stdout, rb"^loaded 5,000 records in [^)]*\)\n$")

    def test_load_sends_again_what_may_do_later(self):
        self.a.fail["SET"] = ["INDOUBT unknown", "NOREPLICAS one", "CLUSTERDOWN none"] * 3
        path = self.write_file(2000)
        run = self.run_borgctl("load", path)
        self.assertEqual(run.returncode, 0, run)
        self.assertTrue(self.loaded(2000))
        self.assertIn(f"{path}:1: k0: INDOUBT unknown; trying again", run.stderr.decode())

    def test_load_keeps_the_order_of_a_key_when_it_sends_again(self):
        self.a.fail["SET"] = ["INDOUBT unknown"]
        self.ok("load", "-", stdin="".join(
            json.dumps({"key": "k", "value": str(i)}) + "\n" for i in range(500)))
        self.assertEqual(self.store.data[b"k"][0], b"499")

    def test_load_leaves_a_node_that_is_cut_off(self):
        self.a.fail["SET"] = ["NOREPLICAS alone"] * 10**6
        self.ok("load", self.write_file(300))
        self.assertTrue(self.loaded(300))

    def test_load_names_what_the_cluster_does_not_take(self):
        self.a.fail["SET"] = ["DATALOSS both copies died"]
        path = self.write_file(10)
        run = self.run_borgctl("load", path)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr.decode(),
                         f"borgctl: {path}:1: k0: DATALOSS both copies died\n")
        self.assertRegex(run.stdout, rb"^loaded 9 records in .*, 1 not loaded\n$")
        self.assertEqual(len(self.store.data), 9)

    def test_load_gives_up_in_time(self):
        self.a.fail["SET"] = ["NOREPLICAS one"] * 10**6
        self.b.fail["SET"] = self.a.fail["SET"]
        path = self.write_file(3)
        run = self.run_borgctl("load", path, "--retry-for", "0.2")
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"{path}:3: k2: not loaded: NOREPLICAS one", run.stderr.decode())

    def test_load_without_any_node_left(self):
        self.a.close_after, self.b.close_after = 1500, 0
        path = self.write_file(5000)
        run = self.run_borgctl("load", path, "--retry-for", "0.2")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr.decode(), rf"{path}:\d+: stopped: .*from this line on\n$")
        self.assertRegex(run.stdout, rb"stopped before the end")

    def test_dump_goes_on_at_another_node_and_writes_each_key_once(self):
        self.fill(500)
        self.store.scan_twice = True
        self.a.close_after = 400
        path = self.folder / "out.jsonl"
        run = self.run_borgctl("dump", str(path))
        self.assertEqual(run.returncode, 0, run)
        keys = [json.loads(line)["key"] for line in path.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(sorted(keys), sorted(f"k{i}" for i in range(500)))

    def test_dump_leaves_out_what_is_gone(self):
        self.fill(50)
        self.store.vanishing = {b"k3", b"k7"}
        self.assertEqual(len(self.ok("dump", "-").splitlines()), 48)

    def test_dump_waits_for_a_cluster_that_heals(self):
        self.fill(50)
        self.a.fail["SCAN"] = ["CLUSTERDOWN one"] * 2
        self.a.fail["GET"] = ["CLUSTERDOWN two"] * 2
        self.assertEqual(len(self.ok("dump", "-").splitlines()), 50)

    def test_dump_that_is_not_complete_is_not_taken_for_one(self):
        self.fill(50)
        self.a.fail["GET"] = ["DATALOSS both copies died"]
        path = self.file("out.jsonl", "old")
        run = self.run_borgctl("dump", path)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"1 key could not be read", run.stdout)
        self.assertEqual(Path(path).read_text(encoding="utf-8"), "old")
        rest = Path(path + ".incomplete").read_text(encoding="utf-8")
        self.assertEqual(len(rest.splitlines()), 49)

    def test_dump_fails_when_the_cluster_is_gone(self):
        self.fill(500)
        self.a.close_after, self.b.close_after = 200, 0
        path = self.folder / "out.jsonl"
        run = self.run_borgctl("dump", str(path), "--retry-for", "0.2")
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"the dump is not complete", run.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_the_shell_goes_on_at_another_node(self):
        with Terminal([BORGCTL], self.env) as shell:
            shell.expect(rf"borg {self.a.address}> $")
            shell.type("incr n\r")
            shell.expect(r"\(integer\) 1")
            shell.expect("> $")
            self.a.stop()
            shell.type("get n\r")
            shell.expect(f"connected to {self.b.address}")
            shell.expect('"1"')
            shell.expect(rf"borg {self.b.address}> $")
            self.b.stop()
            shell.type("incr n\r")
            shell.expect("unknown")
            shell.expect("no node of the cluster answers")
            shell.expect(r"borg \(not connected\)> $")
            shell.type("\x04")
            shell.wait()
        self.assertEqual(self.store.data[b"n"][0], b"1")

    def test_a_script_uses_the_words_of_borgctl(self):
        said = self.ok(stdin="set a 1\nnodes\nwhereis a\nlocal b\n").decode()
        self.assertIn("PRIMARIES", said)
        self.assertRegex(said, rf"a +{self.a.address} +primary")

    def test_a_paused_node_is_passed_over_in_the_search_for_a_port(self):
        """Only where the usual ports are free; a paused process still accepts connections."""
        try:
            silent = socket.create_server(("127.0.0.1", 7001))
            self.addCleanup(silent.close)
            self.addCleanup(Node(self.store, "c", port=7002).stop)
        except OSError:
            self.skipTest("the ports are in use")
        del self.env["BORG_PORT"]
        self.assertEqual(self.ok("put", "k", "v", "--timeout", "0.3")[:2], b"OK")


def main():
    global BORGCTL, SERVER  # pylint: disable=global-statement
    parser = argparse.ArgumentParser()
    parser.add_argument("--borgctl", required=True)
    parser.add_argument("--server", help="host:port of a running server, which is emptied")
    options, rest = parser.parse_known_args()
    BORGCTL = str(Path(options.borgctl).resolve())
    if options.server:
        host, port = options.server.rsplit(":", 1)
        SERVER = (host, int(port))
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
