#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Orders of operators, one after the other and at once: docs/operations.md, "Orders"."""

import itertools
import os
import pty
import signal

from case import OPTIONS, DataCase, fill, main
from cluster import CommandError
from processes import free_port, wait_until

SOME_KEYS = 300


class OrderCase(DataCase):
    def say(self, node, *words):
        """The answer as a text; an error begins with its code."""
        try:
            return node.call("BORG", *words).decode()
        except CommandError as error:
            return str(error)

    def one_cluster(self, count, min_copies):
        copies = ["--copies", str(min(count, 2)), "--min-copies", str(min_copies)]
        cluster = self.cluster(*"abc"[:count], flags=copies)
        return cluster, fill(cluster["a"], SOME_KEYS)

    def refill(self, cluster, names):
        """Starts those again that are gone, takes back what was ordered, waits for rest."""
        for name in names:
            if name not in cluster.nodes:
                cluster.launch(name)
        for name in names:
            wait_until(cluster[name].is_ready, f"{name} is ready")
        for name in names:
            wait_until(lambda n=name: self.say(cluster["a"], "UNDRAIN", n).startswith("OK"),
                       f"{name} is undrained")
        cluster.wait_settled()


class Table:
    """What docs/operations.md says, for orders of which each is done before the next."""

    def __init__(self, names, min_copies):
        self.states = dict.fromkeys(names, "active")
        self.min_copies = min_copies

    def others(self, name, states=("active", "draining")):
        return sum(s in states for n, s in self.states.items() if n != name)

    def answer(self, order, name):
        """How the answer begins; what the order changes is changed."""
        state = self.states.get(name)
        if state is None:
            return "ERR no such node"
        base, is_forced = order.split()[0], order.endswith("FORCE")
        if base == "UNDRAIN":
            self.states[name] = "active"
            return f"OK {name} is active" if state == "active" else f"OK {name} takes data again"
        if base == "FORGET":
            return "ERR "  # it is alive, or the one that is asked
        if base == "DRAIN" and state == "draining":
            return f"OK {name} "
        if self.others(name) == 0 and not (base == "LEAVE" and is_forced):
            return "ERR no other member" if base == "DRAIN" else f"ERR {name} is the last"
        if not is_forced and self.others(name, ("active",)) < self.min_copies:
            return "ERR only "
        if base == "DRAIN":
            self.states[name] = "draining"
        else:
            del self.states[name]
        return f"OK {name} "


class InTurn(OrderCase):
    """Every pair that ends nobody on one cluster, and pairs that do, until the time is up."""

    def check_rows(self, count, min_copies, rows):
        names = "abc"[:count]
        cluster, values = self.one_cluster(count, min_copies)
        for row in rows:
            with self.subTest(row=row):
                self.check_row(cluster, names, min_copies, row)
                self.refill(cluster, names)
                self.assert_holds(cluster["a"], values)

    def check_row(self, cluster, names, min_copies, row):
        table = Table(names, min_copies)
        for order, name in row:
            asked = next(cluster[n] for n in names if n in table.states)
            if order == "SIGTERM":
                if len(table.states) == 1 or name not in table.states:
                    return  # the data would end, or nobody is there
                table.states.pop(name)
                cluster[name].leave()
            else:
                expected = table.answer(order, name)
                found = self.say(asked, *order.split()[:1], name, *order.split()[1:])
                self.assertTrue(found.startswith(expected), f"{expected}… and not {found}")
            if name in cluster.nodes and name not in table.states:
                self.assertEqual(cluster.nodes.pop(name).wait(), 0)

    def rows(self, names, orders, length=2):
        """But for the names of the nodes: a new one is the next in the alphabet."""
        for row in itertools.product(itertools.product(orders, names), repeat=length):
            firsts = list(dict.fromkeys(name for _, name in row))
            if firsts == list(names[:len(firsts)]):
                yield row

    STAYING = ("DRAIN", "DRAIN FORCE", "UNDRAIN", "FORGET")

    def test_orders_by_which_nobody_leaves(self):
        self.check_rows(1, 1, self.rows("a", (*self.STAYING, "LEAVE"), 3))
        self.check_rows(2, 2, self.rows("ab", (*self.STAYING, "LEAVE")))

    def test_orders_by_which_somebody_leaves(self):
        # What is asked first stays: c is the one to go, b the one that was drained before.
        first = [(o, "b") for o in ("DRAIN FORCE", "LEAVE FORCE", "SIGTERM", "DRAIN")]
        then = [(o, n) for o in ("LEAVE", "LEAVE FORCE", "SIGTERM") for n in "cb"]
        self.check_rows(3, 2, itertools.product(first, then))

    def test_the_last_active_node_hands_over_to_a_drained_one(self):
        for how in ("SIGTERM", "LEAVE FORCE"):
            self.check_rows(2, 2, [(("DRAIN FORCE", "b"), (how, "a"))])


class AtOnce(OrderCase):
    def test_nobody_ends_the_data_while_another_could_hold_it(self):
        cluster, values = self.one_cluster(3, 1)
        for order in (("LEAVE", "a"), ("DRAIN", "b"), ("LEAVE", "b"), ("DRAIN", "a")):
            self.say(cluster["c"], *order)
        cluster["c"].leave()
        self.assertEqual(cluster.nodes.pop("c").wait(), 0)
        alive = [n for n in cluster.nodes.values() if n.is_running()]
        self.assert_holds(alive[0], values)

    def test_all_are_told_by_a_signal(self):
        cluster, _ = self.one_cluster(3, 2)
        nodes = list(cluster.nodes.values())
        for node in nodes:
            node.leave()
        self.assertEqual([node.wait() for node in nodes], [0, 0, 0])
        self.assertTrue(any("its data ends here" in node.log() for node in nodes))
        cluster.nodes.clear()
        self.assertEqual(cluster.start("d").call("DBSIZE"), 0)

    def test_who_starts_while_the_last_leaves_has_the_data_or_a_new_cluster(self):
        cluster = self.cluster("a", flags=["--copies", "1"])
        for name in ("b", "c", "d", "e"):
            last = next(iter(cluster.nodes.values()))
            fill(last, SOME_KEYS)
            cluster.nodes.clear()
            last.leave()
            node = cluster.start(name)
            self.assertEqual(last.wait(), 0)
            self.assertIn(node.call("DBSIZE"), (0, SOME_KEYS))
            self.assertEqual(node.info()["cluster"]["lost_slots"], 0)
            cluster.wait_settled()


class Signals(OrderCase):
    def test_signals_that_are_no_order_are_ignored_and_logged(self):
        cluster, values = self.one_cluster(2, 2)
        node = cluster["b"]
        for name in ("SIGHUP", "SIGUSR1", "SIGUSR2"):
            node.signal(getattr(signal, name))
            wait_until(lambda n=name: f"{n} is ignored" in node.log(), "the log says so")
        node.signal(signal.SIGPIPE)
        self.assert_holds(node, values)
        self.assertTrue(node.is_running())

    def test_a_terminal_that_closes_does_not_end_a_node(self):
        cluster = self.cluster()
        ports = [str(free_port()) for _ in range(3)]
        # The child is the leader of the terminal's session, as a shell's foreground job is.
        pid, terminal = pty.fork()
        if pid == 0:
            command = [str(OPTIONS.bin / "borgd"), "--name", "a", "--coordinator",
                       cluster.coordinator, "--port", ports[0], "--bus-port", ports[1],
                       "--http-port", ports[2]]
            os.execv(command[0], command)
        self.addCleanup(self.end, pid)
        said = b""
        while b"ready " not in said:
            said += os.read(terminal, 4096)
        other = cluster.start("b")
        os.close(terminal)
        self.assertEqual(other.call("SET", "k", "v"), b"OK")
        wait_until(lambda: {n["name"] for n in other.info()["nodes"]} == {"a", "b"}, "both live")
        self.assertEqual(os.waitpid(pid, os.WNOHANG), (0, 0))
        self.assertEqual(other.call("SET", "k", "w"), b"OK")

    def end(self, pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
