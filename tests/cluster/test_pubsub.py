#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages from clients of any node to clients of any node, while nodes die and stand still."""

import contextlib
import socket
import threading
from collections import defaultdict

from case import ClusterCase, SharedCase, main
from cluster import plain
from processes import resp_client, wait_until

MESSAGES = 400


class Subscriber:
    """Takes messages on a thread of its own until it is closed."""

    def __init__(self, node, channels=(), patterns=(), shards=()):
        self.client = node.client()
        self.messages = []
        expected = [(b"SUBSCRIBE", channels), (b"PSUBSCRIBE", patterns), (b"SSUBSCRIBE", shards)]
        for command, names in expected:
            if names:
                self.client.connection.send_command([command, *map(str.encode, names)])
                for _ in names:
                    reply = plain(self.client.connection.read())
                    assert reply[0] == command.lower(), reply
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        with contextlib.suppress(resp_client.Closed, OSError):
            while True:
                self.messages.append(plain(self.client.connection.read()))

    def close(self):
        with contextlib.suppress(OSError):
            self.client.connection.socket.shutdown(socket.SHUT_RDWR)
        self.client.close()
        self.thread.join()


class PubSub(SharedCase):
    """What holds in a cluster in which nothing happens."""

    def setUp(self):
        super().setUp()
        self.subscribers = []

    def tearDown(self):
        for subscriber in self.subscribers:
            subscriber.close()

    def subscriber(self, node, **names):
        self.subscribers.append(Subscriber(node, **names))
        return self.subscribers[-1]

    def test_a_message_reaches_every_subscriber_once(self):
        # Several of each node, so that all its workers have some.
        subscribers = [self.subscriber(node, channels=["news", "other"], patterns=["n*"])
                       for node in self.nodes for _ in range(4)]
        for i, node in enumerate(self.nodes * 3):
            self.assertEqual(node.call("PUBLISH", "news", i), 2 * len(subscribers))
            self.assertEqual(node.call("PUBLISH", "nothing", i), len(subscribers))
            self.assertEqual(node.call("SPUBLISH", "news", i), 0)
        wanted = []
        for i in range(9):
            text = str(i).encode()
            wanted += [[b"message", b"news", text], [b"pmessage", b"n*", b"news", text],
                       [b"pmessage", b"n*", b"nothing", text]]
        for subscriber in subscribers:
            wait_until(lambda s=subscriber: len(s.messages) >= len(wanted), "all came")
            self.assertEqual(subscriber.messages, wanted)

    def test_what_is_confirmed_counts_at_once_and_what_is_ended_no_more(self):
        for i in range(200):
            here, there = self.nodes[i % 3], self.nodes[(i + 1) % 3]
            with here.client() as client:
                self.assertEqual(client("SUBSCRIBE", f"c{i}"), [b"subscribe", b"c%d" % i, 1])
                self.assertEqual(there.call("PUBLISH", f"c{i}", "x"), 1)
                self.assertEqual(plain(client.connection.read())[2], b"x")
                self.assertEqual(client("UNSUBSCRIBE"), [b"unsubscribe", b"c%d" % i, 0])
                self.assertEqual(there.call("PUBLISH", f"c{i}", "x"), 0)

    def test_pubsub_answers_for_all_nodes(self):
        for i, node in enumerate(self.nodes):
            self.subscriber(node, channels=["all", f"c{i}"], patterns=["p*", f"q{i}*"],
                            shards=["s"])
        for node in self.nodes:
            self.assertEqual(set(node.call("PUBSUB", "CHANNELS")), {b"all", b"c0", b"c1", b"c2"})
            self.assertEqual(node.call("PUBSUB", "NUMSUB", "all", "c1", "none"),
                             [b"all", 3, b"c1", 1, b"none", 0])
            self.assertEqual(node.call("PUBSUB", "NUMPAT"), 4)
            self.assertEqual(node.call("PUBSUB", "SHARDCHANNELS"), [b"s"])
            self.assertEqual(node.call("PUBSUB", "SHARDNUMSUB", "s"), [b"s", 3])

    def test_who_goes_without_a_word_counts_no_more(self):
        self.subscriber(self.nodes[0], channels=["c"], patterns=["*"]).close()
        wait_until(lambda: self.nodes[1].call("PUBLISH", "c", "x") == 0, "it is forgotten")
        self.assertEqual(self.nodes[2].call("PUBSUB", "NUMPAT"), 0)

    def test_who_does_not_read_is_disconnected_and_holds_up_nobody(self):
        with self.nodes[0].client() as deaf:
            deaf("SUBSCRIBE", "big")
            reader = self.subscriber(self.nodes[0], channels=["big"])
            message = "x" * (1 << 20)
            sent = 0
            with self.nodes[1].client() as client:
                # Its limit and what the sockets hold.
                for _ in range(100):
                    receivers = client("PUBLISH", "big", message)
                    sent += 1
                    if receivers == 1:
                        break
                self.assertEqual(client("PUBLISH", "big", "end"), 1, "it is gone")
            self.assertGreater(sent, 32)
            wait_until(lambda: len(reader.messages) == sent + 1, "the other has all")
            self.assertRaises(resp_client.Closed, self.read_all, deaf)

    @staticmethod
    def read_all(client):
        while True:
            client.connection.read()


class KeyspaceEvents(SharedCase):
    """Events of the keys of all nodes, heard at any node."""

    def setUp(self):
        super().setUp()
        self.subscribers = []

    def tearDown(self):
        for subscriber in self.subscribers:
            subscriber.close()
        self.nodes[0].call("CONFIG", "SET", "notify-keyspace-events", "")

    def listen(self, letters, **names):
        """A subscriber at each node."""
        setter = self.nodes[1]
        self.assertEqual(setter.call("CONFIG", "SET", "notify-keyspace-events", letters), b"OK")
        self.subscribers = [Subscriber(node, **names) for node in self.nodes]

    def heard(self, subscriber):
        """{channel: [message]}"""
        found = defaultdict(list)
        for words in list(subscriber.messages):
            found[words[-2].decode()].append(words[-1].decode())
        return found

    def test_every_node_hears_of_every_key_in_order(self):
        self.listen("KEA", patterns=["__key*"])
        for node in self.nodes:
            self.assertEqual(node.call("CONFIG", "GET", "notify-keyspace-events")[1], b"AKE")
        wanted = defaultdict(list)
        for i in range(60):
            with self.nodes[i % 3].client() as client:
                client.pipeline([("SET", f"k{i}", "v"), ("EXPIRE", f"k{i}", 100),
                                 ("RPUSH", f"l{i}", "a"), ("DEL", f"k{i}"), ("LPOP", f"l{i}")])
            wanted[f"__keyspace@0__:k{i}"] = ["set", "expire", "del"]
            wanted[f"__keyspace@0__:l{i}"] = ["rpush", "lpop", "del"]
        for event in ("set", "expire"):
            wanted["__keyevent@0__:" + event] = sorted(f"k{i}" for i in range(60))
        for event in ("rpush", "lpop"):
            wanted["__keyevent@0__:" + event] = sorted(f"l{i}" for i in range(60))
        wanted["__keyevent@0__:del"] = sorted([f"k{i}" for i in range(60)] +
                                              [f"l{i}" for i in range(60)])

        def shown(subscriber):
            heard = self.heard(subscriber)
            return {c: sorted(m) if "keyevent" in c else m for c, m in heard.items()}
        for subscriber in self.subscribers:
            with contextlib.suppress(AssertionError):
                wait_until(lambda s=subscriber: shown(s) == wanted, "all came", 20)
            self.assertEqual(shown(subscriber), wanted)

    def test_the_channels_may_be_subscribed_one_by_one(self):
        names = [f"__keyspace@0__:k{i}" for i in range(20)] + ["__keyevent@0__:set"]
        self.listen("KE$", channels=names)
        for i in range(20):
            self.nodes[i % 3].call("SET", f"k{i}", "v")
        for subscriber in self.subscribers:
            wait_until(lambda s=subscriber: len(s.messages) >= 40, "all came")
            heard = self.heard(subscriber)
            self.assertEqual(sorted(heard.pop("__keyevent@0__:set")),
                             sorted(f"k{i}" for i in range(20)))
            self.assertEqual(heard, {name: ["set"] for name in names[:-1]})

    def test_each_expired_key_is_told_of_once(self):
        self.listen("Ex", channels=["__keyevent@0__:expired"])
        keys = {f"k{i}" for i in range(40)}
        for i, key in enumerate(sorted(keys)):
            self.nodes[i % 3].call("SET", key, "v", "PX", 30 + i)
        for _ in range(20):
            for key in sorted(keys)[:10]:
                self.nodes[0].call("GET", key)
        for subscriber in self.subscribers:
            wait_until(lambda s=subscriber: len(s.messages) >= 40, "all came")
            self.assertEqual(sorted(self.heard(subscriber)["__keyevent@0__:expired"]),
                             sorted(keys))

    def test_off_means_off(self):
        self.listen("KEA", patterns=["*"])
        self.nodes[2].call("CONFIG", "SET", "notify-keyspace-events", "")
        for i in range(20):
            self.nodes[i % 3].call("SET", f"k{i}", "v")
        self.assertEqual(self.nodes[0].call("PUBLISH", "end", "x"), 3)
        for subscriber in self.subscribers:
            wait_until(lambda s=subscriber: s.messages, "the end came")
            self.assertEqual(subscriber.messages, [[b"pmessage", b"*", b"end", b"x"]])


class KeyspaceEventsInTrouble(ClusterCase):
    def test_a_node_that_joins_knows_the_setting(self):
        cluster = self.cluster("a", "b")
        cluster["a"].call("CONFIG", "SET", "notify-keyspace-events", "KA")
        cluster.form("c")
        self.assertEqual(cluster["c"].call("CONFIG", "GET", "notify-keyspace-events")[1], b"AK")
        subscriber = Subscriber(cluster["b"], patterns=["__keyspace*"])
        for i in range(60):
            cluster["c"].call("SET", f"k{i}", "v")
        wait_until(lambda: len(subscriber.messages) == 60, "all came")
        subscriber.close()

    def test_who_takes_over_tells_of_what_happens_from_then_on(self):
        cluster = self.cluster("a", "b", "c")
        cluster["a"].call("CONFIG", "SET", "notify-keyspace-events", "K$")
        subscriber = Subscriber(cluster["a"], patterns=["__keyspace*"])
        keys = [f"k{i}" for i in range(30)]
        with cluster["a"].client() as client:
            client.pipeline([("INCR", key) for key in keys])
            cluster.kill("c")
            replies = client.pipeline([("INCR", key) for key in keys])
            self.assertEqual(replies, [2] * len(keys))
            client.pipeline([("INCR", key) for key in keys])
        # What was answered after the death was executed by whoever tells of it.
        def counts():
            found = defaultdict(int)
            for words in list(subscriber.messages):
                found[words[2].decode().partition(":")[2]] += 1
            return found
        wait_until(lambda: all(counts()[key] >= 2 for key in keys), "all came")
        self.assertLessEqual(max(counts().values()), 3, "none twice")
        subscriber.close()


class PubSubInTrouble(ClusterCase):
    def check(self, subscriber, but=""):
        """No message twice, and those of each publisher and channel in order. Returns how many
        came of each, of publishers but these."""
        latest = defaultdict(lambda: -1)
        came = defaultdict(int)
        for _, channel, message in subscriber.messages:
            publisher, number = message.decode().split(":")
            self.assertGreater(int(number), latest[publisher, channel], "an older one, or twice")
            latest[publisher, channel] = int(number)
            if publisher not in but:
                came[publisher, channel] += 1
        return came

    def publish_all(self, cluster, names, meanwhile):
        """Each of these nodes publishes to three channels; `meanwhile` is called on the way."""
        def publish(name):
            with cluster[name].client() as client:
                for i in range(MESSAGES):
                    if i == MESSAGES // 4 and name == names[0]:
                        meanwhile()
                    for channel in ("x", "y", "z"):
                        client("PUBLISH", channel, f"{name}:{i}")
        threads = [threading.Thread(target=publish, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_a_third_node_is_killed(self):
        cluster = self.cluster("a", "b", "c")
        subscribers = [Subscriber(cluster[name], channels=["x", "y", "z"])
                       for name in "ab" for _ in range(3)]
        doomed = Subscriber(cluster["c"], channels=["x"])
        self.publish_all(cluster, "ab", lambda: cluster.kill("c"))
        self.check(doomed)
        for subscriber in subscribers:
            wanted = {(name, channel): MESSAGES for name in "ab" for channel in (b"x", b"y", b"z")}
            wait_until(lambda s=subscriber, w=wanted: self.check(s) == w, "all came")
        self.assertEqual(cluster["a"].call("PUBLISH", "other", "x"), 0)
        self.assertEqual(cluster["a"].call("PUBSUB", "NUMSUB", "x"), [b"x", len(subscribers)])
        for subscriber in [*subscribers, doomed]:
            subscriber.close()

    def test_a_third_node_hangs_and_goes_on(self):
        cluster = self.cluster("a", "b", "c")
        subscribers = [Subscriber(cluster[name], channels=["x", "y", "z"]) for name in "ab"]
        hung = Subscriber(cluster["c"], channels=["x", "y", "z"])
        self.publish_all(cluster, "ab", lambda: cluster["c"].stop_it())
        for subscriber in subscribers:
            wanted = {(name, channel): MESSAGES for name in "ab" for channel in (b"x", b"y", b"z")}
            wait_until(lambda s=subscriber, w=wanted: self.check(s) == w, "all came")
        cluster["c"].continue_it()
        cluster.wait_settled()
        self.check(hung)
        # It was given up, and has come back as a new node: its clients subscribe again.
        again = Subscriber(cluster["c"], channels=["x"])
        wait_until(lambda: cluster["a"].call("PUBSUB", "NUMSUB", "x")[1] >= 3, "it is heard")
        for subscriber in [*subscribers, hung, again]:
            subscriber.close()

    def test_a_node_that_joins_hears_the_others(self):
        cluster = self.cluster("a", "b")
        cluster.form("c")
        subscriber = Subscriber(cluster["c"], channels=["x"])
        for name in "abc":
            self.assertEqual(cluster[name].call("PUBLISH", "x", f"{name}:1"), 1)
        wait_until(lambda: len(subscriber.messages) == 3, "all came")
        subscriber.close()


if __name__ == "__main__":
    main()
