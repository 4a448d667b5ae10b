#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows what Borg is for: a node dies, a node joins, and no record is lost.

Three nodes take the Unicode character table; one is killed; every record is read back; the
missing copies appear by themselves; a fourth node joins and takes its share. Fails if any of
that does not happen.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from nodes import Cluster, Failure, wait_for
from resp import Client, ReplyError

DATA = "/usr/share/unicode/UnicodeData.txt"
BATCH = 500


def read_records(path):
    """{"U+0041": "LATIN CAPITAL LETTER A", …} from UnicodeData.txt."""
    records = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        code, name = line.split(";", 2)[:2]
        records[f"U+{code}"] = name
    return records


def write_json_lines(records, path):
    with open(path, "w", encoding="utf-8") as out:
        for key, value in records.items():
            out.write(json.dumps({"key": key, "value": value}) + "\n")


def verify(records, node):
    """Reads every record back through one node and compares it."""
    keys = list(records)
    wrong = []
    with Client("127.0.0.1", node.port) as client:
        for first in range(0, len(keys), BATCH):
            batch = keys[first : first + BATCH]
            for key, value in zip(batch, client.pipeline(("GET", key) for key in batch)):
                if value != records[key]:
                    wrong.append((key, value))
    if wrong:
        key, value = wrong[0]
        shown = f"error {value}" if isinstance(value, ReplyError) else repr(value)
        raise Failure(f"{len(wrong)} records are wrong; {key} is {shown}, not {records[key]!r}")


class Story:
    """Prints the steps and how long each took."""

    def __init__(self):
        self._started = time.monotonic()

    def step(self, text):
        print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)
        self._started = time.monotonic()

    def done(self, text):
        print(f"  {text} ({time.monotonic() - self._started:.2f} s)", flush=True)


def healed(cluster, names):
    """Whether exactly these nodes are active and every slot has both copies in place."""
    info = cluster.info()
    total = info["cluster"]
    if total["lost_slots"]:
        raise Failure(f"{total['lost_slots']} slots are lost")
    active = {n["name"] for n in info["nodes"] if n["state"] == "active"}
    return active == set(names) and not total["under_replicated_slots"]


def balanced(cluster, names):
    """Whether besides nothing moves any more and each of the nodes serves its share."""
    if not healed(cluster, names):
        return False
    info = cluster.info()
    active = [n for n in info["nodes"] if n["state"] == "active"]
    return not info["cluster"]["moving_slots"] and all(n["primary_slots"] for n in active)


def check_copies(cluster, records):
    total = cluster.info()["cluster"]
    if total["copies"] != 2:
        raise Failure(f"the cluster keeps {total['copies']} copies, not 2")
    if total["keys"] != len(records):
        raise Failure(f"the cluster counts {total['keys']} keys, not {len(records)}")


def tell(cluster, records, story):
    """The demo itself, from an empty cluster to the balanced one of three again."""
    story.step("Three nodes form a cluster")
    for name in "abc":
        node = cluster.start(name)
        story.done(f"{name} serves on port {node.port}")
    wait_for("three nodes share the slots", lambda: balanced(cluster, "abc"), 60)
    story.done("every slot is on two of them")

    story.step(f"Load {len(records):,} records, each on two nodes before it is acknowledged")
    lines = cluster.folder / "unicode.jsonl"
    write_json_lines(records, lines)
    cluster.borgctl("load", str(lines), show=True)
    check_copies(cluster, records)
    story.done("loaded")
    cluster.borgctl("info", show=True)

    story.step("kill -9 node b, and read everything back at once")
    cluster.kill("b")
    verify(records, cluster.nodes["a"])
    story.done(f"all {len(records):,} records are right")
    wait_for("every slot has two copies again", lambda: healed(cluster, "ac"), 60)
    check_copies(cluster, records)
    story.done("every record is on two nodes again: another one may die")

    story.step("Node d joins")
    cluster.start("d")
    wait_for("the load is even", lambda: balanced(cluster, "acd"), 90)
    story.done("d has its share")
    cluster.borgctl("info", show=True)
    verify(records, cluster.nodes["d"])
    check_copies(cluster, records)
    story.done(f"all {len(records):,} records are right, read through d")


def say_goodbye(cluster):
    port = cluster.live[0].port
    pids = " ".join(str(n.process.pid) for n in cluster.live)
    print(
        f"""
The cluster goes on. Talk to it:
  redis-cli -p {port} GET U+1F600
  {cluster.binaries}/borgctl --port {port} whereis U+1F600
  {cluster.binaries}/borgctl --port {port}              # a shell; try: nodes
Stop it:
  kill {pids}; rm -r {cluster.folder}"""
    )


def run(options):
    """The demo's exit status."""
    story, cluster = Story(), Cluster(options.bin)
    keep = False
    try:
        tell(cluster, read_records(options.data), story)
        if options.exit:
            story.step("Stop")
            cluster.stop()
            story.done("every node left in order")
        else:
            say_goodbye(cluster)
            keep = True
        return 0
    except (Failure, OSError, ValueError, KeyError) as failure:
        print(f"\ndemo: {type(failure).__name__}: {failure}\n{cluster.logs()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130
    finally:
        if not keep:
            cluster.abandon()


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="stop the cluster at the end")
    parser.add_argument("--bin", required=True, help="folder of borgd and borgctl")
    parser.add_argument("--data", default=DATA, help=f"character table (default {DATA})")
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
