#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A module that needs more than it declares does not build (cmake/BorgModule.cmake)."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from planted import CC, H, ROOT

PROJECT = f"""
cmake_minimum_required(VERSION 3.25)
project(Planted LANGUAGES CXX)
set(BORG_LAYER_CHECKS ON)
include({ROOT}/cmake/BorgModule.cmake)
include_directories(${{CMAKE_SOURCE_DIR}}/src)
add_subdirectory(src/low)
add_subdirectory(src/high)
"""
SOUND = {
    "CMakeLists.txt": PROJECT,
    "src/low/CMakeLists.txt": "borg_module(low SOURCES low.cc)\n",
    "src/low/low.h": H + "int low();\n",
    "src/low/low.cc": CC + '#include "low/low.h"\nint low() { return 1; }\n',
    "src/low/alone.h": H + "#include <string>\nstd::string alone();\n",
    "src/high/CMakeLists.txt": "borg_module(high SOURCES high.cc DEPS low)\n",
    "src/high/high.cc": CC + '#include "low/low.h"\nint high() { return low(); }\n',
}


class ModuleBuildTest(unittest.TestCase):
    def build(self, changes=()):
        """Builds the planted project: (whether it built, what the build said)."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**SOUND, **dict(changes)}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            said = ""
            for command in (
                ["cmake", "-S", folder, "-B", f"{folder}/build", "-G", "Ninja"],
                ["cmake", "--build", f"{folder}/build", "-j", "2", "--", "-k", "0"],
            ):
                run = subprocess.run(command, capture_output=True, text=True, check=False)
                said += run.stdout + run.stderr
                if run.returncode:
                    return False, said
            return True, said

    def test_a_sound_module_builds(self):
        built, said = self.build()
        self.assertTrue(built, said)
        self.assertIn("borg_low_headers", said)
        self.assertIn("borg_high_links", said)

    def test_a_header_that_needs_another_first(self):
        built, said = self.build({"src/low/alone.h": H + "std::string alone();\n"})
        self.assertFalse(built, said)
        self.assertIn("alone.h", said)

    def test_a_symbol_from_a_module_that_is_not_in_deps(self):
        built, said = self.build({"src/high/CMakeLists.txt": "borg_module(high SOURCES high.cc)\n"})
        self.assertFalse(built, said)
        self.assertRegex(said, r"undefined (reference|symbol).*low\(\)")

    def test_a_symbol_from_a_module_above(self):
        source = '#include "low/low.h"\nint high();\nint low() { return high(); }\n'
        built, said = self.build({"src/low/low.cc": CC + source})
        self.assertFalse(built, said)
        self.assertRegex(said, r"undefined (reference|symbol).*high\(\)")


if __name__ == "__main__":
    unittest.main()
