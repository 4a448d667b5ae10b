# SPDX-License-Identifier: Apache-2.0
"""Programs that a test starts, in a private folder and perhaps in a network of their own."""

import contextlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "transcripts"))

import copies  # noqa: E402, F401 (found by the line above)
import resp_client  # noqa: E402

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


def address(host, port):
    """"host:port"; an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Place:
    """Where a program runs: on this machine's own network. See also namespaces.Network."""

    host = HOST

    def port(self):
        return free_port()

    def inside(self):
        """A `with` in which this thread opens sockets and starts programs there."""
        return contextlib.nullcontext()


HERE_PLACE = Place()


class Process:
    """A program with its output in files; it dies with this one, whatever happens."""

    numbers = itertools.count(1)

    def __init__(self, command, folder, name, env=None, place=HERE_PLACE,
                 stdin=subprocess.DEVNULL):
        self.place = place
        self.log_name = f"{next(self.numbers):03}-{name}"
        self.out = folder / f"{self.log_name}.out"
        self.err = folder / f"{self.log_name}.err"
        # setpriv becomes the program: the pid is the program's. Only the main thread starts any.
        guarded = ["setpriv", "--pdeathsig", "KILL", *map(str, command)]
        with open(self.out, "xb") as out, open(self.err, "xb") as err, place.inside():
            self.process = subprocess.Popen(guarded, stdout=out, stderr=err,
                                            env=environment() if env is None else env,
                                            stdin=stdin)

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def stop_it(self):
        """SIGSTOP, and wait until all of its threads have seen it."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def continue_it(self):
        self.signal(signal.SIGCONT)

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


def environment(**added):
    """This process's environment without anything that would configure a node."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BORG_")}
    return {**kept, **added}
