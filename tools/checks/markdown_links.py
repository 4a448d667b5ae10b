# SPDX-License-Identifier: Apache-2.0
"""Checks that links between the project's pages lead somewhere, their #sections too."""

import re
from pathlib import Path

from project import Finding

_LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")


def _without_code(text):
    """Fenced and inline code as spaces, lines kept."""
    text = re.sub(
        r"^(```|~~~).*?^\1\s*$", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.M | re.S
    )
    return re.sub(r"`[^`\n]*`", lambda m: " " * len(m[0]), text)


def anchors(text):
    """The section names that a page offers, as GitHub makes them of headings."""
    found = set(re.findall(r"<a (?:name|id)=\"([^\"]+)\"", text))
    seen = {}
    fenceless = re.sub(r"^(```|~~~).*?^\1\s*$", "", text, flags=re.M | re.S)
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", fenceless, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(slug if count == 0 else f"{slug}-{count}")
    return found


def check(project):
    """All links that lead nowhere."""
    return [
        finding
        for name in project.files
        if name.endswith(".md")
        for finding in _check_page(project, name)
    ]


def _check_page(project, name):
    text = _without_code(project.text(name))
    for m in _LINK.finditer(text):
        target = m[1]
        if re.match(r"[a-z]+:", target):
            continue
        line = text.count("\n", 0, m.start()) + 1
        page, _, section = target.partition("#")
        path = (project.root / name).parent / page if page else project.root / name
        if not path.exists():
            yield Finding(name, line, "link", f"{target} does not exist")
        elif section and path.suffix == ".md" and section not in anchors(_read(path)):
            yield Finding(name, line, "link", f"{target}: no such section")


def _read(path):
    return Path(path).read_text(encoding="utf-8")
