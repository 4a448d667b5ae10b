# SPDX-License-Identifier: Apache-2.0
"""Random commands on the bits of strings."""

from random_command import Command


class Bits:
    """Part of random_commands.Commands."""

    def offset(self):
        return self.rng.choice([0, 7, 8, self.rng.randrange(300), -1, "x"]
                               if self.rng.random() < 0.1 else [self.rng.randrange(200)])

    def unit(self):
        return self.rng.choice([[], ["BYTE"], ["BIT"], ["bit"], ["FOO"]])

    def span(self):
        r = self.rng
        return [r.randrange(-30, 60), r.randrange(-30, 60)] + self.unit()

    def of_bits(self):
        r, key = self.rng, self.key("s")
        position = ["BITPOS", key, r.choice([0, 1, 1, 2])]
        return Command(r.choice([
            lambda: ["SETBIT", key, self.offset(), r.choice([0, 1, 1, 2])],
            lambda: ["GETBIT", key, self.offset()], lambda: ["BITCOUNT", key],
            lambda: ["BITCOUNT", key] + self.span(), lambda: position,
            lambda: position + self.span()[:r.choice([1, 2, 3])], lambda: ["GET", key],
        ])())

    def field(self):
        """A type and an offset."""
        r = self.rng
        kind = r.choice("iu")
        bits = r.choice([1, 4, 5, 8, 16, 32, 63, 64, r.randrange(1, 64)])
        offset = r.choice([r.randrange(120), "#%d" % r.randrange(4)])
        return ["%s%d" % (kind, bits), offset]

    def amount(self):
        r = self.rng
        return r.choice([1, -1, 255, r.randrange(-300, 300), r.getrandbits(63) - (1 << 62),
                         (1 << 63) - 1, -(1 << 62)])

    def change(self):
        """Redis saturates SET's numbers near -2^63 at the wrong end, so it gets none of them."""
        if self.rng.random() < 0.5:
            return ["SET"] + self.field() + [self.amount()]
        return ["INCRBY"] + self.field() + [self.rng.choice([self.amount(), -(1 << 63)])]

    def of_bitfields(self):
        r = self.rng
        words = []
        for _ in range(r.randrange(1, 4)):
            words += r.choice([
                lambda: ["GET"] + self.field(), self.change,
                lambda: ["OVERFLOW", r.choice(["WRAP", "SAT", "FAIL"])],
            ])()
        return Command([r.choice(["BITFIELD", "BITFIELD", "BITFIELD_RO"]), self.key("s")] + words)

    def combine_strings(self):
        r = self.rng
        keys = [self.key("s") for _ in range(r.choice([1, 2, 3]))]
        options = r.choice([[], ["LEN"], ["IDX"], ["IDX", "WITHMATCHLEN", "MINMATCHLEN", 2]])
        return Command(r.choice([
            lambda: ["BITOP", r.choice(["AND", "OR", "XOR", "NOT"]), self.key("s")] + keys,
            lambda: ["LCS", self.key("s"), self.key("s")] + options,
            lambda: ["MSETNX", self.key("s"), self.value(), self.key("s"), self.value()],
            lambda: ["SUBSTR", keys[0], r.randrange(-5, 5), r.randrange(-5, 5)],
        ])())
