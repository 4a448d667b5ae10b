# SPDX-License-Identifier: Apache-2.0
"""Machines as a page of the documentation has them: names, an etcd on each, default ports.

Each is a network namespace with a host name and a hosts file of its own. A command of the page is
run on the machine that its prompt names, exactly as it is written there.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from etcd import Etcd
from namespaces import Network
from processes import Process, environment, wait_until

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("host1", "host2", "host3")
ETCD_PORTS = (2379, 2380)
# Becomes the command, where the machine has its name and knows those of the others.
ON_MACHINE = 'hostname "$1" && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"'
PROMPT = re.compile(r"(host\d)\$ (.*)")


def several_machines_steps():
    """[(machine, command, expected lines)] of the README's blocks with machines' prompts."""
    steps, is_inside = [], False
    for line in (ROOT / "README.md").read_text(encoding="utf-8").split("\n"):
        prompt = PROMPT.fullmatch(line)
        if line.startswith("```"):
            is_inside = line == "```console several machines"
        elif is_inside and prompt:
            steps.append((prompt[1], prompt[2], []))
        elif is_inside:
            steps[-1][2].append(line)
    return steps


def readme_module():
    """What compares a page with a program's output; another suite has a run.py as well."""
    spec = importlib.util.spec_from_file_location("readme_run", ROOT / "tests/readme/run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Machines:
    """host1, host2 and host3, joined to each other, with an etcd of three."""

    def __init__(self, binary_folder, is_ipv6=False):
        self.folder = Path(tempfile.mkdtemp(prefix="borg-machines-"))
        self.bin = Path(binary_folder).resolve()
        self.network = Network(NAMES, is_ipv6)
        self.started = []
        self.etcd = None
        try:
            self._begin()
        except BaseException:
            self.remove()
            raise

    def _begin(self):
        lines = [f"{self[name].host} {name}" for name in NAMES]
        for name in NAMES:
            # As a machine's installation writes it.
            self.write_hosts(name, ["127.0.0.1 localhost", "::1 localhost", *lines])
            self[name].ports = iter(ETCD_PORTS)
        self.etcd = Etcd(self.folder, [self[name] for name in NAMES])

    def __getitem__(self, name):
        return self.network[name]

    def hosts(self, name):
        return self.folder / f"hosts-{name}"

    def write_hosts(self, name, lines):
        """Into the same file, which is mounted where programs look for it."""
        self.hosts(name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _on(self, name, words):
        return ["unshare", "--mount", "--uts", "sh", "-c", ON_MACHINE, "sh", name,
                self.hosts(name), *words]

    def _environment(self):
        return environment(PATH=f"{self.bin}:{os.environ['PATH']}", LC_ALL="C.UTF-8")

    def start(self, name, command):
        """Starts a command in the background."""
        process = Process(self._on(name, ["bash", "-c", f"exec {command}"]), self.folder, name,
                          env=self._environment(), place=self[name])
        self.started.append(process)
        return process

    def start_node(self, name, command):
        """Starts one and waits until it is ready."""
        node = self.start(name, command)

        def is_ready():
            if not node.is_running():
                raise AssertionError(f"{command} on {name} ended: {node.log()}")
            return "ready " in node.said() and node.said().endswith("\n")

        wait_until(is_ready, f"{command} on {name} is ready")
        return node

    def run(self, name, command, seconds=60):
        """What it prints; an error unless its exit code is 0."""
        with self[name].inside():
            done = subprocess.run(self._on(name, ["bash", "-c", command]), text=True, check=False,
                                  capture_output=True, env=self._environment(), timeout=seconds,
                                  stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise AssertionError(f"{command} on {name}: {done.stdout}{done.stderr}")
        return done.stdout

    def remove(self):
        for process in self.started:
            process.kill()
        if self.etcd is not None:
            self.etcd.kill()
        self.network.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def show_logs(self):
        for path in sorted(self.folder.glob("*.err")):
            if "etcd" not in path.name:
                print(f"--- {path.name}", path.read_text(errors="replace"), sep="\n",
                      file=sys.stderr)


fits = readme_module().fits
