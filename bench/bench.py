#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Borg beside its peers in the same run, as ratios. Nothing is asserted: it fails only if
something broke. docs/performance.md says what the rows mean."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import instructions
from connections import run_connections
from cores import run_cores
from failover import run_failover, run_failover_default
from growth import run_growth
from idle import run_idle
from large import run_large
from limits import run_limits
from memory import run_memory
from rebalance import run_rebalance
from rows import Rows, table
from scaling import run_scaling
from servers import BenchError
from tail import run_tail
from throughput import run_cluster, run_replicated, run_single

GROUPS = {
    "single": run_single,
    "replicated": run_replicated,
    "cluster": run_cluster,
    "large": run_large,
    "memory": run_memory,
    "connections": run_connections,
    "tail": run_tail,
    "cores": run_cores,
    "growth": run_growth,
    "limits": run_limits,
    "failover": run_failover,
    "failover-default": run_failover_default,
    "rebalance": run_rebalance,
    "idle": run_idle,
    "scaling": run_scaling,
}
SLOW = ("failover-default", "rebalance", "scaling", "storage", "allocators")
# Programs that say what they find themselves: of one module, without a server.
PROGRAMS = {"placement": "bench_placement", "copysets": "bench_copysets",
            "storage": "storage_report", "allocators": "bench_allocators", "micro": "bench_micro"}
ARGUMENTS = {"micro": ["--benchmark_min_time=0.1"]}


@dataclass
class Settings:
    """How much is measured, and with which programs."""

    binaries: Path
    rounds: int = 5
    keys: int = 1_000_000
    scale: float = 1.0
    failovers: int = 5
    large_keys: int = 2_000_000  # of 1,000 bytes, for a failover among gigabytes
    idle_seconds: float = 6
    load_seconds: float = 3
    slot_bytes: int = 1_000_000_000
    smoke: bool = False

    def operations(self, pipeline):
        """So many that a run takes a second or two, and its CPU time is known to 1 %."""
        count = {1: 80_000, 16: 640_000}.get(pipeline, 1_280_000)
        return max(int(count * self.scale), 50 * pipeline)


def settings_of(args):
    if args.smoke:
        return Settings(args.bin, rounds=1, keys=2_000, scale=0.02, failovers=1, large_keys=2_000,
                        idle_seconds=0.2,
                        load_seconds=0.2, slot_bytes=2_000_000, smoke=True)
    if args.quick:
        return Settings(args.bin, rounds=2, scale=0.5, failovers=1, idle_seconds=5,
                        load_seconds=1.5)
    return Settings(args.bin)


def first_line(*command):
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return "not found"
    return (run.stdout or run.stderr).splitlines()[0].strip()


def machine(binaries):
    cpu = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    memory_kib = next(int(line.split()[1]) for line in open("/proc/meminfo", encoding="utf-8")
                      if line.startswith("MemTotal"))
    return {
        "cores": os.cpu_count(),
        "cpu": cpu,
        "memory_gib": round(memory_kib / 1048576, 1),
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
        "borg": first_line(str(binaries / "borgd"), "--version"),
        "redis": first_line("redis-server", "--version"),
    }


def describe(facts):
    return (f"{facts['cores']} cores ({facts['cpu']}), {facts['memory_gib']} GiB, "
            f"Linux {facts['kernel']}, load {facts['load_average']:.1f}\n"
            f"{facts['borg']}; {facts['redis']}")


NOTE = """Client and servers share the machine, and other work may too: rounds of Borg and peer
alternate, a ratio is the median of the rounds' ratios (lowest..highest), absolutes are medians.
CPU time of the servers is the robust quantity; throughput and latency depend on who else runs."""


def output_of(binaries, name, smoke):
    program = binaries / PROGRAMS[name]
    run_it = subprocess.run([str(program), *ARGUMENTS.get(name, [])], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=300, check=False)
    if run_it.returncode:
        raise BenchError(f"{program.name}: {run_it.stderr.strip()}")
    found = run_it.stdout.rstrip()
    # The tests count instructions anyway.
    has_more = name == "micro" and not smoke
    return f"{found}\n\n{instruction_table(program)}" if has_more else found


def instruction_table(program):
    known, compiler = instructions.read_figures(instructions.FIGURES)
    counted = instructions.count(program)
    return f"{instructions.report(instructions.compare(known, counted))}\nknown: {compiler}"


def renew(binaries):
    compiler = (binaries.parent / "compiler.txt").read_text(encoding="utf-8").strip()
    counted = instructions.count(binaries / PROGRAMS["micro"])
    instructions.write_figures(instructions.FIGURES, counted, compiler)
    print(f"bench: wrote {instructions.FIGURES}, {compiler}")
    return 0


def run(args, facts, rows):
    say = (lambda text: print(f"bench: {text}", file=sys.stderr, flush=True)) \
        if not args.json and sys.stderr.isatty() else (lambda text: None)
    names = [args.name] if args.name else [n for n in (*GROUPS, *PROGRAMS) if n not in SLOW]
    if args.name == "failover" and not args.smoke:
        names = ["failover", "failover-default"]
    started = time.monotonic()
    programs, seconds = {}, {}
    for name in names:
        if name in PROGRAMS:
            programs[name] = output_of(args.bin, name, args.smoke)
            if not args.json:
                print(f"\n{name}:\n{programs[name]}", flush=True)
            continue
        before, began = len(rows.all), time.monotonic()
        GROUPS[name](settings_of(args), rows, say)
        seconds[name] = round(time.monotonic() - began, 1)
        if not args.json and len(rows.all) > before:
            new = rows.all[before:]
            peers = " / ".join(dict.fromkeys(row.peer_name for row in new if row.peer))
            print(f"\n{name}: {(GROUPS[name].__doc__ or '').strip()}\npeer: {peers or 'none'}\n"
                  f"{table(new)}\ntook {seconds[name]:.0f} s", flush=True)
            for note in rows.notes_of(name):
                print(f"note: {note}", flush=True)
    if args.json:
        print(json.dumps({"machine": facts, "rows": [row.as_json() for row in rows.all],
                          "notes": [f"{group}: {text}" for group, text in rows.notes],
                          "programs": programs, "seconds": seconds}))
    else:
        print(f"\ntook {time.monotonic() - started:.0f} s")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=(*GROUPS, *PROGRAMS),
                        help=f"one group; without: all but {', '.join(SLOW)}")
    parser.add_argument("--json", action="store_true", help="everything, every round, as JSON")
    parser.add_argument("--quick", action="store_true", help="2 rounds instead of 5")
    parser.add_argument("--smoke", action="store_true", help="does it work at all? For the tests")
    parser.add_argument("--renew", action="store_true",
                        help="micro: write the counts of instructions down, for the tests")
    parser.add_argument("--bin", type=Path, help="the folder of borgd and bench_load",
                        default=Path(__file__).resolve().parents[1] / "build/dev/bin")
    args = parser.parse_args()
    args.bin = args.bin.resolve()
    if args.renew and args.name != "micro":
        parser.error("--renew goes with micro")
    facts = machine(args.bin)
    if not args.json and not args.renew:
        print(f"{describe(facts)}\n{NOTE}", flush=True)
    try:
        if args.renew:
            return renew(args.bin)
        run(args, facts, Rows())
    except (BenchError, OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
