#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The runner of the README's commands notices when a page is wrong."""

import importlib.util
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "tests" / "readme" / "run.py"
sys.dont_write_bytecode = True


def load_runner():
    spec = importlib.util.spec_from_file_location("readme_run", RUN)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class ReadmeRunnerTest(unittest.TestCase):
    def page(self, text, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page.md"
            path.write_text(text, encoding="utf-8")
            command = [sys.executable, str(RUN), "--bin", folder, "--page", str(path), *options]
            return subprocess.run(
                command, capture_output=True, text=True, timeout=100, check=False,
                stdin=subprocess.DEVNULL,
            )

    def assert_good(self, console):
        run = self.page(f"# A\n\n```console\n{console}\n```\n")
        self.assertEqual(run.returncode, 0, run.stderr)

    def assert_bad(self, console, message):
        run = self.page(f"# A\n\n```console\n{console}\n```\n")
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn(message, run.stderr)

    def test_compares_output(self):
        self.assert_good("$ echo red\nred\n$ true\n$ printf '\\n\\nx\\n\\n'\n\n\nx")
        self.assert_bad("$ echo red\nblue", "printed something else")
        self.assert_bad("$ echo red", "printed something else")
        self.assert_bad("$ true\nred", "printed something else")

    def test_wildcards(self):
        self.assert_good("$ echo 'port 7001 ready'\nport … ready")
        self.assert_good("$ seq 9\n1\n…\n9")
        self.assert_good("$ echo 'a    b'\na  b")
        self.assert_bad("$ seq 9\n1\n…\n8", "printed something else")

    def test_exit_status(self):
        self.assert_bad("$ false", "exited 1")
        self.assert_good("$ false || true")

    def test_one_shell_for_all_blocks(self):
        run = self.page("```console\n$ x=5\n```\n\n```console\n$ echo $x\n5\n```\n")
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_other_blocks_are_not_run(self):
        run = self.page("```sh\nfalse\n```\n\n```console\n$ true\n```\n")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("1 commands", run.stderr)

    def test_continued_lines(self):
        self.assert_good("$ echo a \\\n    b\na b")

    def test_background_output_is_waited_for(self):
        command = "sh -c 'sleep 0.3; echo ready port=1; sleep 60' &"
        self.assert_good(f"$ {command}\nready port=…\n$ kill %1")

    def test_repeats_until_it_fits_where_the_page_says_so(self):
        block = "```console\n$ echo x >>f; wc -l <f\n3\n```\n"
        self.assertEqual(self.page(block).returncode, 1)
        run = self.page("<!-- test: eventually -->\n" + block)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_nothing_is_left_running(self):
        run = self.page("```console\n$ sh -c 'echo $$; exec sleep 61.5' &\n…\n```\n", "--print")
        self.assertEqual(run.returncode, 0, run.stderr)
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        self.assertNotIn("sleep 61.5", listed.stdout)

    def test_prints_for_pasting(self):
        run = self.page("```console\n$ echo red\nblue\n```\n", "--print")
        self.assertEqual(run.stdout, "$ echo red\nred\n")

    def test_the_projects_own_page_can_be_read(self):
        steps = load_runner().parse((ROOT / "README.md").read_text(encoding="utf-8"))
        self.assertTrue(all(step.command for step in steps))


if __name__ == "__main__":
    unittest.main()
