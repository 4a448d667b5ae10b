# SPDX-License-Identifier: Apache-2.0
"""What was measured: rows of rounds, and how they are printed."""

from dataclasses import asdict, dataclass, field
from statistics import median


@dataclass
class Row:
    """One quantity of one case, Borg and its peer a value each round, in interleaved rounds."""

    group: str
    case: str
    quantity: str
    better: str  # "more" or "less"
    peer_name: str
    borg: list = field(default_factory=list)
    peer: list = field(default_factory=list)

    def add(self, borg, peer=None):
        self.borg.append(borg)
        if peer is not None:
            self.peer.append(peer)

    def ratios(self):
        """Borg / peer, round by round: what disturbs both in the same round cancels out."""
        return [b / p for b, p in zip(self.borg, self.peer) if p]

    def as_json(self):
        ratios = self.ratios()
        return asdict(self) | {
            "ratio": median(ratios) if ratios else None,
            "borg_median": median(self.borg),
            "peer_median": median(self.peer) if self.peer else None,
        }


class Rows:
    """The rows of a run, found by what they measure."""

    def __init__(self):
        self.all = []
        self.notes = []  # (group, what could not be measured, or not cleanly)

    def note(self, group, text):
        if (group, text) not in self.notes:
            self.notes.append((group, text))

    def notes_of(self, group):
        return [text for name, text in self.notes if name == group]

    def row(self, group, case, quantity, better, peer_name):
        for known in self.all:
            if (known.group, known.case, known.quantity) == (group, case, quantity):
                return known
        self.all.append(Row(group, case, quantity, better, peer_name))
        return self.all[-1]


def number(value):
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def spread(values):
    if not values:
        return "-"
    if len(values) == 1 or min(values) == max(values):
        return number(median(values))
    return f"{number(median(values))} ({number(min(values))}..{number(max(values))})"


def ratio_text(row):
    ratios = row.ratios()
    if not ratios:
        return "-"
    text = f"{median(ratios):.2f}"
    return text if len(ratios) == 1 else f"{text} ({min(ratios):.2f}..{max(ratios):.2f})"


HEAD = ("case", "quantity", "Borg/peer", "Borg", "peer", "better")


def table(rows):
    """One group's rows as aligned text."""
    lines = [HEAD]
    for row in rows:
        lines.append((row.case, row.quantity, ratio_text(row), spread(row.borg), spread(row.peer),
                      row.better))
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip()
        for line in lines
    )
