#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev and tools/setup.sh: what they install and what they never leave behind."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Stands for apt-get: notes its arguments and whether daemons are forbidden while it runs.
APT_GET = """#!/bin/sh
echo "$*" >>"$TEST_FOLDER/apt.log"
[ ! -e "$TEST_FOLDER/policy-rc.d" ] || "$TEST_FOLDER/policy-rc.d" redis-server start
echo "policy $?" >>"$TEST_FOLDER/apt.log"
case "$* $TEST_FAIL" in *install*disk) echo 'No space left on device'; exit 100 ;;
  *update*network) echo 'Temporary failure resolving'; exit 100 ;; esac
"""
# Stands for dpkg-query: everything but these two packages is installed.
DPKG_QUERY = """#!/bin/sh
case "$*" in *redis-server*|*libfmt-dev*) echo not-installed ;; *) echo installed ;; esac
"""
NOTES = '#!/bin/sh\necho "$0 $*" >>"$TEST_FOLDER/apt.log"\n'


class SetupTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        (self.folder / "bin").mkdir()
        self.program("apt-get", APT_GET)
        self.program("dpkg-query", DPKG_QUERY)
        self.program("update-rc.d", NOTES)
        self.program("sudo", '#!/bin/sh\nshift\nexec "$@"\n')
        self.policy = self.folder / "policy-rc.d"

    def program(self, name, text):
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def setup(self, *groups, fail=""):
        script = f"""
            set -euo pipefail
            say() {{ echo "$*"; }}
            die() {{ echo "$*" >&2; exit 1; }}
            source {ROOT}/tools/setup.sh
            root={self.folder}
            policy_file=$TEST_FOLDER/policy-rc.d
            mkdir -p "$root/tools" && cp {ROOT}/tools/packages.txt "$root/tools"
            setup {' '.join(groups)}
        """
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        environment = dict(os.environ, PATH=path, TEST_FOLDER=str(self.folder), TEST_FAIL=fail)
        return subprocess.run(
            ["bash", "-c", script], env=environment, capture_output=True, text=True, check=False
        )

    @property
    def apt_log(self):
        log = self.folder / "apt.log"
        return log.read_text() if log.exists() else ""

    def test_installs_what_is_missing_and_starts_nothing(self):
        run = self.setup("build", "test")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(self.apt_log, r"install --no-install-recommends libfmt-dev redis-server\n")
        self.assertIn("policy 101", self.apt_log)
        self.assertIn("update-rc.d redis-server disable", self.apt_log)
        self.assertFalse(self.policy.exists())

    def test_asks_nobody_when_all_is_there(self):
        run = self.setup("lint")
        self.assertEqual((run.returncode, run.stdout, self.apt_log), (0, "", ""))

    def test_groups_are_separate(self):
        self.assertEqual(self.setup("build").returncode, 0)
        self.assertNotIn("redis-server", self.apt_log)

    def test_an_operators_policy_stays(self):
        self.policy.write_text("#!/bin/sh\nexit 104\n")
        self.policy.chmod(0o755)
        self.assertEqual(self.setup("test").returncode, 0)
        self.assertIn("exit 104", self.policy.read_text())

    def test_failures_are_explained_and_leave_nothing(self):
        for fail, message in {"disk": "the disk is full", "network": "Without network"}.items():
            with self.subTest(fail):
                run = self.setup("test", fail=fail)
                self.assertEqual(run.returncode, 1)
                self.assertIn(message, run.stderr)
                self.assertFalse(self.policy.exists())

    def test_every_package_has_a_reason(self):
        for line in (ROOT / "tools/packages.txt").read_text().splitlines():
            if line and line[0] not in "#[":
                self.assertRegex(line, r"^[a-z0-9.+-]+ +# \S")


class DevTest(unittest.TestCase):
    def dev(self, *arguments):
        return subprocess.run(
            [str(ROOT / "dev"), *arguments], capture_output=True, text=True, check=False, cwd="/",
            stdin=subprocess.DEVNULL, env=dict(os.environ, BORG_NO_SETUP="1"),
        )

    def test_helps(self):
        for arguments in ((), ("help",), ("--help",)):
            run = self.dev(*arguments)
            self.assertEqual(run.returncode, 0)
            self.assertIn("./dev COMMAND", run.stdout)

    def test_refuses_what_it_does_not_know(self):
        for line in ("nonsense", "build --sanitize memory", "build --type x"):
            with self.subTest(line):
                arguments = line.split()
                run = self.dev(*arguments)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn(arguments[-1], run.stderr)


if __name__ == "__main__":
    unittest.main()
