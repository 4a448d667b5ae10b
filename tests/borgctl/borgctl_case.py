# SPDX-License-Identifier: Apache-2.0
"""What the tests of borgctl share: how it is run, in a folder of its own."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

OPTIONS = argparse.Namespace(borgctl=None, server=None)  # server: (host, port), if one is named
SECONDS_MAX = 30


class Case(unittest.TestCase):
    """Has a folder of its own and runs borgctl."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="borgctl-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(self.folder / "state"), "BORG_HOST": "127.0.0.1",
            "BORG_PORT": str(self.port()), "BORG_TIMEOUT": "5",
        }

    def port(self):
        raise NotImplementedError

    def run_borgctl(self, *words, stdin=b"", env=None):
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        return subprocess.run(
            [OPTIONS.borgctl, *words], input=stdin, capture_output=True, timeout=SECONDS_MAX,
            env={**self.env, **(env or {})}, check=False,
        )

    def ok(self, *words, **how):
        """Its stdout, when it exits 0."""
        run = self.run_borgctl(*words, **how)
        self.assertEqual(run.returncode, 0, run)
        return run.stdout

    def fails(self, *words, code=1, **how):
        """The one line that it says on stderr, when it exits 1."""
        run = self.run_borgctl(*words, **how)
        self.assertEqual(run.returncode, code, run)
        said = run.stderr.decode()
        self.assertRegex(said, r"^borgctl: [^\n]+\n$")
        return said.strip()

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


def main():
    """test_….py --borgctl FILE [--server HOST:PORT] [unittest's arguments]"""
    parser = argparse.ArgumentParser()
    parser.add_argument("--borgctl", required=True)
    parser.add_argument("--server", help="host:port of a running server, which is emptied")
    options, rest = parser.parse_known_args()
    OPTIONS.borgctl = str(Path(options.borgctl).resolve())
    if options.server:
        host, port = options.server.rsplit(":", 1)
        OPTIONS.server = (host, int(port))
    unittest.main(module="__main__", argv=[sys.argv[0], *rest])
