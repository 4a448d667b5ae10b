# SPDX-License-Identifier: Apache-2.0
"""Servers that are measured: started with free ports in a folder of their own, stopped by pid."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import redis

SLOTS = 16384


class BenchError(Exception):
    """Something broke: a server, a reply, a wait."""


def wait_until(what, condition, seconds=60, pause=0.02):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise BenchError(f"waited {seconds} s in vain until {what}")
        time.sleep(pause)


def free_ports(count):
    """Below the range that outgoing connections use, so that nobody takes them meanwhile."""
    found = []
    for _ in range(1000):
        port = random.randrange(21000, 31000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
        if len(found) == count:
            return found
    raise BenchError("no free ports")


class Server:
    """One process. Its output is kept in a file until the bench ends."""

    def __init__(self, name, port, command, folder):
        self.name, self.port = name, port
        self.log = Path(folder) / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                start_new_session=True,
            )
        self.client = redis.Redis(port=port, socket_timeout=30, decode_responses=True)

    @property
    def pid(self):
        return self.process.pid

    def answers(self):
        if self.process.poll() is not None:
            raise BenchError(f"{self.name} ended with {self.process.returncode}: {self.tail()}")
        try:
            return self.client.ping()
        except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError):
            return False

    def tail(self):
        return self.log.read_text(errors="replace")[-600:].strip()

    def cpu_seconds(self):
        """User and system time of all threads, in nanoseconds where the kernel counts them."""
        tasks = Path(f"/proc/{self.pid}/task")
        try:
            return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks.iterdir()) / 1e9
        except OSError:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def core_wait_seconds(self):
        """How long its threads were ready to run and had no core."""
        tasks = Path(f"/proc/{self.pid}/task")
        return sum(int((t / "schedstat").read_text().split()[1]) for t in tasks.iterdir()) / 1e9

    def cpu_seconds_by_thread(self):
        """{thread id: seconds}"""
        return {t.name: int((t / "schedstat").read_text().split()[0]) / 1e9
                for t in Path(f"/proc/{self.pid}/task").iterdir()}

    def rss_bytes(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise BenchError(f"{self.name} has no VmRSS")

    def used_bytes(self):
        return self.client.info("memory")["used_memory"]

    def send(self, number):
        os.kill(self.pid, number)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(timeout=30)
        self.client.close()


class Servers:
    """A group of servers that lives for a `with` block."""

    title = ""

    def __init__(self, binaries):
        self.binaries = Path(binaries)
        self.folder = Path(tempfile.mkdtemp(prefix="borg-bench-"))
        self.all = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.all:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        raise NotImplementedError

    def spawn(self, name, port, command):
        server = Server(name, port, [str(word) for word in command], self.folder)
        self.all.append(server)
        return server

    def await_answers(self):
        for server in self.all:
            wait_until(f"{server.name} answers", server.answers)

    @property
    def ports(self):
        """Where clients connect."""
        return [self.all[0].port]

    def cpu_seconds(self):
        return sum(server.cpu_seconds() for server in self.all)

    def core_wait_seconds(self):
        return sum(server.core_wait_seconds() for server in self.all)

    def load(self, check=True, **options):
        """Runs bench_load to its end; options as its flags."""
        run = subprocess.run(
            self.load_command(options), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=600, check=False,
        )
        if check and run.returncode:
            raise BenchError(f"{self.title}: {run.stderr.strip() or run.stdout.strip()}\n"
                             f"{self.tails()}")
        return json.loads(run.stdout.splitlines()[-1])

    def tails(self):
        """The last that each server said."""
        return "\n".join(f"{s.name} on port {s.port}: {s.tail() or 'silent'}" for s in self.all)

    def load_command(self, options):
        command = [str(self.binaries / "bench_load")]
        for port in options.pop("ports", self.ports):
            command += ["--port", str(port)]
        for name, value in options.items():
            if value is True:
                command.append(f"--{name.replace('_', '-')}")
            elif value is not False:
                command += [f"--{name.replace('_', '-')}", str(value)]
        return command

    def fill(self, keys, value_bytes=64, first_key=0, ttl_s=0, **options):
        self.load(op="fill", operations=keys, first_key=first_key, value_bytes=value_bytes,
                  ttl_s=ttl_s, connections=8, pipeline=64, seconds_max=500, **options)


class Redis(Servers):
    """One redis-server, with `replicas` that follow it."""

    def __init__(self, binaries, replicas=0):
        super().__init__(binaries)
        self.replicas = replicas
        self.title = "redis-server" + (f" + {replicas} replica" if replicas else "")

    def start(self):
        primary, *others = free_ports(1 + self.replicas)
        self.spawn("primary", primary, redis_command(primary))
        self.await_answers()
        for n, port in enumerate(others):
            self.spawn(f"replica{n}", port,
                       [*redis_command(port), "--replicaof", "127.0.0.1", primary])
        self.await_answers()
        wait_until("the replicas follow", self.replicas_follow)

    def replicas_follow(self):
        return all(s.client.info("replication").get("master_link_status") == "up"
                   for s in self.all[1:])


def redis_command(port):
    return ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
            "--appendonly", "no", "--repl-diskless-sync-delay", 0, "--loglevel", "warning",
            "--maxclients", 15000]


class Bare(Servers):
    """bench_bare: answers such requests without looking at them, the least that one can do."""

    title = "a server that looks at nothing"

    def __init__(self, binaries, op, value_bytes, pipeline):
        super().__init__(binaries)
        value = f"${value_bytes}\r\n{'v' * value_bytes}\r\n" if op == "set" else ""
        head = f"*{3 if op == 'set' else 2}\r\n$3\r\n{op.upper()}\r\n$16\r\n{'k' * 16}\r\n"
        self.flags = ["--request-bytes", len(head + value), "--pipeline", pipeline,
                      "--value-bytes", value_bytes if op == "get" else 0]

    def start(self):
        (port,) = free_ports(1)
        server = self.spawn("bare", port, [self.binaries / "bench_bare", "--port", port,
                                           *self.flags])
        wait_until("the bare server listens", lambda: self.listens(server))

    @staticmethod
    def listens(server):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", server.port)) == 0


class Borg(Servers):
    """A cluster of borgd processes with a coordinator of its own."""

    def __init__(self, binaries, nodes=1, copies=1, threads=1, min_copies=None):
        super().__init__(binaries)
        self.min_copies = copies if min_copies is None else min_copies
        self.started = 0
        self.nodes, self.copies, self.threads = nodes, copies, threads
        self.title = f"borgd x {nodes}, {copies} cop{'y' if copies == 1 else 'ies'}"

    def start(self):
        for _ in range(self.nodes):
            self.add_node()
        if self.nodes:
            self.await_balance(self.nodes)

    def add_node(self):
        """Starts one more; it is a member when this returns, and may have no data yet."""
        name = "abcdefghijklmnop"[self.started]
        self.started += 1
        port, bus_port, http_port = free_ports(3)
        self.spawn(name, port, [
            self.binaries / "borgd", "--name", name, "--cluster", "bench", "--port", port,
            "--bus-port", bus_port, "--http-port", http_port, "--copies", self.copies,
            "--min-copies", self.min_copies,
            "--threads", self.threads, "--max-clients", 15000,
            "--coordinator", f"local:{self.folder / 'coordinator'}",
            "--log-level", "warning",
        ])
        wait_until(f"{name} answers", self.all[-1].answers)
        return self.all[-1]

    def stop_gracefully(self, server):
        """It hands its data over and ends."""
        server.send(signal.SIGTERM)
        try:
            code = server.process.wait(timeout=300)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"{server.name} does not leave") from error
        if code:
            raise BenchError(f"{server.name} left with {code}: {server.tail()}")
        self.all.remove(server)
        server.stop()

    def info(self, node=0):
        return json.loads(self.all[node].client.execute_command("BORG", "INFO"))

    def is_balanced(self, nodes):
        # One answer: two could be from before and after a join.
        info = self.info()
        cluster, members = info["cluster"], [n for n in info["nodes"] if n["state"] == "active"]
        has_copies = cluster["under_replicated_slots"] == 0 or nodes < self.copies
        return (len(members) == nodes and all(n["primary_slots"] > 0 for n in members) and
                has_copies and cluster["moving_slots"] == 0)

    def await_balance(self, nodes, seconds=120):
        wait_until(f"{nodes} nodes share the data", lambda: self.is_balanced(nodes), seconds)

    @property
    def ports(self):
        return [server.port for server in self.all]


class RedisCluster(Servers):
    """`primaries` redis-servers that share the slots, and one replica of each if asked for."""

    def __init__(self, binaries, timeout_ms, primaries=3, replicas=1):
        super().__init__(binaries)
        self.timeout_ms, self.primaries, self.replicas = timeout_ms, primaries, replicas
        self.title = f"Redis Cluster {primaries} + {primaries * replicas}"

    def start(self):
        count = self.primaries * (1 + self.replicas)
        ports = free_ports(2 * count)
        for n, (port, bus_port) in enumerate(zip(ports[:count], ports[count:])):
            self.spawn(f"r{n}", port, [
                *redis_command(port), "--cluster-enabled", "yes", "--cluster-port", bus_port,
                "--cluster-config-file", f"r{n}.conf",
                "--cluster-node-timeout", self.timeout_ms,
                # Else a primary that gives its last slot away becomes a replica.
                "--cluster-allow-replica-migration", "yes" if self.replicas else "no",
            ])
        self.await_answers()
        run = subprocess.run(
            ["redis-cli", "--cluster", "create", *(f"127.0.0.1:{p}" for p in ports[:count]),
             "--cluster-replicas", str(self.replicas), "--cluster-yes"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        )
        if run.returncode:
            raise BenchError(f"redis-cli --cluster create: {run.stdout[-400:]} {run.stderr}")
        wait_until("Redis Cluster is ready", self.is_ready)

    def is_ready(self):
        for server in self.all:
            if "cluster_state:ok" not in server.client.execute_command("CLUSTER", "INFO"):
                return False
            replication = server.client.info("replication")
            if replication["role"] == "slave":
                if replication["master_link_status"] != "up":
                    return False
            elif replication["connected_slaves"] < self.replicas:
                return False
        return True

    def primary_servers(self):
        return [s for s in self.all if s.client.info("replication")["role"] == "master"]
