#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a server says of its commands (COMMAND, COMMAND DOCS) with what a redis-server
says that it starts: all fields of every command and subcommand that both have, but for options that
are newer than that server. And which fields INFO has.

  descriptions.py --server 127.0.0.1:7001
"""

import argparse
import sys

import resp_client
import run

INFO_FIELDS = ["name", "arity", "flags", "first key", "last key", "step", "ACL categories",
               "tips", "key specifications", "subcommands"]
# Texts for people are each server's own.
OWN_WORDS = {"summary", "complexity", "notes"}

WHOLE_CLUSTER = "any node answers for the whole cluster: to ask several would count twice"
ALLOWED = {
    ("dbsize", "tips"): WHOLE_CLUSTER,
    ("flushall", "tips"): WHOLE_CLUSTER,
    ("flushdb", "tips"): WHOLE_CLUSTER,
    ("keys", "tips"): WHOLE_CLUSTER,
    ("randomkey", "tips"): WHOLE_CLUSTER,
    ("scan", "tips"): WHOLE_CLUSTER,
    ("msetnx", "tips"): "must not be split: it is all or nothing",
    ("zrank", "arity"): "WITHSCORE came later",
    ("zrevrank", "arity"): "WITHSCORE came later",
    ("bitop", "arguments"): "names the operations, as Redis 8.2 does",
    ("client|kill", "arguments"): "several ids came later",
    ("role", "ACL categories"): "Redis lists it under @admin, without the flag of that name",
    ("debug", "arguments"): "Redis has none, Borg those that all subcommands have in common",
    ("command|getkeys", "arguments"): "Redis has none",
    ("command|getkeysandflags", "arguments"): "Redis has none",
}
# Commands of containers that Borg has, which it does not have itself: docs/redis-compatibility.md
# has the reasons.
MISSING = {"cluster|" + name for name in (
    "addslots", "addslotsrange", "bumpepoch", "count-failure-reports", "delslots",
    "delslotsrange", "failover", "flushslots", "forget", "links", "meet", "replicate", "reset",
    "saveconfig", "set-config-epoch", "setslot")} | {
        "memory|doctor"}
# Fields of INFO.
NO_FORKS = "nothing is saved, and nobody is forked for it"
NOT_COUNTED = "not counted"
MISSING_FIELDS = {
    "cluster_connections": NOT_COUNTED, "mem_cluster_links": NOT_COUNTED,
    "clients_in_timeout_table": "blocked clients are at their primaries",
    "mem_total_replication_buffers": NOT_COUNTED,
    "used_memory_lua_human": "there are no scripts",
    "used_memory_vm_total_human": "there are no scripts",
    "used_memory_scripts_human": "there are no scripts",
    "lazyfreed_objects": NOT_COUNTED,
    "dump_payload_sanitizations": NOT_COUNTED,
    "used_cpu_sys_main_thread": "there is no main thread",
    "used_cpu_user_main_thread": "there is no main thread",
    "aof_rewrites_consecutive_failures": NO_FORKS, "module_fork_last_cow_size": NO_FORKS,
    **{"current_" + name: NO_FORKS for name in (
        "cow_peak", "cow_size", "cow_size_age", "save_keys_processed", "save_keys_total")},
    **{name: "another allocator" for name in (
        "allocator_allocated", "allocator_active", "allocator_resident", "allocator_frag_ratio",
        "allocator_frag_bytes", "allocator_rss_ratio", "allocator_rss_bytes",
        "rss_overhead_ratio", "rss_overhead_bytes")},
    **{name: NOT_COUNTED for name in (
        "total_net_repl_input_bytes", "total_net_repl_output_bytes",
        "instantaneous_input_repl_kbps", "instantaneous_output_repl_kbps")},
    **{name: NOT_COUNTED for name in (
        "active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits",
        "active_defrag_key_misses", "total_active_defrag_time", "current_active_defrag_time")},
    "reply_buffer_shrinks": "buffers of replies are made as large as they need be",
    "reply_buffer_expands": "buffers of replies are made as large as they need be",
}


def is_newer(version):
    """Than the redis-server, a 7.0."""
    return [int(part) for part in version.split(".")[:2]] > [7, 0]


def without_newer(arguments):
    kept = [each for each in arguments if not is_newer(each.get("since", "0.0"))]
    for each in kept:
        if "arguments" in each:
            each["arguments"] = without_newer(each["arguments"])
    return kept


def plain(reply):
    """Without kinds; of a map or a set the order means nothing."""
    if reply.kind == "map":
        return {plain(key): plain(value)
                for key, value in zip(reply.value[::2], reply.value[1::2])
                if plain(key) not in OWN_WORDS}
    if isinstance(reply.value, list):
        elements = [plain(each) for each in reply.value]
        return sorted(elements, key=repr) if reply.kind == "set" else elements
    return reply.value.decode() if isinstance(reply.value, bytes) else reply.value


def described(connection):
    """By command: the fields of COMMAND and of COMMAND DOCS."""
    found = {}

    def add_rows(rows):
        for row in rows:
            fields = dict(zip(INFO_FIELDS, row))
            subcommands = fields.pop("subcommands")
            found[fields["name"]] = fields
            add_rows(subcommands)

    def add_docs(docs):
        for name, fields in docs.items():
            add_docs(fields.pop("subcommands", {}))
            # Of a change the version; the text is each server's own.
            fields["history"] = [version for version, _ in fields.get("history", [])
                                 if not is_newer(version)]
            fields["arguments"] = without_newer(fields.get("arguments", []))
            found[name].update(fields)

    connection.call([b"HELLO", b"3"])
    add_rows(plain(connection.call([b"COMMAND"])))
    add_docs(plain(connection.call([b"COMMAND", b"DOCS"])))
    return found


def differences(server, redis):
    found, met = [], set()
    for name in sorted(server.keys() & redis.keys()):
        for field in sorted(server[name].keys() | redis[name].keys()):
            ours, theirs = server[name].get(field), redis[name].get(field)
            if ours == theirs:
                continue
            met.add((name, field))
            if (name, field) not in ALLOWED:
                found.append("%s, %s:\n  server %r\n  redis  %r" % (name, field, ours, theirs))
    found += ["%s, %s: does not differ any more" % pair for pair in sorted(ALLOWED.keys() - met)]
    return found


def gaps(server, redis):
    missing = {name for name in redis if "|" in name and name.split("|")[0] in server
               and name not in server}
    return (["%s is missing" % name for name in sorted(missing - MISSING)] +
            ["%s is not missing any more" % name for name in sorted(MISSING - missing)])


def info_fields(connection):
    """Section and name, but for what depends on what was done before."""
    section, found = "", set()
    for line in connection.call([b"INFO", b"everything"]).value.decode().splitlines():
        if line.startswith(("# ", "txt:# ")):
            section = line.split("# ")[1]
        elif ":" in line and section not in ("Commandstats", "Errorstats", "Latencystats"):
            found.add((section, line.split(":")[0]))
    return found


def field_gaps(server, redis):
    missing = redis - server
    return (["INFO has no %s in %s" % (name, section) for section, name in sorted(missing)
             if name not in MISSING_FIELDS] +
            ["INFO's %s is not missing any more" % name
             for name in sorted(MISSING_FIELDS.keys() - {name for _, name in missing})])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    host, port = parser.parse_args().server.rsplit(":", 1)
    with run.redis_server() as address:
        connections = [resp_client.Connection(each) for each in ((host, int(port)), address)]
        server, redis = [described(each) for each in connections]
        found = differences(server, redis) + gaps(server, redis)
        found += field_gaps(*[info_fields(each) for each in connections])
    for each in found:
        print(each)
    print("%d commands compared, %d differences" % (len(server.keys() & redis.keys()), len(found)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
