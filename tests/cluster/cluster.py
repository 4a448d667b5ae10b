# SPDX-License-Identifier: Apache-2.0
"""Real borgd processes, and an etcd if wanted, in a private folder: started, hurt and stopped."""

import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "transcripts"))

import resp_client  # noqa: E402 (found by the line above)

HOST = "127.0.0.1"
SECONDS_MAX = 60
# Below what the kernel gives to outgoing connections: else one of those may take a port between
# our look and borgd's. And away from 7001, where a user's own nodes are.
PORTS = range(20000, 32000)
_taken = set()
_random = random.Random()


def free_port():
    for _ in range(1000):
        port = _random.choice(PORTS)
        if port in _taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        _taken.add(port)
        return port
    raise RuntimeError("no free port")


def wait_until(condition, what, seconds=SECONDS_MAX):
    """Returns the condition's value when it is true. An exception counts as false until the end."""
    deadline = time.monotonic() + seconds
    while True:
        problem = None
        try:
            value = condition()
            if value:
                return value
        except (ConnectionError, OSError, resp_client.Closed) as error:
            problem = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}") from problem
        time.sleep(0.02)


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

    def __init__(self, port, timeout_s=SECONDS_MAX):
        self.connection = resp_client.Connection((HOST, port), timeout_s)

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
        data = b""
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


class Process:
    """A program with its output in files; it dies with this one, whatever happens."""

    numbers = itertools.count(1)

    def __init__(self, command, folder, name, env=None):
        self.log_name = f"{next(self.numbers):03}-{name}"
        self.out = folder / f"{self.log_name}.out"
        self.err = folder / f"{self.log_name}.err"
        # setpriv becomes the program: the pid is the program's. Only the main thread starts any.
        guarded = ["setpriv", "--pdeathsig", "KILL", *map(str, command)]
        with open(self.out, "xb") as out, open(self.err, "xb") as err:
            self.process = subprocess.Popen(guarded, stdout=out, stderr=err,
                                            env=environment() if env is None else env,
                                            stdin=subprocess.DEVNULL)

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """kill -9, and wait for the end."""
        if self.is_running():
            self.signal(signal.SIGKILL)
        self.process.wait()

    def wait(self, seconds=SECONDS_MAX):
        """The exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"pid {self.pid} does not end within {seconds} s") from error

    def said(self):
        return self.out.read_text(errors="replace")

    def log(self):
        return self.err.read_text(errors="replace")


class Node(Process):
    """One borgd."""

    def __init__(self, binary, folder, name, coordinator, flags=(), ports=None):
        self.name = name
        self.port, self.bus_port, self.http_port = ports or [free_port() for _ in range(3)]
        command = [binary, "--name", name, "--coordinator", coordinator, "--port", self.port,
                   "--bus-port", self.bus_port, "--http-port", self.http_port, "--threads", "2",
                   *flags]
        super().__init__(command, folder, name)

    def is_ready(self):
        if not self.is_running():
            raise AssertionError(f"{self.name} ended with {self.process.returncode}: {self.log()}")
        return self.said().startswith("ready ") and self.said().endswith("\n")

    def client(self, timeout_s=SECONDS_MAX):
        return Client(self.port, timeout_s)

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

    def stop_it(self):
        self.signal(signal.SIGSTOP)

    def continue_it(self):
        self.signal(signal.SIGCONT)

    def leave(self):
        """SIGTERM."""
        self.signal(signal.SIGTERM)

    def rss_bytes(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0


class Etcd:
    """A real etcd of one member; its data outlives kill()."""

    def __init__(self, folder):
        self.folder = folder
        self.url = f"http://{HOST}:{free_port()}"
        self.peer_url = f"http://{HOST}:{free_port()}"
        self.process = None
        self.start()

    def start(self):
        self.process = Process(
            ["/usr/bin/etcd", "--name", "test", "--data-dir", self.folder / "etcd-data",
             "--unsafe-no-fsync", "--listen-client-urls", self.url,
             "--advertise-client-urls", self.url, "--listen-peer-urls", self.peer_url,
             "--initial-advertise-peer-urls", self.peer_url,
             "--initial-cluster", f"test={self.peer_url}"],
            self.folder, "etcd")
        # Killed before it has elected itself, it would never come up again.
        wait_until(self.is_healthy, "etcd is healthy")

    def is_healthy(self):
        with urllib.request.urlopen(self.url + "/health", timeout=5) as reply:
            return json.load(reply)["health"] == "true"

    def kill(self):
        self.process.kill()


class Cluster:
    """Nodes of one coordinator ("local" or "etcd"), by name."""

    def __init__(self, binary_folder, coordinator="local", flags=()):
        self.bin = Path(binary_folder)
        self.folder = Path(tempfile.mkdtemp(prefix="borg-cluster-"))
        self.flags = list(flags)
        self.nodes = {}
        self.started = []  # every process ever, for the end
        self.etcd = None
        self.coordinator = f"local:{self.folder / 'coordinator'}"
        if coordinator == "etcd":
            self.etcd = Etcd(self.folder)
            self.coordinator = self.etcd.url.replace("http://", "etcd://")

    def launch(self, name, *flags, ports=None):
        """Starts a node and does not wait for it."""
        node = Node(self.bin / "borgd", self.folder, name, self.coordinator,
                    [*self.flags, *flags], ports)
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
        self.nodes.pop(name).kill()

    def __getitem__(self, name):
        return self.nodes[name]

    def names(self):
        return set(self.nodes)

    def problem(self):
        """Why the cluster is not at rest, as all its nodes see it; empty if it is."""
        for node in self.nodes.values():
            info = node.info()
            found = {n["name"]: n["state"] for n in info["nodes"]}
            if found != dict.fromkeys(self.nodes, "active"):
                return f"{node.name} sees {found}"
            for count in ("under_replicated_slots", "moving_slots", "lost_slots"):
                if info["cluster"][count]:
                    return f"{node.name} sees {count} {info['cluster'][count]}"
        return ""

    def wait_settled(self, seconds=SECONDS_MAX):
        """All nodes are known to each other, every slot has its copies where they belong."""
        last = [""]

        def is_settled():
            last[0] = self.problem()
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


def environment(**added):
    """This process's environment without anything that would configure a node."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BORG_")}
    return {**kept, **added}
