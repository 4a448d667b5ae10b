# SPDX-License-Identifier: Apache-2.0
"""A small project in a temporary folder, to plant violations in."""

import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "checks"))
sys.dont_write_bytecode = True

from project import Project  # noqa: E402  (needs the path above)

CC = "// SPDX-License-Identifier: Apache-2.0\n"
H = CC + "#pragma once\n"
PY = "# SPDX-License-Identifier: Apache-2.0\n"
CMAKE = PY

# Sound: none of the checks finds anything in it.
SOUND = {
    "src/CMakeLists.txt": CMAKE
    + "set(BORG_PURE_MODULES low high)\nset(BORG_MODULES low high net)\n",
    "src/low/CMakeLists.txt": CMAKE + "borg_module(low\n  SOURCES low.cc\n  TESTS low_test.cc)\n",
    "src/low/low.h": H + "int low();\n",
    "src/low/low.cc": CC + '#include "low/low.h"\nint low() { return 1; }\n',
    "src/low/low_test.cc": CC + '#include "low/low.h"\n',
    "src/high/CMakeLists.txt": CMAKE + "borg_module(high SOURCES high.cc DEPS low)\n",
    "src/high/high.h": H + "int high();\n",
    "src/high/high.cc": CC
    + '#include "high/high.h"\n\n#include "low/low.h"\nint high() { return low(); }\n',
    "src/net/CMakeLists.txt": CMAKE + "borg_module(net SOURCES net.cc DEPS high)\n",
    "src/net/net.h": H + "int net();\n",
    "src/net/net.cc": CC
    + '#include "net/net.h"\n\n#include <mutex>\n\n#include "low/low.h"\nint net() { return 0; }\n',
    "README.md": "# Planted\n\n## Some part\n\n[page](docs/page.md), [part](#some-part)\n",
    "docs/page.md": "# Page\n",
    "tools/run.sh": "#!/usr/bin/env bash\n" + PY + "python3 tool.py\n",
    "tools/tool.py": PY + "import run\n",
}


class PlantedTest(unittest.TestCase):
    """Base of tests that look at SOUND with a few files changed or added."""

    check = None  # the check under test: a function from a Project to findings

    def findings(self, changes=()):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**SOUND, **dict(changes)}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return type(self).check(Project(folder))

    def assert_found(self, rule, changes):
        """The files planted make the check find this rule broken, and no other."""
        found = self.findings(changes)
        self.assertEqual({f.rule for f in found}, {rule}, "\n".join(map(str, found)))

    def assert_sound(self, changes=()):
        self.assertEqual(list(map(str, self.findings(changes))), [])
