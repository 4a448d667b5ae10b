# SPDX-License-Identifier: Apache-2.0
"""Real borgd processes, and an etcd if wanted, in a private folder: started, hurt and stopped."""

import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from etcd import Etcd
from processes import HERE_PLACE, HOST, SECONDS_MAX, Process, resp_client, wait_until


class CommandError(Exception):
    """A reply of type error; `code` is its first word."""

    def __init__(self, text):
        super().__init__(text)
        self.code = text.split(" ", 1)[0]


def plain(reply):
    """A reply as Python's own types."""
    if reply.kind == "error":
        raise CommandError(reply.value.decode())
    if reply.kind in ("nil", "nil array"):
        return None
    if reply.kind == "integer":
        return int(reply.value)
    if isinstance(reply.value, list):
        return [plain(element) for element in reply.value]
    return reply.value


def as_bytes(word):
    return word if isinstance(word, bytes) else str(word).encode()


class Client:
    """One connection; a reply of type error is raised as CommandError."""

    def __init__(self, port, timeout_s=SECONDS_MAX, host=HOST):
        self.connection = resp_client.Connection((host, port), timeout_s)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def __call__(self, *words):
        return plain(self.connection.call([as_bytes(w) for w in words]))

    def pipeline(self, commands):
        """The replies of all; an error stands in the list as a CommandError."""
        data = bytearray()
        for words in commands:
            data += b"*%d\r\n" % len(words)
            for word in map(as_bytes, words):
                data += b"$%d\r\n%s\r\n" % (len(word), word)
        self.connection.send(data)
        replies = []
        for _ in commands:
            try:
                replies.append(plain(self.connection.read()))
            except CommandError as error:
                replies.append(error)
        return replies


class Node(Process):
    """One borgd."""

    def __init__(self, binary, folder, name, coordinator, flags=(), ports=None, place=HERE_PLACE,
                 env=None):
        self.name = name
        self.port, self.bus_port, self.http_port = ports or [place.port() for _ in range(3)]
        command = [binary, "--name", name, "--coordinator", coordinator, "--host", place.host,
                   "--port", self.port, "--bus-port", self.bus_port,
                   "--http-port", self.http_port, "--threads", "2", *flags]
        super().__init__(command, folder, name, env=env, place=place)

    def is_ready(self):
        if not self.is_running():
            raise AssertionError(f"{self.name} ended with {self.process.returncode}: {self.log()}")
        return self.said().startswith("ready ") and self.said().endswith("\n")

    def client(self, timeout_s=SECONDS_MAX):
        """A client that is where the node is."""
        with self.place.inside():
            return Client(self.port, timeout_s, self.place.host)

    def call(self, *words):
        """One command on a connection of its own."""
        with self.client() as client:
            return client(*words)

    def info(self):
        return json.loads(self.call("BORG", "INFO"))

    def info_field(self, name):
        """A number of Redis's INFO."""
        for line in self.call("INFO").decode().split("\r\n"):
            if line.startswith(name + ":"):
                return int(line.partition(":")[2])
        raise KeyError(name)

    def leave(self):
        """SIGTERM."""
        self.signal(signal.SIGTERM)

    def rss_bytes(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0


class Cluster:
    """Nodes of one coordinator ("local" or "etcd"), by name.

    `places` says where each node runs, by name, if not all on this machine's own network;
    `etcd_places` has one entry for each member of the etcd.
    """

    def __init__(self, binary_folder, coordinator="local", flags=(), places=None,
                 etcd_places=(HERE_PLACE,)):
        self.bin = Path(binary_folder)
        self.folder = Path(tempfile.mkdtemp(prefix="borg-cluster-"))
        self.flags = list(flags)
        self.nodes = {}
        self.started = []  # every process ever, for the end
        self.places = places or {}
        self.environments = {}  # of a node, by name, if it is not this process's
        self.etcd = None
        self.coordinator = f"local:{self.folder / 'coordinator'}"
        if coordinator == "etcd":
            self.etcd = Etcd(self.folder, etcd_places)
            self.coordinator = self.etcd.coordinator()

    def launch(self, name, *flags, ports=None):
        """Starts a node and does not wait for it."""
        node = Node(self.bin / "borgd", self.folder, name, self.coordinator,
                    [*self.flags, *flags], ports, self.places.get(name, HERE_PLACE),
                    self.environments.get(name))
        self.started.append(node)
        self.nodes[name] = node
        return node

    def start(self, *names, flags=()):
        """Starts nodes, all at the same time, and waits until they serve."""
        nodes = [self.launch(name, *flags) for name in names]
        for node in nodes:
            wait_until(node.is_ready, f"{node.name} is ready")
        return nodes[0] if len(nodes) == 1 else nodes

    def form(self, *names, flags=()):
        """Starts nodes and waits until every key would be on two of them."""
        nodes = self.start(*names, flags=flags)
        self.wait_settled()
        return nodes

    def kill(self, name):
        """kill -9: its log, to be looked at."""
        node = self.nodes.pop(name)
        node.kill()
        return node

    def __getitem__(self, name):
        return self.nodes[name]

    def problem(self, but=(), listed_dead=False):
        """Why the cluster is not at rest, as all its nodes but these see it; empty if it is.

        `listed_dead`: those who are not here may still be known, as down.
        """
        here = [name for name in self.nodes if name not in but]
        for node in map(self.nodes.get, here):
            info = node.info()
            found = {n["name"]: n["state"] for n in info["nodes"]
                     if n["state"] != "down" or not (listed_dead or n["name"] in but)}
            if found != dict.fromkeys(here, "active"):
                return f"{node.name} sees {found}"
            for count in ("under_replicated_slots", "moving_slots", "lost_slots"):
                if info["cluster"][count]:
                    return f"{node.name} sees {count} {info['cluster'][count]}"
        return ""

    def wait_settled(self, seconds=SECONDS_MAX, **options):
        """All nodes are known to each other, every slot has its copies where they belong.

        The options are those of problem().
        """
        last = [""]

        def is_settled():
            last[0] = self.problem(**options)
            return not last[0]

        try:
            wait_until(is_settled, "the cluster is settled", seconds)
        except AssertionError as error:
            raise AssertionError(f"not settled within {seconds} s: {last[0]}") from error

    def slots(self):
        """{name: (slots as primary, slots as backup)}, as the first node sees it."""
        info = next(iter(self.nodes.values())).info()
        return {n["name"]: (n["primary_slots"], n["backup_slots"]) for n in info["nodes"]}

    def holders(self, key):
        """[(name, role)], primary first."""
        node = next(iter(self.nodes.values()))
        return [(h[0].decode(), h[3].decode()) for h in node.call("BORG", "WHEREIS", key)]

    def stop(self):
        """Ends every process, by its pid."""
        for process in self.started:
            process.kill()
        if self.etcd is not None:
            self.etcd.kill()

    def show_logs(self, lines=40):
        for path in sorted(self.folder.glob("*.err")):
            text = path.read_text(errors="replace").splitlines()[-lines:]
            print(f"--- {path.name}", *text, sep="\n", file=sys.stderr)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def local_keys(node):
    """{key: role} of the keys that the node itself holds."""
    roles, cursor = {}, b"0"
    with node.client() as client:
        while True:
            cursor, found = client("BORG", "LOCAL", cursor)
            roles.update((key, role.decode()) for key, role in found)
            if cursor == b"0":
                return roles
