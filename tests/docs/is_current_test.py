#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""is_current.py tells a page that is out of date from one that is not."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).resolve().parent / "is_current.py"


class IsCurrent(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def check(self, script, page):
        program = Path(self.folder.name) / "program"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        path = Path(self.folder.name) / "page.md"
        if page is not None:
            path.write_text(page)
        return subprocess.run([sys.executable, CHECK, program, path], capture_output=True,
                              text=True, check=False)

    def test_the_same_text_is_fine(self):
        self.assertEqual(self.check("echo one\n", "one\n").returncode, 0)

    def test_another_text_is_not_and_the_remedy_is_named(self):
        run = self.check("echo two\n", "one\n")
        self.assertEqual(run.returncode, 1)
        self.assertIn("-one", run.stdout)
        self.assertIn("+two", run.stdout)
        self.assertIn("./dev docs", run.stdout)

    def test_a_missing_page_is_not(self):
        self.assertEqual(self.check("echo two\n", None).returncode, 1)

    def test_a_program_that_complains_is_heard(self):
        run = self.check("echo one\necho 'no reason' >&2\nexit 1\n", "one\n")
        self.assertEqual(run.returncode, 1)
        self.assertIn("no reason", run.stdout)


if __name__ == "__main__":
    unittest.main()
