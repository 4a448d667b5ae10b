# SPDX-License-Identifier: Apache-2.0
"""A program in a terminal of its own, typed at and read like a person would."""

import os
import pty
import re
import select
import signal
import struct
import fcntl
import termios
import time

SECONDS_MAX = 20


def become_terminal_of(fd):
    """Of this process: its session's, and its standard input and output."""
    os.setsid()
    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
    for number in (0, 1, 2):
        os.dup2(fd, number)
    if fd > 2:
        os.close(fd)


class Terminal:
    def __init__(self, command, env, columns=120, rows=40):
        self.text = ""
        self.raw = ""
        self.fd, inside = pty.openpty()
        self.rows = rows
        self.resize(columns)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.fd)
            become_terminal_of(inside)
            os.execve(command[0], command, {**env, "TERM": "xterm"})
        os.close(inside)

    def resize(self, columns):
        size = struct.pack("HHHH", self.rows, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        os.close(self.fd)

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, keep_escapes=False):
        """Waits until the pattern appears, and forgets all up to its end."""
        deadline = time.monotonic() + SECONDS_MAX
        while not (found := re.search(pattern, self.raw if keep_escapes else self.text)):
            if time.monotonic() > deadline or not self._read(deadline - time.monotonic()):
                raise AssertionError(f"no {pattern!r} in {self.text!r}")
        if keep_escapes:
            self.raw = self.raw[found.end():]
        else:
            self.text = self.text[found.end():]
        return found

    def _read(self, seconds):
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other side is closed
            return False
        text = data.decode("utf-8", "replace")
        self.raw += text
        # Only what is printed counts, not where the cursor goes.
        self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
        return bool(data)

    def wait(self):
        """The exit code, after the program has ended."""
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            self._read(0.05)
        raise AssertionError(f"still running; said {self.text!r}")
