#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands that block: who gets what in which order, and that nothing is taken twice or lost
when the nodes of those who wait, of those who push, or of the lists die."""

import collections
import itertools
import random
import threading

from case import DataCase, SharedCase, main
from cluster import CommandError, plain
from processes import resp_client, wait_until

FAILOVERS = 5
QUEUES = [f"q{i}" for i in range(6)]


class Waiting:
    """A client that has sent a command and reads its reply when asked."""

    def __init__(self, node, *words):
        self.node = node
        self.before = node.info_field("blocked_clients")
        self.client = node.client()
        self.send(*words)

    def send(self, *words):
        words = [str(word).encode() for word in words]
        self.client.connection.send(b"*%d\r\n" % len(words) +
                                    b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))

    def is_blocked(self):
        wait_until(lambda: self.node.info_field("blocked_clients") == self.before + 1,
                   "the client is blocked")
        return self

    def reply(self):
        return plain(self.client.connection.read())

    def close(self):
        self.client.close()


class Semantics(SharedCase):
    """As in Redis, with each client at another node."""

    def blocked(self, node, *words):
        waiting = Waiting(self.nodes[node % 3], *words).is_blocked()
        self.addCleanup(waiting.close)
        return waiting

    def call(self, *words):
        return self.nodes[1].call(*words)

    def none_blocked(self):
        wait_until(lambda: all(n.info_field("blocked_clients") == 0 for n in self.nodes),
                   "nobody is blocked")

    def tearDown(self):
        self.none_blocked()

    def test_a_push_serves_who_waits(self):
        for n, (command, key) in enumerate([("BLPOP", "l"), ("BRPOP", "m"), ("BLPOP", "n")]):
            waiting = self.blocked(n, command, key, 0)
            self.assertEqual(self.call("RPUSH", key, "x"), 1)
            self.assertEqual(waiting.reply(), [key.encode(), b"x"])
            self.assertEqual(self.call("EXISTS", key), 0)

    def test_a_push_of_several_is_over_before_anybody_is_served(self):
        waiting = self.blocked(0, "BLPOP", "l", 0)
        self.assertEqual(self.call("LPUSH", "l", "a", "b"), 2)
        self.assertEqual(waiting.reply(), [b"l", b"b"])
        self.assertEqual(self.call("LRANGE", "l", 0, -1), [b"a"])

    def test_first_come_first_served(self):
        waiting = [self.blocked(0, "BLPOP", "l", 0) for _ in range(4)]
        waiting += [self.blocked(2, "BLPOP", "l", 0) for _ in range(4)]
        self.call("RPUSH", "l", "0", "1", "2")
        for i in range(3, 8):
            self.call("RPUSH", "l", i)
        self.assertEqual([int(w.reply()[1]) for w in waiting], list(range(8)))

    def test_the_same_key_several_times(self):
        waiting = self.blocked(0, "BLPOP", "l", "{l}2", "{l}2", "l", 0)
        self.call("LPUSH", "l", "a")
        self.assertEqual(waiting.reply(), [b"l", b"a"])
        waiting = self.blocked(1, "BLPOP", "l", "{l}2", "{l}2", "l", 0)
        self.call("LPUSH", "{l}2", "b")
        self.assertEqual(waiting.reply(), [b"{l}2", b"b"])

    def test_wrong_type_while_it_waits(self):
        waiting = self.blocked(0, "BLPOP", "l", 0)
        self.call("SADD", "l", "member")
        self.call("DEL", "l")
        self.call("SET", "l", "text")
        self.call("DEL", "l")
        self.call("RPUSH", "l", "x")
        self.assertEqual(waiting.reply(), [b"l", b"x"])

    def test_what_is_moved_serves_who_waits_for_it(self):
        first = self.blocked(0, "BRPOPLPUSH", "{l}a", "{l}b", 0)
        second = self.blocked(2, "BLMOVE", "{l}b", "{l}c", "LEFT", "RIGHT", 0)
        third = self.blocked(1, "BLMPOP", 0, 2, "{l}x", "{l}c", "LEFT", "COUNT", 10)
        self.call("RPUSH", "{l}a", "x")
        self.assertEqual(first.reply(), b"x")
        self.assertEqual(second.reply(), b"x")
        self.assertEqual(third.reply(), [b"{l}c", [b"x"]])
        self.assertEqual(self.call("EXISTS", "{l}a", "{l}b", "{l}c"), 0)

    def test_a_circle(self):
        first = self.blocked(0, "BRPOPLPUSH", "{l}a", "{l}b", 0)
        second = self.blocked(1, "BRPOPLPUSH", "{l}b", "{l}a", 0)
        self.call("RPUSH", "{l}a", "x")
        self.assertEqual([first.reply(), second.reply()], [b"x", b"x"])
        self.assertEqual(self.call("LRANGE", "{l}a", 0, -1), [b"x"])
        itself = self.blocked(2, "BRPOPLPUSH", "{l}c", "{l}c", 0)
        self.call("RPUSH", "{l}c", "y")
        self.assertEqual(itself.reply(), b"y")
        self.assertEqual(self.call("LRANGE", "{l}c", 0, -1), [b"y"])

    def test_a_destination_of_the_wrong_type(self):
        self.call("SET", "{l}d", "text")
        first = self.blocked(0, "BRPOPLPUSH", "{l}a", "{l}d", 0)
        second = self.blocked(1, "BLMOVE", "{l}a", "{l}e", "LEFT", "LEFT", 0)
        self.call("RPUSH", "{l}a", "x")
        self.assert_error("WRONGTYPE", first.reply)
        self.assertEqual(second.reply(), b"x")

    def test_other_ways_for_a_list_to_come(self):
        waiting = self.blocked(0, "BLPOP", "{l}a", 0)
        self.call("RPUSH", "{l}b", "1")
        self.call("LMOVE", "{l}b", "{l}a", "LEFT", "LEFT")
        self.assertEqual(waiting.reply(), [b"{l}a", b"1"])
        waiting = self.blocked(1, "BLPOP", "{l}a", 0)
        self.call("RPUSH", "{l}b", "y" * 20000)  # no packed list
        self.call("RPOPLPUSH", "{l}b", "{l}a")
        self.assertEqual(waiting.reply(), [b"{l}a", b"y" * 20000])

    def test_sorted_sets(self):
        first = self.blocked(0, "BZPOPMIN", "{z}1", "{z}2", 0)
        second = self.blocked(1, "BZMPOP", 0, 2, "{z}2", "{z}1", "MAX", "COUNT", 2)
        self.call("RPUSH", "{z}1", "no sorted set")
        self.call("DEL", "{z}1")
        self.call("ZADD", "{z}1", 1, "a", 2, "b", 3, "c")
        self.assertEqual(first.reply(), [b"{z}1", b"a", b"1"])
        self.assertEqual(second.reply(), [b"{z}1", [[b"c", b"3"], [b"b", b"2"]]])
        third = self.blocked(2, "BZPOPMAX", "{z}1", 0)
        self.call("ZUNIONSTORE", "{z}1", 1, "{z}nothing")
        self.call("ZADD", "{z}2", 5, "x")
        self.call("ZRANGESTORE", "{z}1", "{z}2", 0, -1)
        self.assertEqual(third.reply(), [b"{z}1", b"x", b"5"])

    def test_time_outs(self):
        waiting = [self.blocked(n, "BLPOP", "l", 0.3) for n in range(3)]
        self.assertEqual([w.reply() for w in waiting], [None] * 3)
        self.call("RPUSH", "l", "x")
        self.assertEqual(self.call("LLEN", "l"), 1)

    def test_unblock(self):
        for how, expected in ((["TIMEOUT"], None), ([], None), (["ERROR"], "UNBLOCKED")):
            for n in range(3):
                waiting = self.blocked(n, "BLPOP", "l", 0)
                lines = self.nodes[n].call("CLIENT", "LIST").decode().splitlines()
                blocked = [line for line in lines if " flags=b " in line]
                self.assertEqual(len(blocked), 1)
                number = blocked[0].split()[0].removeprefix("id=")
                self.assertEqual(self.nodes[n].call("CLIENT", "UNBLOCK", number, *how), 1)
                if expected:
                    self.assert_error(expected, waiting.reply)
                else:
                    self.assertIsNone(waiting.reply())
                self.assertEqual(self.nodes[n].call("CLIENT", "UNBLOCK", number, *how), 0)

    def test_what_a_client_sends_behind_waits(self):
        waiting = self.blocked(0, "BLPOP", "l", 0)
        waiting.send("RPUSH", "l", "mine")
        waiting.send("LLEN", "l")
        self.call("RPUSH", "l", "x")
        self.assertEqual(waiting.reply(), [b"l", b"x"])
        self.assertEqual([waiting.reply(), waiting.reply()], [1, 1])

    def test_nothing_is_taken_for_who_has_left(self):
        for n in range(3):
            waiting = self.blocked(n, "BLPOP", "l", 0)
            waiting.send("INCR", "never")  # unread behind it
            waiting.close()
            self.none_blocked()
        self.assertEqual(self.call("RPUSH", "l", "x"), 1)
        self.assertEqual(self.call("LLEN", "l"), 1)
        self.assertEqual(self.call("EXISTS", "never"), 0)

    def test_a_client_that_is_killed(self):
        waiting = self.blocked(0, "BLPOP", "l", 0)
        address = waiting.client.connection.socket.getsockname()
        self.nodes[0].call("CLIENT", "KILL", "ADDR", "%s:%d" % address[:2])
        self.none_blocked()
        self.call("RPUSH", "l", "x")
        self.assertEqual(self.call("LLEN", "l"), 1)


class Consumer(threading.Thread):
    """Pops until it is told to end; what it does not know of is in doubt."""

    def __init__(self, node, end):
        super().__init__(daemon=True)
        self.node, self.end = node, end
        self.got = collections.defaultdict(list)
        self.doubts = 0
        self.odd = []

    def run(self):
        with self.node.client() as client:
            while not self.end.is_set():
                try:
                    self.pop(client)
                except (OSError, resp_client.Closed):
                    self.doubts += 1  # the node has died
                    return

    def pop(self, client):
        queue = random.choice(QUEUES)
        try:
            reply = client("BLPOP", queue, random.choice([0.05, 0.2, 1]))
        except CommandError as error:
            if error.code == "INDOUBT":
                self.doubts += 1
            elif error.code not in ("CLUSTERDOWN", "NOREPLICAS"):
                self.odd.append(str(error))
            return
        if reply is not None:
            self.got[queue].append(reply[1].decode())


class Producer(threading.Thread):
    """Pushes numbered elements, one at a time, to each queue in order."""

    def __init__(self, node, name, end):
        super().__init__(daemon=True)
        self.node, self.name_, self.end = node, name, end
        self.pushed = collections.defaultdict(list)
        self.doubtful = set()
        self.odd = []

    def run(self):
        with self.node.client() as client:
            for number in itertools.count():
                if self.end.is_set():
                    return
                queue = random.choice(QUEUES)
                element = f"{self.name_}:{number}"
                try:
                    client("RPUSH", queue, element)
                    self.pushed[queue].append(element)
                except CommandError as error:
                    if error.code == "INDOUBT":
                        self.doubtful.add(element)
                    elif error.code not in ("CLUSTERDOWN", "NOREPLICAS"):
                        self.odd.append(str(error))


class ThroughFailures(DataCase):
    """Producers at nodes that live; consumers at all of them."""

    def test_each_element_is_taken_once(self):
        cluster = self.cluster("a", "b", "c", "d")
        end = threading.Event()
        producers = [Producer(cluster[n], n, end) for n in "ab"]
        consumers = [Consumer(cluster[n], end) for n in "aaabbbcd"]
        gone = []
        for thread in producers + consumers:
            thread.start()
        fresh = (f"n{i}" for i in range(100))
        for _ in range(FAILOVERS):
            before = sum(len(v) for p in producers for v in p.pushed.values())
            wait_until(lambda: sum(len(v) for p in producers for v in p.pushed.values()) >
                       before + 300, "work goes on")
            victim = random.choice([name for name in cluster.nodes if name not in "ab"])
            cluster.kill(victim)
            name = next(fresh)
            cluster.form(name)
            consumers.append(Consumer(cluster[name], end))
            consumers[-1].start()
            gone.append(victim)
        end.set()
        for thread in producers + consumers:
            thread.join(30)
            self.assertFalse(thread.is_alive())
        self.check(cluster, producers, consumers)

    def check(self, cluster, producers, consumers):
        self.assertEqual([t.odd for t in producers + consumers if t.odd], [])
        left = {q: [e.decode() for e in cluster["a"].call("LRANGE", q, 0, -1)] for q in QUEUES}
        taken = [e for c in consumers for elements in c.got.values() for e in elements]
        seen = collections.Counter(taken)
        seen.update(e for elements in left.values() for e in elements)
        self.assertEqual([e for e, n in seen.items() if n > 1], [], "taken twice")
        pushed = {e for p in producers for elements in p.pushed.values() for e in elements}
        missing = pushed - set(seen)
        doubts = sum(c.doubts for c in consumers)
        print(f"{len(pushed)} pushed, {len(taken)} taken, {doubts} answers lost with "
              f"{FAILOVERS} nodes, {len(missing)} elements with them")
        self.assertLessEqual(len(missing), doubts, sorted(missing)[:10])
        self.assertGreater(len(taken), FAILOVERS * 100)
        for consumer in consumers:
            for elements in consumer.got.values():
                self.assert_in_order(elements)

    def assert_in_order(self, elements):
        """A consumer sees what one producer pushed to a queue in the order in which it did."""
        last = {}
        for element in elements:
            producer, number = element.split(":")
            self.assertGreater(int(number), last.get(producer, -1))
            last[producer] = int(number)


if __name__ == "__main__":
    main()
