#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the JavaScript clients as package-lock.json says, once: install.py FOLDER

./dev does this before the tests. Exits with 1, and says why, where it cannot.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS_MAX = 150


def is_installed(folder):
    stamp = folder / "installed.json"
    return stamp.exists() and stamp.read_bytes() == (HERE / "package-lock.json").read_bytes()


def install(folder):
    """Why not, or an empty text."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"there is no {program} here (Debian's packages nodejs and npm)"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    try:
        run = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                             cwd=folder, capture_output=True, text=True, check=False,
                             timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return f"npm ci did not end within {SECONDS_MAX} s"
    if run.returncode != 0:
        return "npm ci failed, is there a network and a registry?\n" + run.stderr[-1500:]
    shutil.copy(folder / "package-lock.json", folder / "installed.json")
    return ""


def main():
    folder = Path(sys.argv[1])
    if is_installed(folder):
        return 0
    why = install(folder)
    if why:
        print(f"ioredis and node-redis are not installed: {why}", file=sys.stderr)
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main())
