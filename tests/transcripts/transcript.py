# SPDX-License-Identifier: Apache-2.0
"""The format of the transcripts, described in README.md: read and written back unchanged."""

import re

HEX = "0123456789abcdefABCDEF"
UNESCAPED = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}
REST = "~ ..."
# redis is what continuous integration has, 7.0; the newer ones are for comparing by hand.
SERVERS = ("borg", "redis", "redis8", "valkey9")


class Step:
    """A command or raw bytes, and the lines expected as the reply."""

    def __init__(self, line, number):
        self.line = line
        self.number = number
        self.is_sorted = False
        self.expected = []

    @property
    def is_raw(self):
        return self.line.startswith(">>")


class Wait:
    def __init__(self, line):
        self.line = line
        self.ms = int(line.split()[2])


class Group:
    def __init__(self, title):
        self.title = title
        self.resp = 2
        self.only = SERVERS[:2]
        self.items = []  # Step, Wait, or str: a line kept as it is

    def directive(self, line):
        words = line.split()[1:]
        if words in (["resp2"], ["resp3"]):
            self.resp = int(words[0][-1])
        elif words[:1] == ["only"] and words[1:] and set(words[1:]) <= set(SERVERS):
            self.only = words[1:]
        elif words[:1] == ["wait"]:
            self.items.append(Wait(line))
            return
        elif words not in (["sorted"], ["stateful"]):
            raise ValueError("unknown directive: " + line)
        self.items.append(line)


class Transcript:
    def __init__(self, path):
        self.path = path
        self.head = []
        self.groups = []
        step = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            step = self.add(line, number, step)

    def add(self, line, number, step):
        if line.startswith("=="):
            self.groups.append(Group(line[2:].strip()))
            return None
        if not self.groups:
            self.head.append(line)
            return None
        group = self.groups[-1]
        if line.startswith(">"):
            step = Step(line, number)
            step.is_sorted = "@ sorted" in group.items[-1:]
            group.items.append(step)
            return step
        if line.startswith("@"):
            group.directive(line)
        elif step is not None and line and not line.startswith("#"):
            step.expected.append(line)
            return step
        else:
            group.items.append(line)
        return None

    def text(self):
        lines = list(self.head)
        for group in self.groups:
            lines.append("== " + group.title)
            for item in group.items:
                lines.append(item if isinstance(item, str) else item.line)
                lines += getattr(item, "expected", [])
        return "\n".join(lines) + "\n"


def all_paths(folder):
    return sorted(path for path in folder.glob("*.txt") if path.name != "CMakeLists.txt")


def matches(expected, actual):
    """Whether the lines are as expected; "~ regex" is a line, "~ ..." any number at the end."""
    if expected and expected[-1] == REST:
        expected = expected[:-1]
        actual = actual[:len(expected)]
    if len(expected) != len(actual):
        return False
    for wanted, line in zip(expected, actual):
        if wanted.startswith("~ "):
            if not re.fullmatch(wanted[2:], line):
                return False
        elif wanted != line:
            return False
    return True


def split_args(line):
    """Splits a command as redis-cli does: blanks, "..." with escapes, '...' without."""
    args, at = [], 0
    while True:
        while at < len(line) and line[at].isspace():
            at += 1
        if at == len(line):
            return args
        arg = b""
        while at < len(line) and not line[at].isspace():
            if line[at] == '"':
                part, at = read_double(line, at + 1)
            elif line[at] == "'":
                end = line.index("'", at + 1)
                part, at = line[at + 1:end].encode(), end + 1
            else:
                part, at = line[at].encode(), at + 1
            arg += part
        args.append(arg)


def read_double(line, at):
    out = b""
    while line[at] != '"':
        if line[at] == "\\":
            piece, at = read_escape(line, at)
            out += piece
        else:
            out += line[at].encode()
            at += 1
    return out, at + 1


def read_escape(line, at):
    digits = line[at + 2:at + 4]
    if line[at + 1] == "x" and len(digits) == 2 and all(c in HEX for c in digits):
        return bytes([int(digits, 16)]), at + 4
    return UNESCAPED.get(line[at + 1], line[at + 1].encode()), at + 2


def raw_bytes(text):
    """Escapes as in "...", and {1000*x} for a thousand x."""
    out, at = b"", 0
    while at < len(text):
        repeat = re.match(r"\{(\d+)\*(.)\}", text[at:])
        if repeat:
            out += repeat[2].encode() * int(repeat[1])
            at += repeat.end()
        elif text[at] == "\\":
            piece, at = read_escape(text, at)
            out += piece
        else:
            out += text[at].encode()
            at += 1
    return out
