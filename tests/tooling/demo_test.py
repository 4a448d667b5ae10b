#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo says so, and leaves nothing behind, when a promise is broken (with a fake borgd)."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).with_name("fake_borg.py")
DATA = "0041;LATIN CAPITAL LETTER A;Lu\n1F600;GRINNING FACE;So\n00E9;É;x\n"


class DemoTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("borgd", "borgctl"):
            program = self.folder / name
            shutil.copy(FAKE, program)
            program.chmod(0o755)
        (self.folder / "data.txt").write_text(DATA, encoding="utf-8")
        (self.folder / "tmp").mkdir()

    def demo(self, *arguments, fault=""):
        environment = dict(
            os.environ, FAKE_FAULT=fault, FAKE_INDEX=str(self.folder / "index"),
            TMPDIR=str(self.folder / "tmp"), BORG_DEMO_PATIENCE="0.1",
        )
        command = [sys.executable, str(ROOT / "tools/demo/demo.py"), "--bin", str(self.folder)]
        return subprocess.run(
            [*command, "--data", str(self.folder / "data.txt"), *arguments], env=environment,
            capture_output=True, text=True, timeout=100, check=False, stdin=subprocess.DEVNULL,
        )

    def assert_nothing_left(self):
        self.assertEqual(list((self.folder / "tmp").iterdir()), [])
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        self.assertNotIn(str(self.folder), listed.stdout)

    def test_tells_the_story_and_stops(self):
        run = self.demo("--exit")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("all 3 records are right, read through d", run.stdout)
        self.assertIn("every node left in order", run.stdout)
        self.assert_nothing_left()

    def test_leaves_the_cluster_running_without_exit(self):
        run = self.demo()
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        pids, folder = re.search(r"  kill ([\d ]+); rm -r (\S+)", run.stdout).groups()
        self.assertEqual(len(pids.split()), 3)
        for pid in map(int, pids.split()):
            os.kill(pid, signal.SIGKILL)  # fails if one is not running
        shutil.rmtree(folder)

    def test_broken_promises(self):
        for fault, message in {
            "lose": "1 records are wrong",
            "stuck": "until every slot has two copies again",
            "lost-slots": "16 slots are lost",
            "dirty-exit": "exited 7",
            "not-ready": "ended with 3 before it was ready",
        }.items():
            with self.subTest(fault):
                run = self.demo("--exit", fault=fault)
                self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
                self.assertIn(message, run.stderr)
                self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
