#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the real borgctl.

    test_borgctl.py --borgctl build/dev/bin/borgctl [--server HOST:PORT] [unittest's arguments]

What any server of the Redis protocol can do is tested here against redis-server, or against the
one that --server names, for example a borgd: it is emptied. For the rest see test_nodes.py.
"""

import base64
import csv
import io
import json
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

from borgctl_case import OPTIONS, SECONDS_MAX, Case, main
from terminal import Terminal


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class ServerCase(Case):
    """With redis-server, or the server that was named; empty for each test."""

    server = None

    @classmethod
    def setUpClass(cls):
        cls.address = OPTIONS.server
        if OPTIONS.server is None:
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
        with subprocess.Popen([OPTIONS.borgctl, "load", "-"], stdin=subprocess.PIPE,
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
            run = subprocess.run([OPTIONS.borgctl, "get", "k1"], stdout=full,
                                 stderr=subprocess.PIPE, env=self.env, check=False,
                                 timeout=SECONDS_MAX)
        self.redis.set("k1", "v")
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"No space left", run.stderr)

    def test_a_closed_pipe_ends_it_quietly(self):
        self.fill()
        for key in range(20):
            self.redis.set(f"large{key}", "x" * 100000)
        with subprocess.Popen([OPTIONS.borgctl, "dump", "-"], stdout=subprocess.PIPE,
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
        return Terminal([OPTIONS.borgctl, *words], self.env)

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
        if OPTIONS.server is not None:
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
        if OPTIONS.server is not None:
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
        self.assertEqual(self.ok("help"), self.ok("--help"))
        for command in ("put", "nodes", "drain", "dump", "help"):
            self.assertEqual(self.ok("help", command), self.ok(command, "--help"))
        self.assertIn(b"GETRANGE key start end", self.ok("help", "getrange"))
        self.assertIn("unknown command nonsense", self.fails("help", "nonsense"))
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
            with subprocess.Popen([OPTIONS.borgctl, "--port", port, "get", "k"], env=self.env,
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


if __name__ == "__main__":
    main()
