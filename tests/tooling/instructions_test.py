#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The guard over instruction counts bites, and only where it should."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import instructions


def problems(known, counted):
    return [f.name for f in instructions.compare(known, counted) if f.problem]


class InstructionsTest(unittest.TestCase):
    def test_the_same_counts_pass(self):
        self.assertEqual(problems({"a/b": 500.0}, {"a/b": 500.0}), [])

    def test_a_few_percent_more_pass_and_many_do_not(self):
        self.assertEqual(problems({"a/b": 500.0}, {"a/b": 580.0}), [])
        self.assertEqual(problems({"a/b": 500.0}, {"a/b": 590.0}), ["a/b"])

    def test_a_short_case_may_gain_a_few_instructions(self):
        self.assertEqual(problems({"a/b": 10.0}, {"a/b": 20.0}), [])
        self.assertEqual(problems({"a/b": 10.0}, {"a/b": 23.0}), ["a/b"])

    def test_less_is_never_wrong(self):
        self.assertEqual(problems({"a/b": 500.0}, {"a/b": 5.0}), [])

    def test_a_case_without_figure_and_a_figure_without_case_are_found(self):
        self.assertEqual(problems({"old": 5.0}, {"new": 5.0}), ["new", "old"])

    def test_figures_read_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "figures.txt")
            counted = {"resp/parse SET 64 B": 123.5, "b": 7.0}
            instructions.write_figures(path, counted, "GNU 12 x86_64")
            self.assertEqual(instructions.read_figures(path), (counted, "GNU 12 x86_64"))

    def test_another_compiler_is_not_compared(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "figures.txt")
            instructions.write_figures(path, {"a": 1.0}, "GNU 12 x86_64")
            result = instructions.guard(Path("/nonexistent"), "GNU 13 x86_64", path)
            self.assertEqual(result, instructions.SKIPPED)

    def test_the_projects_own_figures_can_be_read(self):
        figures, compiler = instructions.read_figures(instructions.FIGURES)
        self.assertGreater(len(figures), 20)
        self.assertTrue(compiler)


if __name__ == "__main__":
    unittest.main()
