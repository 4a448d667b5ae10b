#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client under load while a node that is not its own is killed: failover.py --bin FOLDER COMMAND…

{ports} in the command's words is the client ports of three nodes; the third one is killed. The
command increments counters of its own from 1 on, each by INCR after the other's answer. It says
"ready" when it has begun, goes on until its stdin ends, and prints one line of JSON:

  {"counters": {KEY: LAST REPLY, …}, "errors": [TEXT, …]}

Every counter must then be what the last reply said: nothing lost, nothing twice. With --retries,
for clients that send a command again by themselves when its connection broke (those that talk to
the dead node directly), a counter may be more than that, and the errors of that moment are
allowed. Without, no error is.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cluster"))
# pylint: disable=wrong-import-position
from cluster import Cluster  # noqa: E402
from processes import wait_until  # noqa: E402

SECONDS_MAX = 60
PROGRESS_MIN = 20  # increments of each counter, after the failover


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


def counter(node, key):
    return int(node.call("GET", key) or 0)


def wait_for_progress(node, keys):
    """Every counter moves on."""
    before = {key: counter(node, key) for key in keys}
    wait_until(lambda: all(counter(node, key) >= before[key] + PROGRESS_MIN for key in keys),
               "all counters move on", SECONDS_MAX)


def check(result, node, retries):
    if not retries:
        expect(result["errors"] == [], f"errors: {result['errors'][:5]}")
    for key, last in result["counters"].items():
        value = counter(node, key)
        expect(value >= last if retries else value == last,
               f"{key} is {value}, but the client was told {last}")


def run(cluster, command, retries):
    nodes = cluster.form("a", "b", "c")
    words = [w.replace("{ports}", ",".join(str(n.port) for n in nodes)) for w in command]
    load = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = load.stdout.readline()
        expect(line.startswith("ready "), f"the client said {line!r}")
        keys = line.split()[1:]
        wait_for_progress(cluster["a"], keys)
        cluster.kill("c")
        wait_for_progress(cluster["b"], keys)
        cluster.wait_settled()
        wait_for_progress(cluster["a"], keys)
        said, _ = load.communicate(timeout=SECONDS_MAX)
    finally:
        load.kill()
        load.wait()
    expect(load.returncode == 0, f"the client ended with {load.returncode}")
    result = json.loads(said)
    expect(set(result["counters"]) == set(keys), "the client speaks of other counters")
    check(result, cluster["a"], retries)
    total = sum(result["counters"].values())
    print(f"{total} increments, {len(result['errors'])} errors, nothing lost")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--retries", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    cluster = Cluster(options.bin)
    try:
        run(cluster, options.command, options.retries)
    except BaseException:
        cluster.show_logs()
        raise
    finally:
        cluster.remove()


if __name__ == "__main__":
    main()
