# SPDX-License-Identifier: Apache-2.0
"""The project as the checks see it: its files, and its modules as CMake declares them."""

import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


@dataclass
class Module:
    name: str
    sources: list = field(default_factory=list)
    tests: list = field(default_factory=list)
    deps: list = field(default_factory=list)
    test_libs: list = field(default_factory=list)


def _cmake_arguments(text, command):
    """The arguments of each call of `command` in a CMake file."""
    text = re.sub(r"#.*", "", text)
    calls = re.findall(r"\b" + command + r"\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)", text)
    return [call.split() for call in calls]


def _parse_module(arguments):
    module = Module(arguments[0])
    lists = {
        "SOURCES": module.sources,
        "TESTS": module.tests,
        "DEPS": module.deps,
        "LIBS": [],
        "TEST_LIBS": module.test_libs,
    }
    current = []
    for word in arguments[1:]:
        if word in lists:
            current = lists[word]
        else:
            current.append(word)
    return module


class Project:
    """A checkout, or a folder that looks like one (as the tests of the checks make)."""

    def __init__(self, root):
        self.root = Path(root)

    @cached_property
    def files(self):
        """All files of the project, as paths relative to its root, sorted."""
        if (self.root / ".git").exists():
            command = ["git", "-C", str(self.root), "ls-files", "-co", "--exclude-standard", "-z"]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            names = set(filter(None, out.split("\0")))
        else:
            found = (p.relative_to(self.root) for p in self.root.rglob("*") if p.is_file())
            skipped = ("build", ".git", "node_modules", "__pycache__")
            names = {str(p) for p in found if not set(skipped) & set(p.parts)}
        return sorted(n for n in names if (self.root / n).is_file())

    def text(self, name):
        """A file's text; '' if it is not UTF-8 text."""
        try:
            return (self.root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return ""

    @cached_property
    def modules(self):
        """{name: Module} as src/*/CMakeLists.txt declare them, in no order."""
        found = {}
        for cmake in sorted((self.root / "src").glob("*/CMakeLists.txt")):
            for arguments in _cmake_arguments(cmake.read_text(encoding="utf-8"), "borg_module"):
                module = _parse_module(arguments)
                found[module.name] = module
        return found

    def cmake_list(self, name):
        """The words of `set(name …)` in src/CMakeLists.txt."""
        path = self.root / "src" / "CMakeLists.txt"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for arguments in _cmake_arguments(text, "set"):
            if arguments and arguments[0] == name:
                return arguments[1:]
        return []

    def closure(self, deps):
        """The modules `deps` and all they depend on."""
        reached, pending = set(), list(deps)
        while pending:
            name = pending.pop()
            if name not in reached:
                reached.add(name)
                pending += self.modules[name].deps if name in self.modules else []
        return reached
