# SPDX-License-Identifier: Apache-2.0
"""C++ as text: what is code, what is comment, and where functions begin and end.

No compiler: a heuristic over braces that is right for clang-formatted code.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<raw>\b(?:u8|[uUL])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)")
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<char>(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+')
  | (?P<line>//(?:[^\n\\]|\\.)*)
  | (?P<block>/\*.*?\*/)
    """,
    re.VERBOSE | re.DOTALL,
)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """The same text with comments as spaces; strings stay."""
    return _TOKEN.sub(
        lambda m: _blank(m.group()) if m.lastgroup in ("line", "block") else m.group(), text
    )


def code_only(text):
    """The same text with comments and the insides of strings as spaces; same lines and columns."""

    def replace(m):
        found = m.group()
        if m.lastgroup in ("line", "block"):
            return _blank(found)
        return found[0] + _blank(found[1:-1]) + found[-1]

    return _TOKEN.sub(replace, text)


def includes(text):
    """[(line number, header, is_quoted)] in order."""
    found = []
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        m = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if m:
            found.append((number, m.group(1) or m.group(2), m.group(1) is not None))
    return found


@dataclass(frozen=True)
class Function:
    name: str
    first_line: int
    last_line: int

    @property
    def lines(self):
        return self.last_line - self.first_line + 1


_NOT_FUNCTION = re.compile(r"\b(namespace|class|struct|union|enum|concept)\b|\bextern\s+\"")
_NAME = re.compile(r"([~\w:]+|operator\s*\S+)\s*\(")


def _classify(head):
    """What a brace after `head` opens at namespace or class level."""
    stripped = head.strip()
    without_template = re.sub(r"\btemplate\s*<[^{}]*?>\s*(?=\w)", "", stripped)
    if re.search(r"=\s*$", stripped) or stripped.endswith((",", "(")):
        return "initializer"
    before_call = without_template.split("(")[0]
    if _NOT_FUNCTION.search(before_call) or "(" not in without_template:
        return "scope" if _NOT_FUNCTION.search(without_template) else "initializer"
    if re.search(r"\)\s*(noexcept\s*)?:[^:]", without_template) and re.search(r"[\w>]$", stripped):
        return "member initializer"  # Foo() : a_{1}, b_{2} { … }
    return "function"


def functions(text):
    """Every function that has a body, by its signature's first line to its closing brace.

    A lambda or a local class belongs to the function around it.
    """
    code = _without_preprocessor(code_only(text))
    found = []
    head_start = 0
    depth_kinds = []
    i, end = 0, len(code)
    while i < end:
        c = code[i]
        if c == "{":
            kind = _classify(code[head_start:i])
            if kind == "scope":
                depth_kinds.append(kind)
                head_start = i + 1
            else:
                close = _matching_brace(code, i)
                if kind == "function":
                    found.append(_function(code, head_start, close))
                    head_start = close + 1
                i = close
        elif c == "}":
            if depth_kinds:
                depth_kinds.pop()
            head_start = i + 1
        elif c == ";":
            head_start = i + 1
        elif c == ":" and re.search(r"\b(public|private|protected)\s*$", code[head_start:i]):
            head_start = i + 1
        i += 1
    return found


def _without_preprocessor(code):
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: _blank(m.group()), code, flags=re.M)


def _matching_brace(code, start):
    depth = 0
    for m in re.compile(r"[{}]").finditer(code, start):
        depth += 1 if m.group() == "{" else -1
        if depth == 0:
            return m.start()
    return len(code) - 1


def _function(code, head_start, close):
    head = code[head_start:]
    begin = head_start + len(head) - len(head.lstrip())
    m = _NAME.search(code, begin, close)
    name = m.group(1) if m else "?"
    return Function(name, code.count("\n", 0, begin) + 1, code.count("\n", 0, close) + 1)
