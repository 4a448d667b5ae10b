#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""redis-py against a cluster: redis_py.py plain|cluster PORT,PORT,…"""

import logging
import sys
import threading

import redis
from redis.cluster import ClusterNode, RedisCluster

KEYS = 300


def check(actual, wanted):
    if actual != wanted:
        raise SystemExit(f"{actual!r} instead of {wanted!r}")


def strings(client):
    for i in range(KEYS):
        check(client.set(f"py:{i}", f"v{i}"), True)
    for i in range(KEYS):
        check(client.get(f"py:{i}"), f"v{i}".encode())
    check(client.set("py:0", "x", nx=True), None)
    check(client.set("py:0", "x", get=True), b"v0")
    check(client.get("py:none"), None)
    check(client.append("py:0", b"\0\xff"), 3)
    check(client.getrange("py:0", 0, -1), b"x\0\xff")


def hashes(client):
    check(client.hset("py:hash", mapping={"a": 1, "b": "two"}), 2)
    check(client.hgetall("py:hash"), {b"a": b"1", b"b": b"two"})
    check(client.hincrby("py:hash", "a", 41), 42)
    check(dict(client.hscan_iter("py:hash")), {b"a": b"42", b"b": b"two"})


def lists(client):
    check(client.rpush("py:list", "a", "b", "c"), 3)
    check(client.lrange("py:list", 0, -1), [b"a", b"b", b"c"])
    check(client.lmove("py:list", "py:list", "LEFT", "RIGHT"), b"a")
    check(client.lpop("py:list", 2), [b"b", b"c"])


def sets(client):
    check(client.sadd("py:{set}:1", *range(KEYS)), KEYS)
    check(client.sadd("py:{set}:2", *range(10, 20)), 10)
    check(client.sinter("py:{set}:1", "py:{set}:2"), {str(i).encode() for i in range(10, 20)})
    check(len(set(client.sscan_iter("py:{set}:1"))), KEYS)


def sorted_sets(client):
    check(client.zadd("py:zset", {f"m{i}": i for i in range(KEYS)}), KEYS)
    check(client.zrange("py:zset", 0, 1, withscores=True), [(b"m0", 0.0), (b"m1", 1.0)])
    check(client.zrangebyscore("py:zset", 10, 11), [b"m10", b"m11"])
    check(client.zincrby("py:zset", 0.5, "m0"), 0.5)
    check(client.zpopmax("py:zset"), [(f"m{KEYS - 1}".encode(), KEYS - 1.0)])


def bits(client):
    check(client.setbit("py:bits", 7, 1), 0)
    check(client.bitcount("py:bits"), 1)


def server(client):
    """What tools read of a server."""
    client.client_setname("py-test")
    check("py-test" in [c["name"] for c in client.client_list()], True)
    check(client.config_set("slowlog-log-slower-than", 0), True)
    client.echo("slow")
    check(b"ECHO slow" in [entry["command"] for entry in client.slowlog_get(20)], True)
    check(client.config_set("slowlog-log-slower-than", 10000), True)
    check(client.info("commandstats")["cmdstat_echo"]["calls"], 1)
    check(client.config_get("maxmemory"), {"maxmemory": "0"})
    with client.monitor() as monitor:
        client.set("py:seen", "x")
        for command in monitor.listen():
            if command["command"] == "SET py:seen x":
                break


def expiry(client):
    client.set("py:soon", "v", ex=100)
    check(0 < client.ttl("py:soon") <= 100, True)
    check(client.persist("py:soon"), True)
    check(client.ttl("py:soon"), -1)


def many_keys(client):
    pairs = {f"py:m{i}": str(i).encode() for i in range(KEYS)}
    mset = client.mset_nonatomic if isinstance(client, RedisCluster) else client.mset
    mget = client.mget_nonatomic if isinstance(client, RedisCluster) else client.mget
    mset(pairs)
    check(mget(list(pairs)), list(pairs.values()))
    check(client.delete(*pairs), KEYS)


def pipelines(client):
    pipeline = client.pipeline(transaction=False) if not isinstance(
        client, RedisCluster) else client.pipeline()
    for i in range(KEYS):
        pipeline.set(f"py:p{i}", i)
        pipeline.incr(f"py:p{i}")
    check(pipeline.execute(), [x for i in range(KEYS) for x in (True, i + 1)])


def transactions(client):
    if isinstance(client, RedisCluster):
        return  # it refuses MULTI and WATCH
    replies = client.pipeline(transaction=True).set("py:{t}1", 1).incr("py:{t}1").lrange(
        "py:{t}none", 0, -1).ping().execute()
    check(replies, [True, 2, [], True])
    with client.pipeline(transaction=True) as pipeline:
        pipeline.watch("py:{t}1")
        client.incr("py:{t}1")
        pipeline.multi()
        pipeline.set("py:{t}1", 0)
        try:
            pipeline.execute()
            raise SystemExit("EXEC went on though a watched key was changed")
        except redis.WatchError:
            check(client.get("py:{t}1"), b"3")

    def raise_it(pipeline):
        value = int(pipeline.get("py:{t}watched") or 0)
        pipeline.multi()
        pipeline.set("py:{t}watched", value + 1)

    threads = [threading.Thread(target=lambda: [client.transaction(raise_it, "py:{t}watched")
                                                for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(client.get("py:{t}watched"), b"200")


def publish_subscribe(client):
    with client.pubsub() as subscriber:
        subscriber.subscribe("py:channel")
        subscriber.psubscribe("py:pattern:*")
        check([subscriber.get_message(timeout=10)["type"] for _ in range(2)],
              ["subscribe", "psubscribe"])
        for i in range(100):
            check(client.publish("py:channel", i), 1)
        check([subscriber.get_message(timeout=10)["data"] for _ in range(100)],
              [str(i).encode() for i in range(100)])
        check(client.publish("py:pattern:x", "hi"), 1)
        message = subscriber.get_message(timeout=10)
        check((message["type"], message["channel"], message["data"]),
              ("pmessage", b"py:pattern:x", b"hi"))
        check(client.pubsub_channels("py:*"), [b"py:channel"])


def blocking(client):
    popped = []
    waiter = threading.Thread(target=lambda: popped.append(client.blpop("py:queue", 20)))
    waiter.start()
    client.rpush("py:queue", "job")
    waiter.join()
    check(popped, [(b"py:queue", b"job")])
    check(client.blpop("py:queue", 0.01), None)
    client.zadd("py:zqueue", {"first": 1, "second": 2})
    check(client.bzpopmin("py:zqueue", 1), (b"py:zqueue", b"first", 1.0))


def counters(client):
    threads = [threading.Thread(target=lambda: [client.incr("py:counter") for _ in range(100)])
               for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(client.get("py:counter"), b"500")


def keyspace(client):
    keys = set(client.keys("py:p*"))
    check(len(keys), KEYS)
    if isinstance(client, RedisCluster):
        return  # it asks each node and adds up, but every Borg node answers for all
    check(set(client.scan_iter("py:p*", count=100)), keys)
    check(client.dbsize() > KEYS, True)
    client.flushall()
    check(client.dbsize(), 0)


def refusals(client):
    client.set("py:text", "text")
    try:
        client.incr("py:text")
    except redis.ResponseError as error:
        check(str(error), "value is not an integer or out of range")
        return
    raise SystemExit("INCR of a text was taken")


def main():
    logging.disable()  # of errors that are checked for below
    kind, ports = sys.argv[1], [int(port) for port in sys.argv[2].split(",")]
    if kind == "plain":
        client = redis.Redis("127.0.0.1", ports[0])
        check(client.info()["borg_cluster"], "borg")
    else:
        client = RedisCluster(startup_nodes=[ClusterNode("127.0.0.1", p) for p in ports])
        check(sorted(node.port for node in client.get_primaries()), sorted(ports))
    tests = [strings, hashes, lists, sets, sorted_sets, bits, expiry, many_keys, pipelines,
             transactions, publish_subscribe, blocking, counters, refusals, keyspace]
    if kind == "plain":
        tests.append(server)
    for test in tests:
        test(client)
    print(f"redis-py {redis.__version__} {kind}: fine")


if __name__ == "__main__":
    main()
