#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions an operation of each case of bench_micro, counted by callgrind, beside those that
are written down in instructions.txt: a case that takes many more fails."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FIGURES = Path(__file__).resolve().parent / "instructions.txt"
BOUND = 0.15
# A case of a few instructions may gain a few.
SLACK = 10
SKIPPED = 77
MEASURED = "borg_measured"
# libc picks memcpy and its like by the processor: everywhere the same ones, so that counts are
# comparable. (Names that this libc does not know do no harm.)
TUNABLES = ("glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-BMI2,-ERMS,-FSRM,-RTM,-SSSE3,"
            "-AVX_Fast_Unaligned_Load")

HEAD = """\
# Instructions an operation (bench/instructions.py), written by ./dev bench micro --renew.
# compiler: {compiler}
"""


@dataclass
class Finding:
    """A case beside its figure; `known` or `counted` is None where it has none."""

    name: str
    known: float
    counted: float

    @property
    def problem(self):
        if self.counted is None:
            return "is not measured any more"
        if self.known is None:
            return "has no figure"
        if self.counted > self.known * (1 + BOUND) + SLACK:
            return f"takes {self.counted / self.known - 1:+.0%} instructions"
        return None

    def line(self):
        text = [f"{v:9.1f}" if v is not None else f"{'-':>9}" for v in (self.counted, self.known)]
        change = f"{self.counted / self.known - 1:+7.1%}" if self.counted and self.known else ""
        return f"{self.name:34}{text[0]}{text[1]}  {change}".rstrip()


def compare(known, counted):
    """The findings of all cases, in the order in which they are measured."""
    names = [*counted, *(name for name in known if name not in counted)]
    return [Finding(name, known.get(name), counted.get(name)) for name in names]


def read_figures(path):
    """({case: instructions}, compiler)"""
    figures, compiler = {}, ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# compiler: "):
            compiler = line.removeprefix("# compiler: ")
        elif line and not line.startswith("#"):
            count, _, name = line.strip().partition(" ")
            figures[name] = float(count)
    return figures, compiler


def write_figures(path, counted, compiler):
    lines = [f"{count:9.1f} {name}" for name, count in counted.items()]
    path.write_text(HEAD.format(compiler=compiler) + "\n".join(lines) + "\n", encoding="utf-8")


def count(program):
    """{case: instructions}: what callgrind counted within borg_measured, its parts in order."""
    with tempfile.TemporaryDirectory(prefix="borg-bench-") as folder:
        valgrind = shutil.which("valgrind")
        if not valgrind:
            raise RuntimeError("valgrind is not installed: ./dev setup installs it")
        run = subprocess.run(
            [valgrind, "--tool=callgrind", "--collect-atstart=no",
             f"--toggle-collect={MEASURED}", f"--dump-after={MEASURED}",
             f"--callgrind-out-file={folder}/out", str(program), "--count"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280, check=False,
            env=os.environ | {"GLIBC_TUNABLES": TUNABLES})
        if run.returncode:
            raise RuntimeError(f"bench_micro under callgrind: {run.stderr[-1500:]}")
        counted = {}
        for part, line in enumerate(run.stdout.splitlines(), start=1):
            operations, _, name = line.partition(" ")
            text = Path(folder, f"out.{part}").read_text(encoding="utf-8", errors="replace")
            counted[name] = int(re.search(r"^totals: (\d+)", text, re.M).group(1)) / int(operations)
        if not counted or min(counted.values()) <= 0:
            raise RuntimeError("callgrind has counted nothing")
        return counted


def report(findings):
    lines = [f"{'instructions an operation':34}{'counted':>9}{'known':>9}"]
    return "\n".join(lines + [finding.line() for finding in findings])


def guard(program, compiler, figures):
    """For the test suite: 0, 1, or SKIPPED if there is nothing to compare with."""
    known, known_compiler = read_figures(figures)
    if known_compiler != compiler:
        print(f"skipped: the figures are those of {known_compiler}, this is {compiler}")
        return SKIPPED
    findings = compare(known, count(program))
    print(report(findings))
    problems = [f"{f.name} {f.problem}" for f in findings if f.problem]
    for problem in problems:
        print(f"PROBLEM: {problem}")
    if problems:
        print("If that is as it should be: ./dev bench micro --renew, and say why in the commit.")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help="bench_micro")
    parser.add_argument("--compiler", required=True, help="name, major version, processor, build")
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--renew", action="store_true", help="write the figures anew")
    args = parser.parse_args()
    try:
        if args.renew:
            write_figures(args.figures, count(args.program), args.compiler)
            return 0
        return guard(args.program, args.compiler, args.figures)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
