# SPDX-License-Identifier: Apache-2.0
"""A private cluster of borgd processes on this machine: started, watched, stopped by pid."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


class Failure(Exception):
    """Something that the demo promised did not happen."""


# Scales all deadlines: more for a slow machine, less to test that they pass.
PATIENCE = float(os.environ.get("BORG_DEMO_PATIENCE", "1"))


def wait_for(what, condition, seconds):
    """The first true value of condition(), asked until `seconds` have passed."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {seconds} s in vain until {what}")
        time.sleep(0.05)


@dataclass
class Node:
    name: str
    process: subprocess.Popen
    ready: dict

    @property
    def port(self):
        return int(self.ready["port"])


class Cluster:
    """Nodes with a coordinator folder of their own, so that no other cluster is touched."""

    def __init__(self, binaries):
        self.binaries = Path(binaries)
        self.folder = Path(tempfile.mkdtemp(prefix="borg-demo-"))
        self.name = f"demo-{secrets.token_hex(3)}"
        self.nodes = {}

    def start(self, name):
        """Starts a node and returns it when it serves."""
        output, log = self.folder / f"{name}.out", self.folder / f"{name}.log"
        command = [
            str(self.binaries / "borgd"), "--name", name, "--cluster", self.name,
            "--coordinator", f"local:{self.folder / 'coordinator'}",
        ]
        with open(output, "wb") as out, open(log, "wb") as err:
            # A session of its own: Ctrl-C reaches the demo alone, which then stops the nodes.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )
        node = Node(name, process, {})
        self.nodes[name] = node

        def ready():
            if process.poll() is not None:
                raise Failure(f"node {name} ended with {process.returncode} before it was ready")
            return ready_line(output.read_text(encoding="utf-8"))

        node.ready = wait_for(f"node {name} is ready", ready, 60)
        return node

    @property
    def live(self):
        return [n for n in self.nodes.values() if n.process.poll() is None]

    def borgctl(self, *words, show=False):
        """Runs borgctl with any live node; its output is returned, or shown."""
        command = [str(self.binaries / "borgctl"), "--port", str(self.live[0].port), *words]
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=None if show else subprocess.PIPE,
            stderr=None if show else subprocess.PIPE, text=True, timeout=300, check=False,
        )
        if run.returncode:
            said = (run.stderr or run.stdout or "").strip()
            raise Failure(f"borgctl {' '.join(words)} exited {run.returncode}: {said}")
        return run.stdout

    def info(self):
        return json.loads(self.borgctl("info", "--json"))

    def kill(self, name):
        """As if the machine had lost power."""
        node = self.nodes[name]
        os.kill(node.process.pid, signal.SIGKILL)
        node.process.wait(timeout=30)

    def stop(self):
        """Asks every node to leave and checks that it does so in order."""
        # One after the other, so that each can hand its data over while there is someone left.
        for node in self.live:
            node.process.send_signal(signal.SIGTERM)
            try:
                code = node.process.wait(timeout=60)
            except subprocess.TimeoutExpired as error:
                raise Failure(f"node {node.name} did not leave within 60 s") from error
            if code:
                raise Failure(f"node {node.name} exited {code}")

    def abandon(self):
        """Ends whatever still runs and removes the folder: for failures and for the end."""
        for node in self.live:
            node.process.kill()
            node.process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self, lines=12):
        """The ends of the nodes' logs."""
        text = ""
        for log in sorted(self.folder.glob("*.log")):
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
            text += "".join(f"  {log.stem}: {line}\n" for line in tail)
        return text


def ready_line(text):
    """{key: value} of the line that borgd prints when it serves, or None so far."""
    for line in text.splitlines(keepends=True):
        if line.startswith("ready ") and line.endswith("\n"):
            return dict(word.split("=", 1) for word in line.split()[1:] if "=" in word)
    return None
