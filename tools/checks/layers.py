#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the modules keep to the layers that src/CMakeLists.txt and their DEPS declare.

- A module's DEPS stand above it in the list of layers.
- A file of src/<module> includes headers of its module, of the module's DEPS and of theirs:
  borg_module() makes those public. A test may also use what TEST_LIBS names.
- Pure modules include no clock, thread, socket, random generator or log, nor call one.
- foo.cc begins with its own foo.h, which proves that foo.h compiles alone.
"""

import re
import sys
from pathlib import Path

from cpp_text import code_only, includes
from project import Finding, Project

# What a pure module may not include; the caller owns time, threads, sockets and chance. Memory
# from mmap is as pure as memory from malloc; without fcntl.h there are no files to map.
IMPURE_HEADERS = re.compile(
    r"""^(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token
    |random|iostream|fstream|filesystem|ctime|time\.h|unistd\.h|fcntl\.h|poll\.h|pthread\.h
    |netdb\.h|signal\.h|csignal|sys/(?!mman\.h$).*|netinet/.*|arpa/.*|linux/.*
    |boost/(asio|beast|thread|random|chrono)(/.*|\.hpp)|spdlog/.*|grpc.*|google/.*|sqlite3\.h)$""",
    re.VERBOSE,
)
# What it may not call even where a harmless header brings it in.
IMPURE_CALLS = {
    r"\b(system_clock|steady_clock|high_resolution_clock)\b": "time is an argument (base/time.h)",
    r"\b(clock_gettime|gettimeofday)\s*\(|\bstd::time\s*\(": "time is an argument (base/time.h)",
    r"\bstd::(thread|jthread|mutex|condition_variable|async)\b": "a pure module has no threads",
    r"\bthread_local\b": "state belongs to an object that the caller owns",
    r"\b(getenv|random_device)\b": "the outside world is an argument",
}


def _check_order(project):
    layers = project.cmake_list("BORG_MODULES")
    for name, module in project.modules.items():
        where = f"src/{name}/CMakeLists.txt"
        if name not in layers:
            yield Finding(where, 1, "layers", f"{name} is not in src/CMakeLists.txt's list")
            continue
        for dep in module.deps:
            if dep not in project.modules:
                yield Finding(where, 1, "layers", f"{name} depends on {dep}, which does not exist")
            elif dep not in layers[: layers.index(name)]:
                yield Finding(where, 1, "layers", f"{name} may not depend on {dep}: it is above")


def _check_includes(project, path, module, is_test):
    seen = project.closure(module.deps) | {module.name}
    if is_test:
        seen |= project.closure(lib[5:] for lib in module.test_libs if lib.startswith("borg_"))
    for line, header, quoted in includes(project.text(path)):
        if header.endswith(".pb.h"):
            continue  # generated into the build folder
        folder = header.split("/")[0]
        if not (project.root / "src" / folder).is_dir() or "/" not in header:
            if quoted and "/" not in header:
                text = f'include "{module.name}/{header}", from src/'
                yield Finding(path, line, "layers", text)
            continue
        if folder not in seen:
            text = f"{module.name} may not include {header}: {folder} is not in its DEPS"
            yield Finding(path, line, "layers", text)
        elif not (project.root / "src" / header).is_file():
            yield Finding(path, line, "layers", f"there is no src/{header}")


def _check_pure(project, path):
    text = project.text(path)
    for line, header, _ in includes(text):
        if IMPURE_HEADERS.match(header):
            yield Finding(path, line, "pure", f"<{header}> has no place in a pure module")
    code = code_only(text)
    for pattern, why in IMPURE_CALLS.items():
        for m in re.finditer(pattern, code):
            line = code.count("\n", 0, m.start()) + 1
            yield Finding(path, line, "pure", f"{m.group().strip()}: {why}")


def _check_own_header(project, path):
    """foo.cc must have src/…/foo.h, if there is one, as its first include."""
    own = path.removeprefix("src/").removesuffix(".cc") + ".h"
    if not path.endswith(".cc") or not (project.root / "src" / own).is_file():
        return
    first = includes(project.text(path))[:1]
    if not first or first[0][1] != own:
        line = first[0][0] if first else 1
        yield Finding(path, line, "own-header", f'the first include must be "{own}"')


def check(project):
    """All findings in the project."""
    findings = list(_check_order(project))
    pure = project.cmake_list("BORG_PURE_MODULES")
    for path in project.files:
        parts = path.split("/")
        if parts[0] != "src" or len(parts) < 3 or not path.endswith((".h", ".cc")):
            continue
        module = project.modules.get(parts[1])
        if module is None:
            findings.append(Finding(path, 1, "layers", f"src/{parts[1]} is no borg_module"))
            continue
        is_test = path.endswith("_test.cc") or "/".join(parts[2:]) in module.tests
        findings += _check_includes(project, path, module, is_test)
        findings += _check_own_header(project, path)
        if module.name in pure:
            findings += _check_pure(project, path)
    return findings


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    findings = check(Project(root))
    for finding in findings:
        print(finding)
    print(f"layers: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
