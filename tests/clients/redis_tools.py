#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""redis-cli and redis-benchmark against a cluster: redis_tools.py cli|benchmark PORT,PORT,…"""

import subprocess
import sys

KEYS = 300


def run(*words, stdin=None):
    done = subprocess.run([str(w) for w in words], input=stdin, capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode != 0 or done.stderr:
        raise SystemExit(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def check(actual, wanted):
    if actual != wanted:
        raise SystemExit(f"{actual!r} instead of {wanted!r}")


def cli(ports):
    for port, flags in ((ports[0], ()), (ports[1], ("-c",)), (ports[2], ("-3",))):
        base = ("redis-cli", "-p", port, *flags)
        script = "".join(f"SET cli:{i} v{i}\n" for i in range(KEYS))
        check(run(*base, stdin=script).split(), ["OK"] * KEYS)
        script = "".join(f"GET cli:{i}\n" for i in range(KEYS))
        check(run(*base, stdin=script).split(), [f"v{i}" for i in range(KEYS)])
        check(run(*base, "INCRBY", "n", 5 if port == ports[0] else 0), "5\n")
        check(len(run(*base, "--scan", "--pattern", "cli:*").split()), KEYS)
        check("borg_node:" in run(*base, "INFO"), True)
    data = "".join(f"*3\r\n$3\r\nSET\r\n${len(k)}\r\n{k}\r\n$1\r\nx\r\n"
                   for k in (f"pipe:{i}" for i in range(5000)))
    check("errors: 0, replies: 5000" in run("redis-cli", "-p", ports[0], "--pipe", stdin=data),
          True)
    check(run("redis-cli", "-p", ports[1], "DBSIZE"), f"{KEYS + 5000 + 1}\n")
    analyses(ports[0])
    monitor(ports[0], ports[1])


def analyses(port):
    """What redis-cli finds out by itself."""
    base = ("redis-cli", "-p", port)
    run(*base, stdin="RPUSH big:list a b c\nSADD big:set a b\nHSET big:hash a b\n"
        f"ZADD big:zset 1 a\nSET big:string {'x' * 1000}\n")
    found = " ".join(run(*base, "--bigkeys").split())
    for line in ("string found '\"big:string\"' has 1000 bytes",
                 "list found '\"big:list\"' has 3 items", "set found '\"big:set\"' has 2 members",
                 "hash found '\"big:hash\"' has 1 fields",
                 "zset found '\"big:zset\"' has 1 members"):
        check((line, line in found), (line, True))
    check("big:string" in run(*base, "--memkeys"), True)
    check(run(*base, "--no-raw", "ZRANGE", "big:zset", 0, -1), '1) "a"\n')
    check(run(*base, "-3", "HGETALL", "big:hash").split(), ["a", "b"])
    check(run(*base, "DEL", "big:list", "big:set", "big:hash", "big:zset", "big:string"), "5\n")


def monitor(port, other_port):
    """What clients of the node ask is seen, and nothing that others ask."""
    watch = subprocess.Popen(["redis-cli", "-p", port, "MONITOR"], stdout=subprocess.PIPE,
                             text=True)
    try:
        check(watch.stdout.readline(), "OK\n")
        run("redis-cli", "-p", other_port, "SET", "elsewhere", "x")
        run("redis-cli", "-p", port, "SET", "seen", "a b")
        check(watch.stdout.readline().split("] ")[1], '"SET" "seen" "a b"\n')
    finally:
        watch.kill()
        watch.wait()


def benchmark(ports):
    tests = "ping,set,get,incr,mset"
    base = ("redis-benchmark", "-p", ports[0], "-c", 20, "-r", 1000, "--csv")
    for flags in (("-n", 500), ("-n", 5000, "-t", tests, "-P", 16),
                  ("-n", 5000, "-t", tests, "--cluster"), ("-n", 5000, "-t", tests, "-3"),
                  ("-n", 5000, "-t", tests, "--threads", 2)):
        lines = run(*base, *flags).splitlines()
        rows = [line for line in lines if line.startswith('"') and "requests" not in line]
        names = " ".join(rows)
        wanted = ["SET", "GET", "INCR", "MSET"]
        if "-t" not in flags:
            wanted += ["LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN",
                       "LRANGE_100", "LRANGE_600"]
        for name in wanted:
            check((name, f'"{name}' in names), (name, True))
        check("error" in names.lower(), False)
    size = int(run("redis-cli", "-p", ports[2], "DBSIZE"))
    check(size > 1000, True)


def main():
    ports = sys.argv[2].split(",")
    {"cli": cli, "benchmark": benchmark}[sys.argv[1]](ports)
    print(f"redis-{sys.argv[1]}: fine")


if __name__ == "__main__":
    main()
