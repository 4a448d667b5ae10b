#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts with one redis-cli until stdin ends, see failover.py: redis_cli_load.py PORTS"""

import json
import subprocess
import sys
import threading

KEY = "load:cli"


def feed(cli, replies, result, stop):
    """One command after the other's reply."""
    while not stop.is_set():
        cli.stdin.write(f"INCR {KEY}\n")
        cli.stdin.flush()
        reply = cli.stdout.readline().strip()
        replies.append(reply)
        if reply.isdigit():
            result["counters"][KEY] = int(reply)
        else:
            result["errors"].append(reply)
            if cli.poll() is not None:
                return


def main():
    port = sys.argv[1].split(",")[0]
    cli = subprocess.Popen(["redis-cli", "-p", port], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, text=True)
    result, replies, stop = {"counters": {KEY: 0}, "errors": []}, [], threading.Event()
    thread = threading.Thread(target=feed, args=(cli, replies, result, stop))
    thread.start()
    print("ready", KEY, flush=True)
    sys.stdin.read()
    stop.set()
    thread.join()
    cli.stdin.close()
    if cli.wait() != 0:
        result["errors"].append(f"redis-cli ended with {cli.returncode}")
    if replies != [str(i) for i in range(1, len(replies) + 1)]:
        result["errors"].append("the replies do not count from 1")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
