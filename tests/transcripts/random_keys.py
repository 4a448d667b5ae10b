# SPDX-License-Identifier: Apache-2.0
"""Random commands on keys and values of any type, and on HyperLogLogs."""

from random_command import Command


class Keys:
    """Part of random_commands.Commands."""

    def any_key(self):
        return self.key(self.rng.choice(self.kinds))

    def same_kind(self):
        """Two keys, mostly of one kind."""
        kind = self.rng.choice(self.kinds)
        return self.key(kind), self.key(kind)

    def of_names(self):
        r = self.rng
        source, target = self.same_kind()
        return Command(r.choice([
            lambda: ["RENAME", source, target], lambda: ["RENAMENX", source, target],
            lambda: ["COPY", source, target], lambda: ["COPY", source, target, "REPLACE"],
            lambda: ["COPY", source, target, r.choice(["FOO", "DB"])],
            lambda: ["PERSIST", source],
        ])())

    def of_times(self):
        """Far enough in the future that none is reached."""
        r = self.rng
        option = r.choice([[], ["NX"], ["XX"], ["GT"], ["LT"], ["GT", "XX"], ["NX", "GT"]])
        when = 4102444800 + r.randrange(5)
        return Command(r.choice([
            lambda: ["EXPIREAT", self.any_key(), when] + option,
            lambda: ["PEXPIREAT", self.any_key(), when * 1000] + option,
            lambda: ["TOUCH", self.any_key(), self.any_key()],
            lambda: ["UNLINK", self.any_key()] if r.random() < 0.1 else ["TYPE", self.any_key()],
        ])())

    def of_sorting(self):
        """On keys of its own that are never sorted sets, as Redis keeps those in another way once
        they were sorted. It has no order of elements that are alike up to a NUL, unless it stores
        them, nor of those that weigh alike with ALPHA."""
        r = self.rng
        stores = r.random() < 0.5
        key = "{t}o%d" % r.randrange(4)
        if r.random() < 0.4:
            values = [self.value() for _ in range(r.choice([1, 30]))]
            return Command(r.choice([["RPUSH", key] + values, ["SADD", key] + values,
                                     ["DEL", key]]))
        words = ["SORT" if stores else r.choice(["SORT", "SORT_RO"]), key]
        words += r.choice([[], ["DESC"]])
        words += r.choice([[], ["GET", "#", "GET", "{t}s*"], ["GET", "{t}h*->e1"]])
        words += r.choice([["ALPHA"], ["ALPHA"], [], ["BY", "{t}s*"], ["BY", "{t}h*->e2"]])
        if stores:
            words += r.choice([[], ["LIMIT", r.randrange(-2, 9), 5]])
            words += ["STORE", r.choice([key, self.key("l")])]
        return Command(words, sort_reply=not stores)

    def of_hyperloglogs(self):
        """On keys of their own: Borg finds more damaged than Redis does."""
        r = self.rng
        key, other, third = ("{t}y%d" % r.randrange(4) for _ in range(3))
        elements = ["p%d" % r.randrange(r.choice([10, 3000])) for _ in range(r.choice([1, 30]))]
        return Command(r.choice([
            lambda: ["PFADD", key] + elements, lambda: ["PFADD", key] + elements,
            lambda: ["PFCOUNT", key], lambda: ["PFCOUNT", key, other],
            lambda: ["PFMERGE", key, other, third],
            lambda: ["PFDEBUG", "ENCODING", key], lambda: ["GETRANGE", key, 0, 15],
            lambda: ["DEL", key] if r.random() < 0.2 else ["GET", key],
        ])())
