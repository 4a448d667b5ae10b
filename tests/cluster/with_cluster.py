#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command beside a cluster of three nodes: with_cluster.py --bin FOLDER COMMAND…

{port} in the command's words is the client port of the first node, {ports} those of all.
"""

import argparse
import subprocess
import sys

from cluster import Cluster


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    cluster = Cluster(options.bin)
    code = 1
    try:
        nodes = cluster.form("a", "b", "c")
        words = [word.replace("{ports}", ",".join(str(node.port) for node in nodes))
                 .replace("{port}", str(nodes[0].port)) for word in options.command]
        code = subprocess.run(words, check=False).returncode
        if any(not node.is_running() for node in nodes):
            print("a node has ended", file=sys.stderr)
            code = 1
    finally:
        if code != 0:
            cluster.show_logs()
        cluster.remove()
    return code


if __name__ == "__main__":
    sys.exit(main())
