#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes of several machines: the README's lines as they stand there, and what is refused.

Each machine is a network namespace of its own with an etcd and default ports.
"""

import json
import unittest
import urllib.request

from case import OPTIONS, main_with_networks
from machines import Machines, fits, several_machines_steps
from processes import address, wait_until

NODE = "borgd --coordinator etcd://host1:2379,host2:2379,host3:2379"
# As far as such a node knows, all is on its machine.
LOOPBACK = "borgd --coordinator etcd://{}:2379 --announce-host 127.0.0.1"
REFUSED_WITHIN_S = 30


class OnMachines(unittest.TestCase):
    is_ipv6 = False
    machines = None
    loopback = "127.0.0.1"  # where redis-cli asks a node of its own machine

    def setUp(self):
        self.machines = Machines(OPTIONS.bin, self.is_ipv6)

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        try:
            return super().run(result)
        finally:
            if self.machines is not None:
                if len(result.failures) + len(result.errors) > bad:
                    self.machines.show_logs()
                self.machines.remove()

    def redis(self, name, *words):
        return self.machines.run(name, "redis-cli -p 7001 " + " ".join(words)).strip()

    def wait_settled(self, *names):
        """Every node sees all of them, and every slot has its copies."""
        def is_settled(name):
            info = json.loads(self.redis(name, "-h", self.loopback, "BORG INFO"))
            counts = ("under_replicated_slots", "moving_slots", "lost_slots")
            return (sorted(n["name"] for n in info["nodes"] if n["state"] == "active")
                    == sorted(f"{each}-7001" for each in names)
                    and not any(info["cluster"][count] for count in counts))
        for name in names:
            wait_until(lambda n=name: is_settled(n), f"the cluster is settled, as {name} sees it")

    def refused(self, name, flags, *parts):
        """A node with these flags ends before it is ready, and says why."""
        node = self.machines.start(name, f"{NODE} {flags}")
        code = node.wait(REFUSED_WITHIN_S)
        said = node.log()
        self.assertNotEqual(code, 0, said)
        self.assertEqual(node.said(), "", "nothing is ready")
        for part in parts:
            self.assertIn(part, said)


class Readme:
    """The README's lines, whatever the addresses are."""

    def test_the_lines_of_the_readme(self):
        steps = several_machines_steps()
        nodes = [machine for machine, command, _ in steps if command.endswith("&")]
        self.assertGreaterEqual(len(nodes), 2, "the README starts two nodes")
        clients = {machine for machine, command, _ in steps if "redis-cli" in command}
        self.assertEqual(clients, set(nodes), "the README has a client at each")
        for machine, command, expected in steps:
            if command.endswith("&"):
                output = self.machines.start_node(machine, command.removesuffix("&")).said()
            else:
                output = self.run_until_it_fits(machine, command, expected)
            self.assertTrue(fits(expected, output), f"{machine}$ {command}: {output}")
        self.wait_settled(*nodes)
        self.check_addresses(nodes)

    def run_until_it_fits(self, machine, command, expected):
        """The last output. On a busy machine a node may be silent for a moment, and given up."""
        outputs = []

        def does_fit():
            outputs.append(self.machines.run(machine, command))
            return fits(expected, outputs[-1])

        try:
            wait_until(does_fit, f"{machine}$ {command}")
        except AssertionError as error:
            raise AssertionError(f"{machine}$ {command}: {outputs[-1:]}") from error
        return outputs[-1]

    def check_addresses(self, nodes):
        """What nodes and clients are told, and that it works from the other machine."""
        hosts = {f"{name}-7001": self.machines[name].host for name in nodes}
        info = json.loads(self.redis(nodes[0], "BORG INFO"))
        self.assertEqual({n["name"]: n["address"] for n in info["nodes"]},
                         {name: address(host, 7001) for name, host in hosts.items()})
        listed = {line.split()[1] for line in self.redis(nodes[1], "CLUSTER NODES").splitlines()}
        self.assertEqual(listed, {f"{host}:7001@17001" for host in hosts.values()})
        slots = self.redis(nodes[0], "CLUSTER SLOTS")
        shards = self.redis(nodes[0], "CLUSTER SHARDS")
        for host in hosts.values():
            self.assertIn(host, slots)
            self.assertIn(host, shards)
        there = self.machines[nodes[1]].host
        for value in ("red", "blue"):
            self.assertEqual(self.redis(nodes[0], "-h", there, "SET color", value), "OK")
            self.assertEqual(self.redis(nodes[0], "-c", "GET color"), value)
        own = address(self.machines[nodes[0]].host, "")
        clients = self.redis(nodes[0], "-h", there, "CLIENT LIST")
        self.assertIn(f"addr={own}", clients)
        self.assertIn(f"laddr={address(there, 7001)}", clients)
        ctl = self.machines.run(nodes[0], f"borgctl --host {address(there, '')[:-1]} get color")
        self.assertEqual(ctl.strip(), "blue")
        with self.machines[nodes[0]].inside():
            with urllib.request.urlopen(f"http://{address(there, 8001)}/healthz") as reply:
                self.assertEqual(reply.status, 200)


class Ipv4(Readme, OnMachines):
    pass


class Ipv6(Readme, OnMachines):
    is_ipv6 = True

    def test_addresses_instead_of_names(self):
        self.loopback = "::1"
        hosts = [self.machines[name].host for name in ("host1", "host2")]
        for name, host in zip(("host1", "host2"), hosts):
            self.machines.start_node(
                name, f"borgd --coordinator etcd://[{hosts[0]}]:2379,[{hosts[1]}]:2379 "
                      f"--bind [::1],{host} --announce-host [{host}]")
        self.wait_settled("host1", "host2")
        self.assertEqual(self.redis("host2", "-h ::1 SET color red"), "OK")
        self.assertEqual(self.redis("host1", "-h", hosts[1], "GET color"), "red")
        self.assertIn("addr=[::1]:", self.redis("host1", "-h ::1 CLIENT LIST"))
        self.machines.run("host1", "borgctl --host ::1 put color blue")
        self.assertEqual(self.redis("host2", "-h ::1 GET color"), "blue")

    def test_refusals(self):
        self.refused("host1", "--announce-host ::", "cannot be announced", "every address")
        self.refused("host1", "--announce-host ::1", "cannot be announced", "host2:2379")
        self.refused("host1", "--announce-host fe80::1", "link-local")


class Names(OnMachines):
    def test_a_name_is_looked_up_again_when_it_leads_elsewhere(self):
        place = self.machines["host1"]
        other = "10.77.1.1"
        place.configure([f"addr add {other}/32 dev lo"])
        etcd = "borgd --coordinator etcd://host3:2379 --bind '*' --announce-host"
        self.machines.start_node("host1", f"{etcd} host1")
        second = self.machines.start_node("host2", f"{etcd} host2")
        self.wait_settled("host1", "host2")
        nodes = self.redis("host2", "CLUSTER NODES")
        self.assertIn("host1:7001@17001,host1 ", nodes)
        # host1 moves: its old address is gone, the name has a new one.
        self.machines["host2"].configure([f"route add {other}/32 dev to1 src 10.77.0.2"])
        self.machines.write_hosts("host2", [f"{other} host1", "10.77.0.2 host2", "10.77.0.3 host3"])
        self.machines["host2"].configure(["route del 10.77.0.1/32 dev to1",
                                          "route add blackhole 10.77.0.1/32",
                                          f"neigh replace {other} lladdr "
                                          f"{place.address_towards(self.machines['host2'])} "
                                          "dev to1 nud permanent"])
        wait_until(lambda: self.redis("host2", "SET color red") == "OK"
                   and self.redis("host1", "GET color") == "red", "they are joined again")
        self.wait_settled("host1", "host2")
        self.assertTrue(second.is_running())


class Refusals(OnMachines):
    def test_what_cannot_be_announced(self):
        self.refused("host1", "--announce-host 0.0.0.0", "0.0.0.0 cannot be announced")
        self.refused("host1", "--announce-host 127.0.0.1", "127.0.0.1 cannot be announced",
                     "host2:2379", "another")
        self.refused("host1", "--announce-host localhost", "cannot be announced")
        self.refused("host1", "--bind 127.0.0.1", "--announce-host")
        self.refused("host1", "--host 127.0.0.1", "--announce-host")
        self.refused("host1", "--bind 10.77.0.1 --announce-host 10.77.0.1:7001", "neither")
        self.refused("host1", "--bind nowhere.invalid", "--bind nowhere.invalid")

    def test_a_wildcard_is_listened_on_and_not_announced(self):
        for name in ("host1", "host2"):
            self.machines.start_node(name, f"{NODE} --host 0.0.0.0")
        self.wait_settled("host1", "host2")
        self.assertEqual(self.redis("host1", "-h 10.77.0.2 CONFIG GET bind").split()[1], "0.0.0.0")
        self.assertIn("10.77.0.2:7001@17001", self.redis("host1", "CLUSTER NODES"))

    def test_an_address_at_which_another_node_is(self):
        self.machines.start_node("host1", NODE)
        self.refused("host2", "--announce-host 10.77.0.1", "10.77.0.1:17001", "another node")
        self.refused("host2", "--announce-host host1 --cluster other", "cluster 'borg'")

    def test_an_address_that_no_member_can_reach(self):
        self.machines.start_node("host1", NODE)
        self.refused("host2", "--announce-host 10.77.0.99", "10.77.0.99:17001",
                     "member 'host1-7001'", "cannot connect")
        self.refused("host2", "--announce-bus-port 17002", "10.77.0.2:17002", "refused")
        self.machines.start_node("host2", NODE)

    def test_a_member_that_announces_loopback(self):
        self.machines.start_node("host1", LOOPBACK.format("host1"))
        self.refused("host2", "", "member 'host1-7001' announces 127.0.0.1:17001", "itself",
                     "--announce-host")

    def test_members_that_cannot_be_reached(self):
        self.machines.start_node("host1", NODE)
        self.machines.network.cut(["host1"], ["host2"])
        self.refused("host2", "", "cannot connect to any member", "10.77.0.1:17001")

    def test_a_loopback_address_among_members_elsewhere(self):
        self.machines.start_node("host1", NODE)
        node = self.machines.start("host2", LOOPBACK.format("host2"))
        self.assertEqual(node.wait(REFUSED_WITHIN_S), 1)
        self.assertIn("announces 127.0.0.1:17001", node.log())
        self.assertIn("finds itself", node.log())


if __name__ == "__main__":
    main_with_networks()
