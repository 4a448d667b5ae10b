#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs ioredis as package-lock.json says, once, and runs client.mjs: run.py FOLDER ARGUMENTS

Exits with 77, which ctest takes for "skipped", where there is no Node.js or no npm registry.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKIPPED = 77


def is_installed(folder):
    stamp = folder / "installed.json"
    return stamp.exists() and stamp.read_bytes() == (HERE / "package-lock.json").read_bytes()


def install(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    run = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                         cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        print("skipped: npm ci failed\n" + run.stderr[-2000:])
        sys.exit(SKIPPED)
    shutil.copy(folder / "package-lock.json", folder / "installed.json")


def main():
    folder = Path(sys.argv[1])
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("skipped: no Node.js with npm here")
        return SKIPPED
    if not is_installed(folder):
        install(folder)
    return subprocess.run(["node", HERE / "client.mjs", *sys.argv[2:]], cwd=folder,
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
