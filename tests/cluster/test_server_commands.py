#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients and people ask of a node, which has two threads here: CLIENT, SLOWLOG, INFO …"""

import threading

from case import ClusterCase, SharedCase, main
from cluster import CommandError
from processes import resp_client, wait_until


def fields(text):
    """INFO's lines."""
    pairs = (line.partition(":") for line in text.decode().split("\r\n"))
    return {name: value for name, _, value in pairs if value}


def client_of(node, client_id):
    """The fields of its line of CLIENT LIST, or None."""
    for line in node.call("CLIENT", "LIST", "ID", client_id).decode().splitlines():
        return dict(word.partition("=")[::2] for word in line.split(" "))
    return None


class Clients(SharedCase):
    def connect(self, node):
        client = node.client()
        self.addCleanup(client.close)
        return client

    def test_clients_of_all_threads_are_listed_and_killed(self):
        node = self.nodes[0]
        clients = [self.connect(node) for _ in range(6)]
        ids = [client("CLIENT", "ID") for client in clients]
        listed = node.call("CLIENT", "LIST").decode()
        for client_id in ids:
            self.assertIn(f"id={client_id} ", listed)
        for client, client_id in zip(clients, ids):
            self.assertEqual(node.call("CLIENT", "KILL", "ID", client_id), 1)
            with self.assertRaises(resp_client.Closed):
                client("PING")
        self.assertIsNone(client_of(node, ids[0]))
        self.assertEqual(node.call("PING"), b"PONG")

    def test_who_kills_itself_gets_the_answer(self):
        client = self.connect(self.nodes[0])
        own_id = client("CLIENT", "ID")
        self.assertEqual(client("CLIENT", "KILL", "ID", own_id, "SKIPME", "no"), 1)
        with self.assertRaises(resp_client.Closed):
            client("PING")

    def test_a_pause_holds_writes_of_all_threads_and_loses_none(self):
        node = self.nodes[0]
        self.assertEqual(node.call("CLIENT", "PAUSE", 60000, "WRITE"), b"OK")
        threads = [threading.Thread(target=node.call, args=("INCR", "n")) for _ in range(6)]
        for thread in threads:
            thread.start()
        wait_until(lambda: node.call("CLIENT", "LIST").count(b" flags=b ") == 6, "all wait")
        self.assertIsNone(node.call("GET", "n"))
        self.assertEqual(self.nodes[1].call("SET", "other", "v"), b"OK")  # not of this node
        self.assertEqual(node.call("CLIENT", "UNPAUSE"), b"OK")
        for thread in threads:
            thread.join()
        self.assertEqual(node.call("GET", "n"), b"6")

    def test_idle_clients_are_closed_if_somebody_wants_that(self):
        node = self.nodes[2]
        idle = self.connect(node)
        idle_id = idle("CLIENT", "ID")
        try:
            node.call("CONFIG", "SET", "timeout", 1)
            wait_until(lambda: client_of(node, idle_id) is None, "the idle client is closed")
        finally:
            node.call("CONFIG", "SET", "timeout", 0)

    def test_one_client_too_many_is_turned_away(self):
        node = self.nodes[1]
        before = int(fields(node.call("INFO", "stats"))["rejected_connections"])
        admin = self.connect(node)
        for _ in range(2):  # once more: a place is given back a moment after its client has gone
            wait_until(lambda: fields(admin("INFO"))["connected_clients"] == "1",
                       "nobody else is connected")
        try:
            self.assertEqual(admin("CONFIG", "SET", "maxclients", 3), b"OK")
            clients = [self.connect(node) for _ in range(2)]
            self.assertEqual([client("PING") for client in clients], [b"PONG"] * 2)
            with node.client() as refused:
                reply = refused.connection.read_line()
                self.assertEqual(reply, b"-ERR max number of clients reached")
                with self.assertRaises(resp_client.Closed):
                    refused.connection.fill()
            info = fields(admin("INFO"))
            self.assertEqual(int(info["rejected_connections"]), before + 1)
            self.assertEqual(info["maxclients"], "3")
            self.assertEqual(info["connected_clients"], "3")
            clients[0].close()
            wait_until(lambda: self.is_taken(node), "there is a place for another client")
        finally:
            admin("CONFIG", "SET", "maxclients", 10000)
        self.assertEqual(node.call("PING"), b"PONG")

    def is_taken(self, node):
        try:
            with node.client() as client:
                return client("PING") == b"PONG"
        except (CommandError, resp_client.Closed):
            return False

    def test_a_monitor_sees_clients_of_all_threads(self):
        node = self.nodes[0]
        with node.client() as watcher:
            self.assertEqual(watcher("MONITOR"), b"OK")
            for i in range(6):
                node.call("SET", f"seen:{i}", "v")
            lines = [watcher.connection.read().value.decode() for _ in range(6)]
        self.assertEqual([line.split("] ")[1] for line in lines],
                         [f'"SET" "seen:{i}" "v"' for i in range(6)])


class Statistics(SharedCase):
    def test_info_counts_commands_errors_and_latencies_of_all_threads(self):
        node = self.nodes[0]
        self.assertEqual(node.call("CONFIG", "RESETSTAT"), b"OK")
        for _ in range(6):
            node.call("ECHO", "x")
            with self.assertRaises(CommandError):
                node.call("ECHO")
            with self.assertRaises(CommandError):
                node.call("NOSUCH")
        node.call("SET", "text", "text")
        with self.assertRaises(CommandError):
            node.call("LPUSH", "text", "x")
        info = fields(node.call("INFO", "everything"))
        self.assertRegex(info["cmdstat_echo"],
                         r"^calls=6,usec=\d+,usec_per_call=[\d.]+,rejected_calls=6,failed_calls=0$")
        self.assertRegex(info["cmdstat_lpush"], r"^calls=1,")
        self.assertEqual(info["errorstat_ERR"], "count=12")
        self.assertEqual(info["errorstat_WRONGTYPE"], "count=1")
        self.assertRegex(info["latency_percentiles_usec_echo"],
                         r"^p50=[\d.]+,p99=[\d.]+,p99\.9=[\d.]+$")
        self.assertEqual(info["redis_version"], "7.0.15")
        self.assertGreater(int(info["used_memory_rss"]), 1_000_000)
        self.assertEqual(int(info["process_id"]), node.pid)
        self.assertGreater(int(info["total_net_output_bytes"]), 0)

    def test_look_ups_are_counted_where_the_keys_are(self):
        def counts():
            infos = [fields(node.call("INFO", "stats")) for node in self.nodes]
            return [sum(int(info[f"keyspace_{name}"]) for info in infos)
                    for name in ("hits", "misses")]

        before = counts()
        node = self.nodes[0]
        node.call("SET", "looked-up", 1)
        node.call("MGET", "looked-up", "none", "nothing")
        node.call("GET", "looked-up")
        self.assertEqual(counts(), [before[0] + 2, before[1] + 2])
        for each in self.nodes:
            each.call("CONFIG", "RESETSTAT")
        self.assertEqual(counts(), [0, 0])

    def all_slow(self):
        """The commands in the slow logs of all nodes, but those that read them."""
        entries = [each.call("SLOWLOG", "GET", "-1") for each in self.nodes]
        return [[b" ".join(entry[3]) for entry in log
                 if entry[3][-1].startswith(b"slow:") or entry[3] == [b"EXEC"]] for log in entries]

    def test_a_slow_command_is_logged_once_where_it_was_executed(self):
        for each in self.nodes:
            each.call("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 10_000)
            each.call("SLOWLOG", "RESET")
        try:
            for each in self.nodes:
                with each.client() as client:
                    client("INCR", f"slow:{each.port}")
                    client("MULTI")
                    client("DECR", f"slow:{each.port}")
                    client("GET", f"slow:{each.port}")
                    client("EXEC")
            logs = self.all_slow()
        finally:
            for each in self.nodes:
                each.call("CONFIG", "SET", "slowlog-log-slower-than", 10_000)
        expected = [f"{name} slow:{each.port}".encode()
                    for each in self.nodes for name in ("INCR", "DECR", "GET")]
        self.assertEqual(sorted(entry for log in logs for entry in log), sorted(expected))
        for each in self.nodes:
            own = [log for log in logs if f"INCR slow:{each.port}".encode() in log]
            self.assertIn(f"DECR slow:{each.port}".encode(), own[0], "the same primary")

    def test_failed_calls_are_counted_wherever_they_fail(self):
        node = self.nodes[0]
        node.call("CONFIG", "RESETSTAT")
        for i in range(30):
            node.call("SET", f"text:{i}", "x")
            self.assert_error("WRONGTYPE", node.call, "LPUSH", f"text:{i}", "x")
        info = fields(node.call("INFO", "commandstats"))
        self.assertRegex(info["cmdstat_lpush"], "^calls=30,.*,failed_calls=30$")
        self.assertRegex(info["cmdstat_set"], "^calls=30,.*,failed_calls=0$")

    def test_errors_in_transactions_are_those_of_their_commands(self):
        node = self.nodes[0]
        node.call("CONFIG", "RESETSTAT")
        for i in range(12):  # with primaries on all nodes
            with node.client() as client:
                client("SET", f"text:{i}", "x")
                client("MULTI")
                client("LPUSH", f"text:{i}", "x")
                client("GET", f"text:{i}")
                if i % 2:
                    client("ECHO", "x")
                self.assert_error("WRONGTYPE", client, "EXEC")
        info = fields(node.call("INFO", "everything"))
        self.assertRegex(info["cmdstat_lpush"], "^calls=12,.*,rejected_calls=0,failed_calls=12$")
        self.assertRegex(info["cmdstat_get"], "^calls=12,.*,failed_calls=0$")
        self.assertRegex(info["cmdstat_echo"], "^calls=6,.*,failed_calls=0$")
        self.assertRegex(info["cmdstat_exec"], "^calls=12,.*,failed_calls=0$")
        self.assertEqual(info["errorstat_WRONGTYPE"], "count=12")
        self.assertEqual(info["total_error_replies"], "12")

    def test_a_write_that_is_refused_for_memory_is_no_call(self):
        node = self.nodes[0]
        try:
            for each in self.nodes:
                each.call("CONFIG", "SET", "maxmemory", 1)
            node.call("CONFIG", "RESETSTAT")
            for i in range(12):
                self.assert_error("OOM", node.call, "SET", f"key:{i}", "v")
            info = fields(node.call("INFO", "everything"))
        finally:
            for each in self.nodes:
                each.call("CONFIG", "SET", "maxmemory", 0)
        self.assertRegex(info["cmdstat_set"], "^calls=0,.*,rejected_calls=12,failed_calls=0$")
        self.assertEqual(info["errorstat_OOM"], "count=12")

    def test_what_a_node_answers_with_the_help_of_others_has_latencies(self):
        node = self.nodes[0]
        node.call("CONFIG", "RESETSTAT")
        for words in ("CLIENT LIST", "CLIENT KILL ID 12345", "CLIENT UNPAUSE", "SLOWLOG LEN",
                      "CLIENT UNBLOCK 12345", "LATENCY RESET", "SCAN 0",
                      "CLUSTER COUNTKEYSINSLOT 1", "MONITOR"):
            for _ in range(4):  # of both threads
                with node.client() as client:
                    client(*words.split())
        histogram = node.call("LATENCY", "HISTOGRAM")
        calls = {name.decode(): entry[1] for name, entry in zip(histogram[::2], histogram[1::2])}
        for name in ("client|list", "client|kill", "client|unpause", "client|unblock", "scan",
                     "slowlog|len", "latency|reset", "cluster|countkeysinslot", "monitor"):
            self.assertEqual(calls.get(name), 4, name)

    def test_a_reset_is_the_first_that_counts_again(self):
        node = self.nodes[0]
        node.call("SET", "counted", 1)
        node.call("CONFIG", "RESETSTAT")
        histogram = node.call("LATENCY", "HISTOGRAM")
        self.assertEqual(histogram[0], b"config|resetstat")
        self.assertNotIn(b"set", histogram)
        self.assertRegex(fields(node.call("INFO", "commandstats"))["cmdstat_config|resetstat"],
                         "^calls=1,")

    def test_all_commands_are_listed_with_their_subcommands(self):
        names = self.nodes[0].call("COMMAND", "LIST")
        self.assertLessEqual({b"get", b"client", b"client|list", b"borg|cas"}, set(names))

    def test_channels_of_all_threads_are_counted_once(self):
        node = self.nodes[0]
        clients = [node.client() for _ in range(4)]
        try:
            for i, client in enumerate(clients):
                client("SUBSCRIBE", "all")
                client("PSUBSCRIBE", f"own{i}*")
            wait_until(lambda: fields(node.call("INFO", "stats"))["pubsub_patterns"] == "4",
                       "all patterns are counted")
            info = fields(node.call("INFO", "stats"))
            self.assertEqual(info["pubsub_channels"], "1")
            self.assertEqual(info["pubsubshard_channels"], "0")
            self.assertEqual(fields(self.nodes[1].call("INFO", "stats"))["pubsub_channels"], "0")
        finally:
            for client in clients:
                client.close()

    def test_memory_stats_say_what_info_says(self):
        node = self.nodes[0]
        for i in range(30):  # some of them are here
            node.call("SET", f"counted{i}", "x" * 1000)
        words = node.call("MEMORY", "STATS")
        stats = dict(zip(words[::2], words[1::2]))
        self.assertGreater(stats[b"keys.count"], 0)
        self.assertGreaterEqual(stats[b"peak.allocated"], stats[b"total.allocated"])
        # All that the node holds: its data, and what clients and links have under way.
        self.assertGreater(stats[b"dataset.bytes"], 1000)
        self.assertGreaterEqual(stats[b"total.allocated"], stats[b"dataset.bytes"])
        self.assertGreater(stats[b"clients.normal"], 0)
        self.assertGreater(float(stats[b"fragmentation"]), 0)
        self.assert_error("ERR", node.call, "MEMORY", "STATS", "x")

    def test_sections_are_those_that_are_asked_for(self):
        node = self.nodes[0]

        def titles(*sections):
            text = node.call("INFO", *sections).decode()
            return [line[2:] for line in text.split("\r\n") if line.startswith("# ")]

        self.assertEqual(titles("cpu", "Memory"), ["Memory", "CPU"])
        self.assertNotIn("Commandstats", titles())
        self.assertIn("Commandstats", titles("all"))
        self.assertNotIn("Modules", titles("all"))
        self.assertIn("Modules", titles("everything"))
        self.assertEqual(titles("nonsense"), [])

    def test_the_rate_of_commands_is_measured(self):
        node, stop = self.nodes[0], threading.Event()
        quiet = node.info_field("instantaneous_ops_per_sec")

        def ask():
            with node.client() as client:
                while not stop.is_set():
                    client.pipeline([("PING",)] * 500)

        def rate():
            return node.info_field("instantaneous_ops_per_sec")

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            wait_until(lambda: rate() > 10 * (quiet + 20), "the rate rises")
        finally:
            stop.set()
            thread.join()
        wait_until(lambda: rate() < 10 * (quiet + 20), "the rate falls")


class Slow(ClusterCase):
    """DEBUG SLEEP makes a thread stand still for a moment."""

    def test_slow_commands_of_a_transaction_are_kept(self):
        node = self.cluster().start("a", flags=("--enable-debug", "--min-copies", "1"))
        node.call("CONFIG", "SET", "slowlog-log-slower-than", 100_000)
        for asks_primary in (False, True):
            with node.client() as client:
                client("MULTI")
                client("DEBUG", "SLEEP", "0.15")
                if asks_primary:
                    client("GET", "k")
                client("EXEC")
        log = node.call("SLOWLOG", "GET")
        self.assertEqual([entry[3] for entry in log], [[b"DEBUG", b"SLEEP", b"0.15"]] * 2)
        histogram = node.call("LATENCY", "HISTOGRAM", "debug")
        self.assertEqual(histogram[1][1], 2)

    def test_slow_commands_and_latency_events_of_all_threads_are_kept(self):
        node = self.cluster().start("a", flags=("--enable-debug", "--min-copies", "1"))
        self.assertEqual(node.call("CONFIG", "GET", "enable-debug-command"),
                         [b"enable-debug-command", b"yes"])
        node.call("CONFIG", "SET", "slowlog-log-slower-than", 100_000,
                  "latency-monitor-threshold", 100)
        for i in range(3):
            with node.client() as client:
                client("CLIENT", "SETNAME", f"client-{i}")
                self.assertEqual(client("DEBUG", "SLEEP", "0.15"), b"OK")
        log = node.call("SLOWLOG", "GET")
        self.assertEqual([entry[3] for entry in log], [[b"DEBUG", b"SLEEP", b"0.15"]] * 3)
        self.assertEqual([entry[5] for entry in log], [b"client-2", b"client-1", b"client-0"])
        self.assertEqual([entry[0] for entry in log], [2, 1, 0])
        for entry in log:
            self.assertGreaterEqual(entry[2], 140_000)
        latest = node.call("LATENCY", "LATEST")
        self.assertEqual([event[0] for event in latest], [b"command"])
        self.assertGreaterEqual(latest[0][3], 140)
        self.assertGreaterEqual(len(node.call("LATENCY", "HISTORY", "command")), 1)
        self.assertIn(b"all time high", node.call("LATENCY", "GRAPH", "command"))
        self.assertIn(b"worst", node.call("LATENCY", "DOCTOR"))
        self.assertEqual(node.call("LATENCY", "RESET"), 1)
        self.assertEqual(node.call("SLOWLOG", "RESET"), b"OK")
        self.assertEqual(node.call("SLOWLOG", "LEN"), 0)

    def test_debug_shows_how_a_value_is_kept_on_whatever_node(self):
        cluster = self.cluster()
        nodes = [cluster.start(name, flags=("--enable-debug",)) for name in "ab"]
        cluster.wait_settled()
        for key in ("k1", "k2", "k3", "k4"):
            nodes[0].call("SET", key, "text")
            shown = nodes[1].call("DEBUG", "OBJECT", key)
            self.assertRegex(shown, rb"^Value at:0x[0-9a-f]+ refcount:1 encoding:embstr "
                                    rb"serializedlength:5 lru:0 lru_seconds_idle:0$")
        text = self.assert_error("ERR", nodes[1].call, "DEBUG", "OBJECT", "nothing")
        self.assertIn("no such key", text)

    def test_debug_shows_a_reply_of_each_type(self):
        node = self.cluster().start("a", flags=("--enable-debug", "--min-copies", "1"))

        def lines(version, kind, count):
            with node.client() as client:
                client("HELLO", version)
                client.connection.send_command([b"DEBUG", b"PROTOCOL", kind])
                return [client.connection.read_line() for _ in range(count)]

        behind = b"Some real reply following the attribute"
        self.assertEqual(lines(2, b"attrib", 2), [b"$39", behind])
        self.assertEqual(lines(3, b"attrib", 9), [b"|1", b"$14", b"key-popularity", b"*2", b"$7",
                                                  b"key:123", b":90", b"$39", behind])
        self.assertEqual(lines(3, b"push", 6), [b">2", b"$16", b"server-cpu-usage", b":42", b"$40",
                                                b"Some real reply following the push reply"])
        self.assertEqual(lines(2, b"push", 1), [b"-ERR RESP2 is not supported by this command"])
        number = b"1234567999999999999999999999999999999"
        self.assertEqual(lines(3, b"bignum", 1), [b"(" + number])
        self.assertEqual(lines(2, b"bignum", 2), [b"$37", number])

    def test_debug_is_refused_unless_it_was_allowed(self):
        node = self.cluster().start("a", flags=("--min-copies", "1"))
        text = self.assert_error("ERR", node.call, "DEBUG", "SLEEP", "0")
        self.assertIn("DEBUG command not allowed", text)

    def test_expiry_in_the_background_can_be_stopped(self):
        node = self.cluster().start("a", flags=("--enable-debug", "--min-copies", "1"))
        self.assertEqual(node.call("DEBUG", "SET-ACTIVE-EXPIRE", "0"), b"OK")
        with node.client() as client:
            client.pipeline([("SET", f"k{i}", "v", "PX", 1) for i in range(100)])
            client("DEBUG", "SLEEP", "0.3")
        self.assertEqual(node.info_field("expired_keys"), 0)
        self.assertEqual(node.call("DEBUG", "SET-ACTIVE-EXPIRE", "1"), b"OK")
        wait_until(lambda: node.info_field("expired_keys") == 100, "the keys are gone")

    def test_shutdown_leaves_in_order(self):
        cluster = self.cluster("a", "b")
        a, b = cluster["a"], cluster["b"]
        b.call("SET", "k", "v")
        with self.assertRaises(resp_client.Closed):
            a.call("SHUTDOWN", "NOSAVE")
        self.assertEqual(a.wait(), 0)
        del cluster.nodes["a"]
        self.assertEqual(b.call("GET", "k"), b"v")


if __name__ == "__main__":
    main()
