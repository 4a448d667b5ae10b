#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes find each other, and an operator's mistake is one clear line."""

import socket

from case import OPTIONS, ClusterCase, main, only_with
from cluster import Client
from processes import HOST, Process, environment, free_port, wait_until


class Forming(ClusterCase):
    def test_three_nodes_started_one_by_one(self):
        cluster = self.cluster()
        for name in "abc":
            cluster.start(name)
        cluster.wait_settled()
        said = cluster["b"].said()
        self.assertRegex(said, rf"^ready name=b port={cluster['b'].port} .*\n$")

    def test_two_started_in_the_same_instant_form_one_cluster(self):
        for _ in range(10 if OPTIONS.coordinator == "local" else 5):
            cluster = self.cluster("a", "b")
            ids = [{n["id"] for n in node.info()["nodes"]} for node in cluster.nodes.values()]
            self.assertEqual(ids[0], ids[1])
            cluster.remove()
            self.clusters.remove(cluster)

    @only_with("etcd")
    def test_clusters_of_other_names_do_not_meet(self):
        cluster = self.cluster()
        cluster.start("a", flags=["--cluster", "one"])
        cluster.start("b", flags=["--cluster", "two"])
        for name in "ab":
            self.assertEqual([n["name"] for n in cluster[name].info()["nodes"]], [name])

    @only_with("local")
    def test_a_folder_belongs_to_one_cluster(self):
        cluster = self.cluster()
        cluster.start("a", flags=["--cluster", "one"])
        node = cluster.launch("b", "--cluster", "two")
        self.assertEqual(node.wait(), 1)
        self.assertRegex(node.log(), r"^borgd: [^\n]*one[^\n]*two\n$")

    def test_one_node_with_one_copy_takes_writes(self):
        for flags in (["--copies", "1"], ["--min-copies", "1"]):
            cluster = self.cluster()
            node = cluster.start("a", flags=flags)
            self.assertEqual(node.call("SET", "k", "v"), b"OK")
            self.assertEqual(node.call("GET", "k"), b"v")

    def test_one_node_alone_refuses_writes(self):
        node = self.cluster().start("a")
        self.assertIsNone(node.call("GET", "k"))
        self.assert_error("NOREPLICAS", node.call, "SET", "k", "v")
        self.assertIsNone(node.call("GET", "k"))
        self.assertEqual(node.call("DBSIZE"), 0)

    def test_min_copies_one_gets_its_second_copy_when_there_is_a_node(self):
        cluster = self.cluster()
        cluster.start("a", flags=["--min-copies", "1"])
        for i in range(500):
            cluster["a"].call("SET", f"k{i}", i)
        cluster.form("b")
        self.assert_two_copies(cluster, 500)

    @only_with("etcd")
    def test_an_etcd_that_starts_later_is_waited_for(self):
        cluster = self.cluster()
        cluster.etcd.kill()
        node = cluster.launch("a", "--min-copies", "1")
        wait_until(lambda: "coordinator:" in node.log(), "a says that etcd is missing")
        cluster.etcd.start()
        wait_until(node.is_ready, "a is ready")
        self.assertEqual(node.call("SET", "k", "v"), b"OK")


class Mistakes(ClusterCase):
    """Each ends with exit 1 and one line on stderr that says what and why."""

    def fails(self, *flags, env=None):
        cluster = self.cluster(coordinator="local")
        command = [OPTIONS.bin / "borgd", *flags]
        process = Process(command, cluster.folder, "mistake", env=environment(**(env or {})))
        cluster.started.append(process)
        self.assertEqual(process.wait(), 1)
        self.assertEqual(process.said(), "")
        self.assertRegex(process.log(), r"^borgd: [^\n]+\n$")
        return process.log()

    def test_flags(self):
        cases = (
            (["--nmae", "a"], "--nmae"),
            (["a"], "a"),
            (["--port"], "--port"),
            (["--port", "70000"], "--port"),
            (["--port", "7x"], "--port"),
            (["--port", "-1"], "--port"),
            (["--name", "a b"], "--name"),
            (["--name", ""], "--name"),
            (["--copies", "0"], "--copies"),
            (["--copies", "2", "--min-copies", "3"], "--min-copies"),
            (["--host", "10.0.0"], "--host"),
            (["--host", "::1", "--bind", "::1"], "--bind"),
            (["--bind", "::1,b c"], "--bind"),
            (["--bind", "[::1"], "--bind"),
            (["--bind", "nowhere.invalid"], "nowhere.invalid"),
            (["--announce-host", "0.0.0.0"], "every address"),
            (["--announce-host", "[::]"], "every address"),
            (["--announce-host", "fe80::1%lo"], "link-local"),
            (["--announce-host", "127.0.0.2", "--bind", "127.0.0.1"], "not listened on"),
            (["--announce-host", "10.0.0.1:7001"], "--announce-host"),
            (["--announce-port", "0"], "--announce-port"),
            (["--coordinator", "etcd://::1:2379"], "brackets"),
            (["--coordinator", "zookeeper://x"], "zookeeper"),
            (["--coordinator", "etcd://"], "etcd"),
            (["--max-memory", "lots"], "--max-memory"),
            (["--max-memory", "4"], "at least 1mb"),
            (["--on-loss", "cry"], "--on-loss"),
            (["--log-level", "loud"], "--log-level"),
            (["--threads", "0x"], "--threads"),
            (["--silence-ms", "2000"], "--silence-ms"),
            (["--config", "/does/not/exist.toml"], "/does/not/exist.toml"),
            (["--port", "7001", "--port", "7002"], "--port"),
        )
        for flags, named in cases:
            with self.subTest(flags=flags):
                self.assertIn(named, self.fails(*flags))

    def test_environment(self):
        self.assertIn("--port", self.fails(env={"BORG_PORT": "many"}))
        self.assertIn("--copies", self.fails(env={"BORG_COPIES": "9"}))
        self.assertIn("/not/there", self.fails(env={"BORG_CONFIG": "/not/there"}))

    def test_config_file(self):
        folder = self.cluster(coordinator="local").folder
        cases = (
            ('nmae = "a"\n', "--nmae"),
            ('weight = 3\nport = "many"\n', "--port"),
            ("copies = 99\n", "--copies"),
            ("weight = 3\nname = [1,\n", "line 2"),
            ("name = [1, 2]\n", "name"),
            ("[name]\n", "name"),
            ('name = "a"\nname = "b"\n', "line 2"),
            ("copies\n", "line 1"),
        )
        path = folder / "borg.toml"
        for text, named in cases:
            with self.subTest(text=text):
                path.write_text(text)
                self.assertIn(named, self.fails("--config", path))
        self.assertIn("--config", self.fails(env={"BORG_CONFIG": str(path)}))

    def test_ports_in_use(self):
        cluster = self.cluster()
        with socket.create_server((HOST, free_port())) as taken:
            port = taken.getsockname()[1]
            for place in range(3):
                ports = [free_port() for _ in range(3)]
                ports[place] = port
                node = cluster.launch("x", ports=ports)
                self.assertEqual(node.wait(), 1)
                self.assertRegex(node.log(), rf"^borgd: [^\n]*{port}[^\n]*in use[^\n]*\n$")

    def test_name_in_use(self):
        cluster = self.cluster()
        cluster.start("a")
        second = cluster.launch("a")
        self.assertEqual(second.wait(), 1)
        self.assertRegex(second.log(), r"borgd: [^\n]*name 'a'[^\n]*\n$")

    def test_a_name_is_free_again_when_its_node_was_killed(self):
        cluster = self.cluster("a", "b", "c")
        cluster.kill("c")
        cluster.form("c")

    def test_settings_of_the_cluster_cannot_be_contradicted(self):
        cluster = self.cluster()
        cluster.start("a", flags=["--copies", "2"])
        node = cluster.launch("b", "--copies", "3")
        self.assertEqual(node.wait(), 1)
        self.assertRegex(node.log(), r"borgd: [^\n]*--copies[^\n]*\n$")


class Settings(ClusterCase):
    def test_a_config_file_is_below_the_environment_and_that_below_flags(self):
        cluster = self.cluster(coordinator="local")
        ports = [free_port() for _ in range(5)]
        path = cluster.folder / "borg.toml"
        path.write_text(f'name = "from-file"\nport = {ports[0]}\nbus-port = {ports[1]}\n'
                        f'http-port = {ports[2]}\ncoordinator = "{cluster.coordinator}"\n'
                        "weight = 7\nmin-copies = 1\n")
        process = Process(
            [OPTIONS.bin / "borgd", "--config", path, "--port", ports[4]], cluster.folder, "x",
            env=environment(BORG_PORT=str(ports[3]), BORG_NAME="from-environment"))
        cluster.started.append(process)
        wait_until(lambda: process.said().endswith("\n"), "it is ready")
        self.assertRegex(process.said(), rf"^ready name=from-environment port={ports[4]} "
                         rf"bus-port={ports[1]} http-port={ports[2]} ")

    def test_addresses_from_a_file(self):
        cluster = self.cluster(coordinator="local")
        path = cluster.folder / "borg.toml"
        path.write_text('bind = ["127.0.0.1", "127.0.0.2"]\nannounce-host = "localhost"\n'
                        f'coordinator = "{cluster.coordinator}"\n')
        ports = [free_port() for _ in range(3)]
        process = Process(
            [OPTIONS.bin / "borgd", "--config", path, "--port", ports[0], "--bus-port", ports[1],
             "--http-port", ports[2], "--announce-port", "7777"], cluster.folder, "x",
            env=environment())
        cluster.started.append(process)
        wait_until(lambda: process.said().endswith("\n"), "it is ready")
        self.assertIn(f" port={ports[0]} ", process.said())
        self.assertIn(" address=localhost:7777\n", process.said())
        for host in ("127.0.0.1", "127.0.0.2"):
            with Client(ports[0], host=host) as client:
                self.assertEqual(client("CONFIG", "GET", "bind")[1], b"127.0.0.1 127.0.0.2")
                nodes = client("CLUSTER", "NODES").decode().split()[1]
                self.assertEqual(nodes, f"localhost:7777@{ports[1]},localhost")

    def test_help_and_version(self):
        cluster = self.cluster(coordinator="local")
        for flag, text in (("--help", "--coordinator"), ("--version", "borgd ")):
            process = Process([OPTIONS.bin / "borgd", flag], cluster.folder, flag)
            cluster.started.append(process)
            self.assertEqual(process.wait(), 0)
            self.assertIn(text, process.said())
            self.assertEqual(process.log(), "")


if __name__ == "__main__":
    main()
