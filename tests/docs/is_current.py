#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails unless the program prints what the page says: is_current.py PROGRAM PAGE"""

import difflib
import subprocess
import sys
from pathlib import Path


def main():
    program, page = sys.argv[1:]
    run = subprocess.run([program], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        print(run.stderr or f"{program} failed")
        return 1
    path = Path(page)
    said = path.read_text() if path.exists() else ""
    if said == run.stdout:
        return 0
    print("".join(difflib.unified_diff(said.splitlines(True), run.stdout.splitlines(True),
                                       page, "what the command table gives", n=0)))
    print(f"{page} is not what the command table gives: run ./dev docs")
    return 1


if __name__ == "__main__":
    sys.exit(main())
