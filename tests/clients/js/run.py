#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program with the clients that ./dev has installed: run.py FOLDER PROGRAM …

Fails where they are not there and cannot be installed.
"""

import os
import sys
from pathlib import Path

import install


def main():
    folder, program = Path(sys.argv[1]), install.HERE / sys.argv[2]
    if not install.is_installed(folder):
        why = install.install(folder)
        if why:
            raise SystemExit(f"ioredis and node-redis are not installed: {why}")
    os.chdir(folder)
    os.execvp("node", ["node", str(program), *sys.argv[3:]])


if __name__ == "__main__":
    main()
