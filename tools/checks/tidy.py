#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what a reader would otherwise have to: sizes, words, leftovers, dead files, links.

A line that must break a rule says so and why: `// tidy: allow volatile: the kernel writes it`.
`tidy.py --stats` also prints how long files and functions are.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

import dead_files
import markdown_links
from cpp_text import code_only, functions
from project import Finding, Project

LINE_MAX = 100
FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70

CPP = (".h", ".cc")
CODE = CPP + (".cmake", ".py", ".sh", ".js", ".ts", ".css", ".html", ".proto", ".yml", ".toml")
WITH_SPDX = CPP + (".cmake", ".py", ".sh", "CMakeLists.txt")
SCRIPTS = ("dev", ".ci/run")

# (rule, pattern over code without comments and strings, what to use, where it applies).
TESTS = r"^tests/.*|.*_test\.cc$"
SRC = r"^src/.*"
BANNED = (
    ("assert", r"(?<!\w)assert\s*\(|<cassert>|<assert\.h>", "BORG_CHECK, on in release", ".*"),
    ("endl", r"\bstd::endl\b", "'\\n'", ".*"),
    ("random", r"(?<!\w)s?rand\s*\(|\bstd::(mt19937(_64)?|default_random_engine|minstd_rand\w*"
     r"|\w+_distribution)\b", "borg::Random, the same on every platform", ".*"),
    ("volatile", r"\bvolatile\b(?! std::sig_atomic_t)", "std::atomic", ".*"),
    ("sleep", r"\b(sleep_for|sleep_until)\b|(?<![\w.])(u|nano)?sleep\s*\(",
     "a wait for a condition, with a deadline", TESTS),
    ("using-namespace", r"\busing\s+namespace\s+std\b", "std::", ".*"),
    ("using-namespace", r"^\s*using\s+namespace\b(?!.*literals)", "full names in headers",
     r".*\.h$"),
    ("define-private", r"#\s*define\s+(private|protected|class)\b", "the public interface", ".*"),
    ("printf", r"(?<!\w)(std::)?v?f?printf\s*\(|(?<!\w)(std::)?puts\s*\(",
     "fmt::print in app/, the log elsewhere", r"^src/(?!base/check\.cc|sim/).*"),
    ("cout", r"\bstd::(cout|cerr|clog)\b", "fmt::print in app/, the log elsewhere", SRC),
    ("friend-test", r"\bFRIEND_TEST\b|\bfriend\s+class\s+\w*Test\b", "the public interface", ".*"),
    ("word", r"(?i)\w*(?<!web)(master|slave)\w*", "primary, backup", ".*"),
)
# Spelled apart, so that this file does not find itself.
LEFTOVERS = ("FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK")
LEFTOVER = re.compile(r"\b(" + "|".join(LEFTOVERS) + r")\b")
ALLOW = re.compile(r"tidy: allow ([\w-]+): \S+")


def is_code(name):
    return name.endswith(CODE) or name.endswith("CMakeLists.txt") or name in SCRIPTS


def check_layout(name, text):
    """Line length, file length, white space."""
    lines = text.split("\n")
    if text and not text.endswith("\n"):
        yield Finding(name, len(lines), "newline", "no newline at the end of the file")
    if len(lines) - 1 > FILE_LINES_MAX:
        yield Finding(name, len(lines), "file-length", f"more than {FILE_LINES_MAX} lines")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX and "http" not in line:
            yield Finding(name, number, "line-length", f"{len(line)} columns, at most {LINE_MAX}")
        if line != line.rstrip():
            yield Finding(name, number, "space", "white space at the end of the line")
        if "\t" in line:
            yield Finding(name, number, "tab", "a tab")


def check_header(name, text):
    """The SPDX line, `#pragma once`."""
    if name.endswith(WITH_SPDX) or name in SCRIPTS:
        lines = text.split("\n")
        first = lines[1:2] if text.startswith("#!") else lines[:1]
        if not first or not re.fullmatch(r"(//|#) SPDX-License-Identifier: Apache-2.0", first[0]):
            yield Finding(name, 1, "spdx", "the first line must be the SPDX licence line")
    if name.endswith(".h") and "\n#pragma once\n" not in text:
        yield Finding(name, 1, "pragma-once", "no `#pragma once`")


def check_functions(name, text):
    for found in function_lengths(name, text):
        if found[2] > FUNCTION_LINES_MAX:
            message = f"{found[0]}: {found[2]} lines, at most {FUNCTION_LINES_MAX}"
            yield Finding(name, found[1], "function-length", message)


def function_lengths(name, text):
    """[(name, first line, lines)] of C++, Python and shell functions."""
    if name.endswith(CPP):
        return [(f.name, f.first_line, f.lines) for f in functions(text)]
    if name.endswith(".py"):
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, kinds)]
        return [(n.name, n.lineno, n.end_lineno - n.lineno + 1) for n in nodes]
    if name.endswith(".sh") or name in SCRIPTS:
        found = re.finditer(r"^(\w+)\(\) [{(]\n(?:.*\n)*?^[})]", text, re.M)
        return [
            (m[1], text.count("\n", 0, m.start()) + 1, m[0].count("\n") + 1) for m in found
        ]
    return []


def check_banned(name, text):
    if not name.endswith(CPP):
        return
    allowed = {
        (number, m[1])
        for number, line in enumerate(text.split("\n"), 1)
        for m in [ALLOW.search(line)]
        if m
    }
    for number, line in enumerate(code_only(text).split("\n"), 1):
        for rule, pattern, instead, where in BANNED:
            m = re.search(pattern, line)
            if m and re.match(where, name) and (number, rule) not in allowed:
                yield Finding(name, number, rule, f"`{m.group().strip()}`: use {instead}")


def check_words(name, text):
    for m in LEFTOVER.finditer(text):
        line = text.count("\n", 0, m.start()) + 1
        yield Finding(name, line, "leftover", f"`{m.group()}`: do it, or leave it out")
    if re.search(r"(?i)master|slave", Path(name).name):
        yield Finding(name, 1, "word", "the file's name: use primary, backup")


def check_script(project, name, text):
    """Shell scripts and Python files can be read by their interpreters."""
    if name.endswith(".sh") or name in SCRIPTS:
        run = subprocess.run(
            ["bash", "-n", str(project.root / name)], capture_output=True, text=True, check=False
        )
        if run.returncode:
            yield Finding(name, 1, "shell", run.stderr.strip())
    if name.endswith(".py"):
        try:
            ast.parse(text)
        except SyntaxError as error:
            yield Finding(name, error.lineno or 1, "python", error.msg)


def check_file(project, name):
    text = project.text(name)
    findings = list(check_script(project, name, text))
    if findings:
        return findings
    if is_code(name):
        findings += check_layout(name, text)
    findings += check_header(name, text)
    findings += check_functions(name, text)
    findings += check_banned(name, text)
    if is_code(name) or name.endswith(".md"):
        findings += check_words(name, text)
    if re.search(r"\.pb\.(h|cc)$", name):
        findings.append(Finding(name, 1, "generated", "generated code does not belong in git"))
    return findings


def check(project):
    """All findings in the project."""
    findings = []
    for name in project.files:
        findings += check_file(project, name)
    return findings + dead_files.check(project) + markdown_links.check(project)


def print_stats(project):
    cpp = [n for n in project.files if n.endswith(CPP)]
    files = [project.text(n).count("\n") for n in cpp]
    lengths = [f[2] for n in cpp for f in function_lengths(n, project.text(n))]
    print(f"files: {len(files)}, half of them below {median(files):.0f} lines, max {max(files)}")
    print(f"functions: {len(lengths)}, half below {median(lengths):.0f}, max {max(lengths)}")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--stats"]
    root = arguments[0] if arguments else Path(__file__).resolve().parents[2]
    project = Project(root)
    findings = check(project)
    for finding in findings:
        print(finding)
    if "--stats" in sys.argv:
        print_stats(project)
    print(f"tidy: {len(findings)} findings in {len(project.files)} files")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
