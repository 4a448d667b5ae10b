#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands that a page shows and compares what they print with what the page says.

    run.py --bin build/dev/bin [--page README.md] [--print]

A ```console block holds commands (`$ command`, a `\\` at the end continues) and below each what it
prints. `…` stands for any text in a line, and alone in a line for any lines; runs of spaces are
alike. All blocks of a page run in order in one shell, in an empty folder, on a network of their
own where the system allows that; every command must exit 0. A command that ends in `&` goes on
behind: what the page shows of it is waited for. After the comment `<!-- test: eventually -->`
the commands of the next block are repeated until their output fits: for commands that only look.
`--print` shows the blocks with the real output, for pasting.
"""

import argparse
import fcntl
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

SECONDS_MAX = 120


@dataclass
class Step:
    line: int
    command: str
    expected: list = field(default_factory=list)
    eventually: bool = False

    @property
    def behind(self):
        return re.search(r"(?<!&)&\s*$", self.command) is not None


def parse(page):
    """The steps of all console blocks of a page."""
    steps, inside, eventually = [], False, False
    for number, line in enumerate(page.split("\n"), 1):
        if not inside:
            if line.strip() == "<!-- test: eventually -->":
                eventually = True
            elif line.strip() == "```console":
                inside = True
            elif line.strip():
                eventually = False
        elif line.strip() == "```":
            inside, eventually = False, False
        elif steps and steps[-1].command.endswith("\\") and not steps[-1].expected:
            steps[-1].command += "\n" + line.removeprefix("> ")
        elif line.startswith("$ "):
            steps.append(Step(number, line[2:], eventually=eventually))
        elif steps:
            steps[-1].expected.append(line)
        else:
            raise ValueError(f"line {number}: output before the first command")
    return steps


def pattern(expected):
    """A regular expression for the lines that the page shows."""
    parts = []
    for line in expected:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
            continue
        pieces = [re.escape(re.sub(r" +", " ", piece)) for piece in line.rstrip().split("…")]
        parts.append(".*".join(pieces).replace(r"\ ", " +") + r" *\n")
    return re.compile("".join(parts))


def fits(expected, output):
    """Whether the output is what the page shows; blank lines at the end do not count."""
    text = output.rstrip() + "\n" if output.strip() else ""
    lines = "\n".join(expected).rstrip().split("\n") if any(expected) else []
    return pattern(lines).fullmatch(text) is not None


class Shell:
    """One bash in which all commands of a page run, and the folder that they run in."""

    def __init__(self, binaries):
        self.folder = Path(tempfile.mkdtemp(prefix="borg-readme-"))
        home = self.folder / "home"
        home.mkdir()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BORG_")}
        environment.update(
            PATH=f"{Path(binaries).resolve()}:{environment.get('PATH', '/usr/bin:/bin')}",
            HOME=str(home), XDG_RUNTIME_DIR=str(home), TERM="dumb", NO_COLOR="1", LC_ALL="C.UTF-8",
        )
        self._status, write = os.pipe()
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE, pass_fds=[write], text=True,
            cwd=home, env=environment, start_new_session=True, stderr=subprocess.DEVNULL,
        )
        self._write_fd, self._count = write, 0
        os.close(write)

    def run(self, step):
        """Starts a step: (its exit status or None in time, the file with its output)."""
        self._count += 1
        out = self.folder / f"{self._count}.out"
        if step.behind:
            command = step.command.rstrip().removesuffix("&").rstrip()
            line = f"{command} >{out} 2>{out}.log </dev/null &"
        else:
            line = f"{{ {step.command}\n}} >{out} 2>&1 </dev/null"
        self._bash.stdin.write(f"{line}\necho $? >&{self._write_fd}\n")
        self._bash.stdin.flush()
        readable, _, _ = select.select([self._status], [], [], SECONDS_MAX)
        status = os.read(self._status, 100).decode().strip() if readable else ""
        return (int(status) if status else None), out

    def close(self):
        """Ends everything that was started: first politely, then not."""
        try:
            self._bash.stdin.write("kill $(jobs -p) 2>/dev/null; wait\n")
            self._bash.stdin.close()
            self._bash.wait(timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self._bash.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._bash.wait(timeout=30)
        os.close(self._status)
        shutil.rmtree(self.folder, ignore_errors=True)


def run_step(shell, step):
    """(what is wrong or None, the output)."""
    end = time.monotonic() + 60
    while True:
        status, out = shell.run(step)
        while True:
            # bash tells of a killed job when it likes: it is not the command's output.
            output = re.sub(r"(?m)^bash: line \d+: +\d+ Killed.*\n?", "", read(out))
            good = fits(step.expected, output)
            if good or not step.behind or time.monotonic() > end:
                break
            time.sleep(0.05)
        if status == 0 and good:
            return None, output
        if step.behind or not step.eventually or status is None or time.monotonic() > end:
            break
        time.sleep(0.2)
    if status is None:
        return f"did not end within {SECONDS_MAX} s", output
    if status != 0:
        return f"exited {status}", output
    return "printed something else", output + read(Path(f"{out}.log"))


def read(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def check_page(path, binaries, show):
    """Runs a page; returns the number of steps and what is wrong with the first bad one."""
    steps = parse(Path(path).read_text(encoding="utf-8"))
    shell = Shell(binaries)
    try:
        for step in steps:
            wrong, output = run_step(shell, step)
            if show:
                print(f"$ {step.command}\n{output}", end="", flush=True)
            elif wrong:
                expected = "\n".join(step.expected)
                return len(steps), (
                    f"{path}:{step.line}: `{step.command}` {wrong}\n--- the page says\n{expected}"
                    f"\n--- it printed\n{output}"
                )
    finally:
        shell.close()
    return len(steps), None


def enter_own_network():
    """Runs this program again on a network of its own, where every port is free, if it may."""
    if os.environ.get("BORG_README_NETWORK") == "own":
        bring_loopback_up()
        return
    for how in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        probe = subprocess.run([*how, "true"], capture_output=True, check=False)
        if probe.returncode == 0:
            os.environ["BORG_README_NETWORK"] = "own"
            os.execvp(how[0], [*how, sys.executable, *sys.argv])


def bring_loopback_up():
    get_flags, set_flags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, get_flags, request))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", flags | up))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True, help="folder of the programs")
    parser.add_argument("--page", default=Path(__file__).resolve().parents[2] / "README.md")
    parser.add_argument("--print", action="store_true", help="show the real output, check nothing")
    options = parser.parse_args()
    enter_own_network()
    count, wrong = check_page(options.page, options.bin, options.print)
    if wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(f"{options.page}: {count} commands do what the page says", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
