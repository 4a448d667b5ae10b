#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts with redis-py until stdin ends, see failover.py: redis_py_load.py plain|cluster PORTS"""

import json
import logging
import sys
import threading

import redis
from redis.cluster import ClusterNode, RedisCluster

COUNTERS = [f"load:py:{i}" for i in range(4)]


def connect(kind, ports):
    if kind == "plain":
        return redis.Redis("127.0.0.1", ports[0])
    return RedisCluster(startup_nodes=[ClusterNode("127.0.0.1", p) for p in ports])


def count(kind, ports, key, stop, result):
    client = connect(kind, ports)
    last = 0
    while not stop.is_set():
        try:
            last = client.incr(key)
        except redis.RedisError as error:
            result["errors"].append(f"{key}: {type(error).__name__} {error}")
        except redis.exceptions.RedisClusterException as error:
            # When a node has died it may trip over a lock that it copies with its settings.
            result["errors"].append(f"{key}: {type(error).__name__} {error}")
            client = connect(kind, ports)
        result["counters"][key] = last


def main():
    logging.disable()  # RedisCluster's, of the dead node
    kind, ports = sys.argv[1], [int(port) for port in sys.argv[2].split(",")]
    stop = threading.Event()
    result = {"counters": {}, "errors": []}
    threads = [threading.Thread(target=count, args=(kind, ports, key, stop, result))
               for key in COUNTERS]
    for thread in threads:
        thread.start()
    print("ready", *COUNTERS, flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
