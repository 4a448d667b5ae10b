# SPDX-License-Identifier: Apache-2.0
"""Finds files that nothing uses: not built, not included, not run, not linked to."""

import re
from pathlib import PurePosixPath

from cpp_text import includes
from project import Finding

_TEXT = (".cmake", ".py", ".sh", ".md", ".txt", ".yml", ".json", ".js", ".html", ".cc", ".h")


def _unbuilt(project):
    """C++ sources that no CMakeLists.txt of their folder, or of one around it, names."""
    for name in project.files:
        if not name.endswith((".cc", ".proto")):
            continue
        path = PurePosixPath(name)
        around = [str(folder / "CMakeLists.txt") for folder in path.parents]
        around += [n for n in project.files if n.endswith(".cmake")]
        texts = [project.text(n) for n in around if n in project.files or n.endswith(".cmake")]
        word = re.compile(r"(?<![\w.-])" + re.escape(_stem_or_name(path)) + r"(?![\w-])")
        if not any(word.search(text) for text in texts):
            yield Finding(name, 1, "dead", "no CMakeLists.txt builds it")


def _stem_or_name(path):
    # borg_fuzz(name) builds name_fuzz.cc.
    return path.stem.removesuffix("_fuzz") if path.stem.endswith("_fuzz") else path.name


def _unincluded(project):
    included = set()
    for name in project.files:
        if name.endswith((".h", ".cc")):
            for _, header, _ in includes(project.text(name)):
                included |= {header, PurePosixPath(header).name} if "/" not in header else {header}
    for name in project.files:
        if name.endswith(".h"):
            tail = name.removeprefix("src/").removeprefix("include/")
            if tail not in included and not (
                not name.startswith(("src/", "include/"))
                and PurePosixPath(name).name in included
            ):
                yield Finding(name, 1, "dead", "nothing includes it")


def _unrun(project):
    """Scripts whose name no other file mentions."""
    scripts = [
        n
        for n in project.files
        if n.endswith((".py", ".sh"))
        and not n.startswith("findings/")  # run by hand
        and not re.search(r"(^|/)(conftest|__init__|test_\w+|\w+_test)\.py$", n)
    ]
    texts = {n: project.text(n) for n in project.files if n.endswith(_TEXT) or "." not in n}
    texts |= {n: project.text(n) for n in (".ci/run",) if n in project.files}
    for name in scripts:
        stem = PurePosixPath(name).stem
        word = re.compile(r"(?<!\w)" + re.escape(stem) + r"(?!\w)")
        if not any(word.search(text) for other, text in texts.items() if other != name):
            yield Finding(name, 1, "dead", "nothing runs or imports it")


def _unlinked(project):
    """Pages of docs/ that no other page links to."""
    pages = [n for n in project.files if n.endswith(".md")]
    for name in pages:
        if not name.startswith("docs/"):
            continue
        base = PurePosixPath(name).name
        link = re.compile(r"\]\([^)\s]*" + re.escape(base) + r"[^)]*\)")
        if not any(link.search(project.text(other)) for other in pages if other != name):
            yield Finding(name, 1, "dead", "no page links to it")


def check(project):
    """All dead files."""
    return [
        *_unbuilt(project),
        *_unincluded(project),
        *_unrun(project),
        *_unlinked(project),
    ]
