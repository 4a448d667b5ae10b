#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the real borgctl against a pretended cluster, whose nodes fail at given moments.

    test_nodes.py --borgctl build/dev/bin/borgctl [unittest's arguments]
"""

import json
import os
import socket
import subprocess
from pathlib import Path

from borgctl_case import OPTIONS, Case, main
from fake_cluster import Node, Store
from terminal import Terminal


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

    def orders(self):
        """What nodes were told, without the questions."""
        return [words[1:] for _, words in self.store.calls if words[1] not in ("INFO", "LOCAL")]

    def test_leave_waits_until_the_node_is_gone(self):
        self.assertEqual(self.ok("leave", "b"), b"OK\n")
        self.assertEqual([node.name for node in self.store.nodes], ["a"])
        self.assertIn("no such node", self.fails("leave", "x"))
        self.assertEqual(self.orders(), [["LEAVE", "b"], ["LEAVE", "x"]])

    def test_force_and_undrain_are_passed_on(self):
        self.ok("drain", "b", "--force")
        self.ok("undrain", "b")
        self.ok("forget", "b", "--force")
        self.assertEqual(self.orders(), [["DRAIN", "b", "FORCE"], ["UNDRAIN", "b"],
                                         ["FORGET", "b", "FORCE", "CHECK"],
                                         ["FORGET", "b", "FORCE"]])

    def test_an_order_that_is_refused_is_said_and_fails(self):
        self.a.fail["BORG_LEAVE"] = ["ERR only 1 other member would take writes, and 2 must"]
        self.assertIn("only 1 other member would take writes", self.fails("leave", "b"))
        self.a.fail["BORG_ACCEPT_LOSS"] = ["ERR 16 slots of 16 slots cannot go on now"]
        self.assertIn("cannot go on now", self.fails("accept-loss"))

    def test_drain_waits_until_the_node_is_empty(self):
        self.a.fail["BORG_DRAIN"] = ["TRYAGAIN another change of the members is under way"]
        self.assertEqual(self.ok("drain", "b"), b"OK\n")
        self.assertEqual(self.b.slots, 0)
        self.assertIn("no such node", self.fails("drain", "x"))

    def test_a_node_that_is_needed_is_not_waited_for(self):
        self.b.stays = True
        self.b.extra = {"state": "draining", "members_missing": 1}
        said = self.fails("drain", "b", code=3)
        self.assertIn("b has handed over 0 % and holds 16,384 slots: it is needed until 1 more "
                      "node takes writes, as fewer than 2 others do", said)
        self.assertIn("the order stands and goes on by itself when a node joins; "
                      "borgctl undrain b takes it back", said)
        self.b.extra["state"] = "leaving"
        self.assertIn("it is needed", self.fails("leave", "b", code=3))
        text = self.ok("info").decode()
        self.assertRegex(text, r"\nb .* leaving, needed\n")
        self.assertIn("b was told to go and is needed: it keeps data until 1 more node takes "
                      "writes\n", text)

    def test_nothing_is_waited_for_without_an_end(self):
        self.b.stays = True
        self.b.extra = {"state": "draining"}
        said = self.fails("drain", "b", "--wait-for", "0.5", code=3)
        self.assertIn("holds 16,384 slots; the order stands", said)
        run = self.run_borgctl("drain", "b", "--wait-for", "6.5")
        self.assertEqual(run.returncode, 3)
        lines = run.stderr.decode().splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex(lines[0], "^borgctl: b has handed over 0 % and holds 16,384 slots; "
                                   "nothing has moved for 5")
        self.b.slots, self.b.extra = 0, {"state": "leaving"}
        self.assertIn("b holds nothing and has not left yet",
                      self.fails("leave", "b", "--wait-for", "0.5", code=3))

    def test_drain_of_the_last_node_is_refused(self):
        self.a.fail["BORG_DRAIN"] = ["ERR no other member could take what a holds"]
        self.assertIn("no other member", self.fails("drain", "a"))
        self.assertEqual(self.a.slots, 8192)

    def test_forget_asks_first(self):
        run = self.run_borgctl("forget", "b")
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"--yes", run.stderr)
        self.assertEqual(len(self.store.nodes), 2)
        with Terminal([OPTIONS.borgctl, "forget", "b"], self.env) as forget:
            forget.expect("Type yes: ")
            forget.type("no\r")
            forget.expect("nothing was done")
            self.assertEqual(forget.wait(), 1)
        self.assertEqual(len(self.store.nodes), 2)
        with Terminal([OPTIONS.borgctl, "forget", "b"], self.env) as forget:
            forget.expect(r"must start anew[^?]*\? Type yes: ")
            forget.type("yes\r")
            forget.expect("OK")
            self.assertEqual(forget.wait(), 0)
        self.assertEqual(self.ok("forget", "a", "--yes"), b"OK\n")
        self.assertEqual(self.store.nodes, [])

    def test_forget_does_not_ask_about_what_is_refused(self):
        self.a.fail["BORG_FORGET"] = ["ERR the node is alive, use BORG LEAVE"]
        self.assertEqual(self.fails("forget", "b"),
                         "borgctl: ERR the node is alive, use BORG LEAVE")
        self.assertEqual(self.fails("forget", "x")[:26], "borgctl: ERR no such node ")
        self.assertEqual(self.orders(), [["FORGET", "x", "CHECK"]])

    def test_accept_loss(self):
        self.assertEqual(self.ok("accept-loss"), b"OK\n")
        self.assertEqual(self.orders(), [["ACCEPT-LOSS"]])

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
        self.assertEqual(os.listdir(self.folder), ["out.jsonl.incomplete"])
        lines = Path(f"{path}.incomplete").read_text(encoding="utf-8").splitlines()
        self.assertGreater(len({json.loads(line)["key"] for line in lines}), 0)
        self.assertIn(f"{len(lines)} record".encode(), run.stderr)

    def test_dump_writes_what_is_there_and_names_the_slots_that_are_lost(self):
        self.fill(50)
        self.store.lost = [(32, 47), (16, 31), (16000, 16015)]
        path = self.file("out.jsonl", "old")
        run = self.run_borgctl("dump", path)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, b"borgctl: 48 slots are lost and the dump has none of their "
                                     b"keys: 16-47 16000-16015\n")
        self.assertIn(f"dumped 50 records".encode(), run.stdout)
        self.assertEqual(Path(path).read_text(encoding="utf-8"), "old")
        rest = Path(path + ".incomplete").read_text(encoding="utf-8")
        self.assertEqual(len(rest.splitlines()), 50)

    def test_dump_writes_what_can_be_read_and_names_the_slots_that_nobody_serves(self):
        self.fill(50)
        self.store.unserved = [(32 * i, 32 * i + 15) for i in range(20)]
        self.store.lost = [(16, 31)]
        path = self.file("out.jsonl", "old")
        run = self.run_borgctl("dump", path, "--retry-for", "0.2")
        self.assertEqual(run.returncode, 1)
        said = run.stderr.decode().splitlines()
        self.assertIn("waiting", said[0])
        self.assertIn("going on without the slots that no node serves", said[1])
        self.assertEqual(said[2], "borgctl: 16 slots are lost and the dump has none of their keys: "
                                  "16-31")
        self.assertEqual(said[3], "borgctl: 320 slots are served by no node now and the dump has "
                                  "none of their keys: 0-15 32-47 64-79 96-111 128-143 160-175 "
                                  "192-207 224-239 256-271 288-303 and 10 more ranges")
        self.assertEqual(Path(path).read_text(encoding="utf-8"), "old")
        rest = Path(path + ".incomplete").read_text(encoding="utf-8")
        self.assertEqual(len(rest.splitlines()), 50)
        known = self.store.known_unserved
        self.assertEqual(known[0], "")
        self.assertTrue(known[1].startswith("0-15,32-47,"), known)

    def test_dump_waits_before_it_goes_on_without_anything(self):
        self.fill(50)
        self.a.fail["SCAN"] = ["CLUSTERDOWN one"] * 3
        run = self.run_borgctl("dump", "-")
        self.assertEqual((run.returncode, len(run.stdout.splitlines())), (0, 50))
        self.assertEqual(self.store.known_unserved, [])

    def test_dump_passes_over_keys_that_ceased_to_be_served(self):
        self.fill(50)
        self.a.fail["GET"] = ["CLUSTERDOWN one"] * 10**6
        run = self.run_borgctl("dump", str(self.folder / "out.jsonl"), "--retry-for", "0.1")
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"50 keys could not be read", run.stdout)
        self.assertLess(len(run.stderr.splitlines()), 30)
        self.assertEqual(os.listdir(self.folder), ["out.jsonl.incomplete"])

    def test_dump_onto_a_full_disk_leaves_nothing_that_looks_complete(self):
        self.store.data = {b"k%d" % i: (b"v" * 1000, None) for i in range(100)}
        path = self.file("out.jsonl", "old")
        run = subprocess.run(["sh", "-c", "ulimit -f 16; exec \"$@\"", "sh", OPTIONS.borgctl,
                              "dump", path], capture_output=True, env=self.env, check=False)
        self.assertEqual(run.returncode, 1, run)
        self.assertRegex(run.stderr.decode(), rf"^borgctl: cannot write {path}: File too large; "
                                              rf"what was read is removed, {path} is as it was\n$")
        self.assertEqual(os.listdir(self.folder), ["out.jsonl"])
        self.assertEqual(Path(path).read_text(encoding="utf-8"), "old")
        with open("/dev/full", "wb") as full:
            run = subprocess.run([OPTIONS.borgctl, "dump", "-"], stdout=full, env=self.env,
                                 stderr=subprocess.PIPE, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"cannot write stdout: No space left", run.stderr)

    def test_the_shell_goes_on_at_another_node(self):
        with Terminal([OPTIONS.borgctl], self.env) as shell:
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

    def test_a_word_of_borgctl_wins_and_redis_in_front_sends_it(self):
        self.fill(5)
        path = self.folder / "out.jsonl"
        for word in ("dump", "DUMP"):
            self.assertIn("dumped 5 records", self.ok(stdin=f"{word} {path}\n").decode())
        self.assertEqual(len(path.read_text(encoding="utf-8").splitlines()), 5)
        run = self.run_borgctl(stdin="redis DUMP k1\nredis get k1\nredis\n")
        self.assertIn(b"unknown command 'DUMP'", run.stdout)  # of the server's: it has none
        self.assertIn(b'"v1"', run.stdout)
        self.assertIn(b"stands behind redis", run.stderr)
        self.assertEqual(run.returncode, 1)

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


if __name__ == "__main__":
    main()
