#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator decides: to stop a node, to give one up, to accept a loss."""

import itertools
import json
from pathlib import Path

from case import OPTIONS, SOME_KEYS, DataCase, fill, main
from cluster import CommandError, local_keys
from load import Load
from processes import wait_until


class OperatorCase(DataCase):
    def safe_to_stop(self, node):
        return {n["name"]: n["safe_to_stop"] for n in node.info()["nodes"]}

    def lose_both_copies(self, cluster):
        """Kills the two nodes that hold k0, so that neither repairs what the other held.

        Returns those that live.
        """
        names = [name for name, _ in cluster.holders("k0")]
        for name in names:
            cluster[name].stop_it()
        for name in names:
            cluster.kill(name)
        return list(cluster.nodes.values())

    def outcomes(self, node, values):
        with node.client() as client:
            replies = client.pipeline([("GET", key) for key in values])
        return {reply.code if isinstance(reply, CommandError) else
                "nil" if reply is None else
                "right" if reply == value.encode() else f"wrong: {reply}"
                for reply, value in zip(replies, values.values())}

    def rewrite(self, node, values):
        with node.client() as client:
            return set(client.pipeline([("SET", key, value) for key, value in values.items()]))


class Stopping(OperatorCase):
    def test_a_drained_node_holds_nothing_and_nobody_notices_its_death(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster, "ab") as load:
            load.do_more()
            code, _, err = self.borgctl(cluster["a"], "drain", "c")
            self.assertEqual(code, 0, err)
            self.assertEqual(local_keys(cluster["c"]), {})
            found = {n["name"]: n for n in cluster["c"].info()["nodes"]}["c"]
            self.assertEqual((found["primary_slots"], found["backup_slots"]), (0, 0))
            self.assertTrue(found["safe_to_stop"])
            # It stays, and its clients are served.
            self.assert_holds(cluster["c"], values)
            cluster.kill("c")
            info = cluster["a"].info()["cluster"]
            self.assertEqual((info["under_replicated_slots"], info["moving_slots"]), (0, 0))
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        cluster.wait_settled(listed_dead=True)
        self.assert_holds(cluster["b"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_a_node_that_nobody_could_relieve_is_not_drained(self):
        cluster = self.cluster()
        cluster.start("a", flags=["--min-copies", "1"])
        code, _, err = self.borgctl(cluster["a"], "drain", "a")
        self.assertEqual(code, 1)
        self.assertIn("no other member could take what a holds", err)
        code, _, err = self.borgctl(cluster["a"], "drain", "nobody")
        self.assertEqual(code, 1)
        self.assertIn("nobody", err)

    def test_a_drain_that_is_called_off_by_a_death_says_so_and_goes_on_by_itself(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        self.assertEqual(self.borgctl(cluster["a"], "drain", "c")[0], 0)
        cluster.kill("b")
        wait_until(lambda: "draining, needed" in self.borgctl(cluster["a"], "info")[1],
                   "the death is known")
        for order in ("drain", "leave"):
            code, _, err = self.borgctl(cluster["a"], order, "c")
            if order == "drain":
                self.assertEqual(code, 3, err)
                self.assertIn("it is needed until 1 more node takes writes", err)
                self.assertIn("borgctl undrain c takes it back", err)
            else:
                self.assertEqual(code, 1, err)
                self.assertIn("only 1 other member would take writes", err)
        self.assertIn("OK c is draining already, and is needed",
                      cluster["a"].call("BORG", "DRAIN", "c").decode())
        self.assertIn("draining, needed", self.borgctl(cluster["c"], "info")[1])
        cluster.start("d")
        code, _, err = self.borgctl(cluster["a"], "drain", "c")
        self.assertEqual(code, 0, err)
        self.assertEqual(local_keys(cluster["c"]), {})
        self.assert_holds(cluster["c"], values)

    def test_info_says_who_is_safe_to_stop(self):
        cluster = self.cluster("a", "b")
        fill(cluster["a"], 500)
        self.assertEqual(self.safe_to_stop(cluster["a"]), {"a": True, "b": True})
        cluster.kill("b")
        wait_until(lambda: self.safe_to_stop(cluster["a"])["a"] is False,
                   "a holds the only copies")
        wait_until(lambda: (cluster["a"].info()["cluster"]["repair"] or {}).get("waits_for"),
                   "the repair waits")
        self.assertIn("repair: waits for another node to join, for ",
                      self.borgctl(cluster["a"], "info")[1])
        cluster.start("c")
        cluster.wait_settled(listed_dead=True)
        for node in cluster.nodes.values():
            found = self.safe_to_stop(node)
            self.assertEqual((found["a"], found["c"]), (True, True))

    def test_a_silent_node_is_forgotten_on_demand_and_may_come_back(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        code, _, err = self.borgctl(cluster["a"], "forget", "--yes", "c")
        self.assertEqual(code, 1)
        self.assertIn("the node is alive", err)
        cluster["c"].stop_it()
        cluster.wait_settled(but="c")
        code, _, err = self.borgctl(cluster["a"], "forget", "c")
        self.assertEqual(code, 1)
        self.assertIn("must start anew", err)
        self.assertNotIn("only copy is lost", err)
        self.assertIn("needs --yes", err)
        code, _, err = self.borgctl(cluster["a"], "forget", "--yes", "c")
        self.assertIn("must start anew", err)
        if OPTIONS.coordinator == "local":  # etcd may have ended its session: it is gone already
            self.assertEqual(code, 0, err)
        cluster["c"].continue_it()
        cluster.wait_settled()
        for node in cluster.nodes.values():
            self.assert_holds(node, values)
        self.assert_two_copies(cluster, SOME_KEYS)


class Losses(OperatorCase):
    def test_a_loss_is_shown_and_logged_and_stays_until_it_is_accepted(self):
        cluster = self.cluster("a", "b", "c", "d")
        values = fill(cluster["a"])
        one, other = self.lose_both_copies(cluster)
        wait_until(lambda: self.lost(one) == self.lost(other) > 0, "both know of lost slots")
        for node in (one, other):
            wait_until(lambda n=node: "error both copies of some slots died" in n.log(),
                       "the log says so")
            self.assertEqual(self.outcomes(node, values), {"right", "DATALOSS"})
        code, out, _ = self.borgctl(other, "info")
        self.assertIn("Lost slots answer -DATALOSS until: borgctl accept-loss", out)
        self.assert_dump_has_what_is_there(other, values)
        lost = self.lost(other)
        code, out, err = self.borgctl(other, "accept-loss")
        self.assertEqual(code, 0, err)
        self.assertEqual(out, f"OK {lost} slots go on with what is left of them\n")
        self.assertEqual(self.lost(other), 0)
        self.assertEqual(self.borgctl(other, "accept-loss")[1], "OK nothing is lost\n")
        cluster.wait_settled(listed_dead=True)
        self.assertEqual(self.outcomes(one, values), {"right", "nil"})
        self.assertEqual(self.rewrite(other, values), {b"OK"})
        self.assertEqual(self.outcomes(one, values), {"right"})

    def assert_dump_has_what_is_there(self, node, values):
        code, out, err = self.borgctl(node, "dump", "-")
        self.assertEqual(code, 1)
        dumped = {record["key"]: record["value"] for record in map(json.loads, out.splitlines())}
        self.assertLessEqual(dumped.items(), values.items())
        with node.client() as client:
            replies = client.pipeline([("GET", key) for key in values])
        there = {k for k, r in zip(values, replies) if not isinstance(r, CommandError)}
        self.assertEqual(dumped.keys(), there)
        self.assertIn(f"{self.lost(node):,} slots are lost", err)

    def test_a_dump_has_what_is_served_and_names_the_rest(self):
        cluster = self.cluster("a", "b", "c", "d")
        values = fill(cluster["a"])
        silent = {name for name, _ in cluster.holders("k0")}
        node = next(n for n in cluster.nodes.values() if n.name not in silent)
        holders = {key: {name for name, _ in cluster.holders(key)} for key in list(values)[::20]}
        for name in silent:
            cluster[name].stop_it()
        path = Path(cluster.folder) / "out.jsonl"
        code, out, err = self.borgctl(node, "dump", str(path), "--retry-for", "1")
        self.assertEqual(code, 1, err)
        self.assertRegex(err, r"\d+ slots are served by no node now and the dump has none of their "
                              r"keys: (\d+-\d+ ){10}and \d+ more ranges")
        self.assertIn(f"{path}.incomplete is not complete", out)
        self.assertFalse(path.exists())
        lines = Path(f"{path}.incomplete").read_text(encoding="utf-8").splitlines()
        dumped = {record["key"]: record["value"] for record in map(json.loads, lines)}
        self.assertLess(dumped.items(), values.items())
        for key, names in holders.items():
            self.assertEqual(key in dumped, not names <= silent, key)
        for name in silent:
            cluster[name].continue_it()
        cluster.wait_settled()
        code, out, err = self.borgctl(node, "dump", str(path))
        self.assertEqual(code, 0, err)
        self.assertIn(f"dumped {len(values):,} records", out)

    def lost(self, node):
        return node.info()["cluster"]["lost_slots"]

    def test_on_loss_empty_goes_on_by_itself(self):
        cluster = self.cluster("a", "b", "c", "d", flags=["--on-loss", "empty"])
        values = fill(cluster["a"])
        one, other = self.lose_both_copies(cluster)
        cluster.wait_settled(listed_dead=True)
        self.assertEqual(self.outcomes(one, values), {"right", "nil"})
        self.assertEqual(self.rewrite(other, values), {b"OK"})
        self.assertEqual(self.outcomes(other, values), {"right"})
        self.assert_two_copies(cluster, SOME_KEYS)


class TwoNodes(OperatorCase):
    numbers = itertools.count()

    def test_with_min_copies_1_the_one_that_is_left_takes_writes(self):
        cluster = self.cluster("a", "b", flags=["--min-copies", "1"])
        values = fill(cluster["a"])
        with Load(cluster, "a") as load:
            load.do_more()
            cluster.kill("b")
            load.do_more(2000)
            cluster.start("c")
            cluster.wait_settled(listed_dead=True)
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_holds(cluster["c"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_one_that_stood_still_is_taken_back_and_meanwhile_nothing_is_written(self):
        cluster = self.cluster("a", "b")
        values = fill(cluster["a"])
        cluster["b"].stop_it()
        # It is silent, not dead for certain: a waits out what it promised.
        refused = wait_until(lambda: self.refused_key(cluster["a"]), "writes are refused")
        self.assertEqual(self.outcomes(cluster["a"], values), {"right"})
        cluster["b"].continue_it()
        cluster.wait_settled()
        self.assertIsNone(cluster["b"].call("GET", refused))
        self.assertEqual(self.rewrite(cluster["b"], values), {b"OK"})
        cluster.wait_settled()
        self.assert_two_copies(cluster, SOME_KEYS)

    def refused_key(self, node):
        """A key of its own each time: the first ones are in doubt, and may have been written."""
        key = f"refused{next(self.numbers)}"
        try:
            node.call("SET", key, "x")
        except CommandError as error:
            return key if error.code == "NOREPLICAS" else None
        return None


if __name__ == "__main__":
    main()
