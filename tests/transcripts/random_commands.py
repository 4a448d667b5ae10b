# SPDX-License-Identifier: Apache-2.0
"""Random commands of every type, on few keys, so that they meet."""

from random_bits import Bits
from random_command import Command
from random_keys import Keys


def read_whole(kind, key):
    """The command that shows all of a value; `kind` is TYPE's reply."""
    return {
        "string": Command([b"GET", key]),
        "hash": Command([b"HGETALL", key], sort_reply=True, in_pairs=True),
        "set": Command([b"SMEMBERS", key], sort_reply=True),
        "list": Command([b"LRANGE", key, b"0", b"-1"]),
        "zset": Command([b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]),
    }[kind]


def encoding_of(key):
    return Command([b"OBJECT", b"ENCODING", key], encoding=True)


class Commands(Bits, Keys):
    kinds = "shlez"

    def __init__(self, rng):
        self.rng = rng
        self.groups = [self.of_strings, self.of_keys, self.of_hashes, self.of_sets,
                       self.combine_sets, self.of_lists, self.of_lists, self.of_indexes,
                       self.of_bits, self.of_bitfields, self.combine_strings,
                       self.of_sorted_sets, self.of_sorted_sets, self.of_score_ranges,
                       self.of_member_ranges, self.combine_sorted_sets, self.of_places,
                       self.of_names, self.of_times, self.of_sorting, self.of_hyperloglogs]

    def command(self):
        made = self.rng.choice(self.groups)()
        made.words = [str(word).encode() if not isinstance(word, bytes) else word
                      for word in made.words]
        return made

    def key(self, kind):
        """Mostly one of its kind; they have one hash tag, as commands may have several."""
        if self.rng.random() < 0.03:
            kind = self.rng.choice(self.kinds)
        return "{t}%s%d" % (kind, self.rng.randrange(4))

    def value(self):
        r = self.rng
        return r.choice([
            lambda: r.randrange(-5, 20), lambda: r.randrange(1 << 40),
            lambda: "v%d" % r.randrange(30),
            lambda: "", lambda: bytes([r.randrange(256) for _ in range(r.randrange(5))]),
            lambda: "x" * r.choice([63, 64, 65, 200]) if r.random() < 0.05 else "short",
        ])()

    def element(self):
        if self.rng.random() < 0.002:
            return "y" * 65
        return "e%d" % self.rng.randrange(self.rng.choice([5, 40, 700]))

    def number(self):
        return self.rng.choice([0, 1, -1, 2, 5, -3, 100, "x", "1.5", "", 1 << 62])

    def of_strings(self):
        r, key = self.rng, self.key("s")
        return Command(r.choice([
            lambda: ["SET", key, self.value()], lambda: ["GET", key], lambda: ["APPEND", key, "a"],
            lambda: ["INCRBY", key, self.number()], lambda: ["GETDEL", key],
            lambda: ["STRLEN", key], lambda: ["SETRANGE", key, r.randrange(5), "zz"],
            lambda: ["GETRANGE", key, r.randrange(-5, 5), r.randrange(-5, 5)],
            lambda: ["MGET", key, self.key("h")], lambda: ["GETSET", key, self.value()],
            lambda: ["SET", key, self.value(), "NX", "GET"], lambda: ["SETNX", key, self.value()],
        ])())

    def of_keys(self):
        key = self.any_key()
        rare = ["DEL", key] if self.rng.random() < 0.1 else ["TYPE", key]
        if self.rng.random() < 0.2:
            return encoding_of(key)
        return Command(self.rng.choice([
            rare, ["EXISTS", key, self.key("h")], ["PERSIST", key], ["EXPIRE", key, 1000],
            ["TYPE", key]]))

    def of_hashes(self):
        r, key, field = self.rng, self.key("h"), self.element()
        fields = [self.element() for _ in range(r.choice([1, 2, 30]))]
        both = [word for each in fields for word in (each, self.value())]
        return r.choice([
            lambda: Command(["HSET", key] + both), lambda: Command(["HMSET", key] + both),
            lambda: Command(["HDEL", key] + fields), lambda: Command(["HGET", key, field]),
            lambda: Command(["HMGET", key] + fields), lambda: Command(["HLEN", key]),
            lambda: Command(["HGETALL", key], sort_reply=True, in_pairs=True),
            lambda: Command(["HKEYS", key], sort_reply=True),
            lambda: Command(["HVALS", key], sort_reply=True),
            lambda: Command(["HEXISTS", key, field]), lambda: Command(["HSTRLEN", key, field]),
            lambda: Command(["HSETNX", key, field, self.value()]),
            lambda: Command(["HINCRBY", key, field, self.number()]),
            lambda: Command(["HINCRBYFLOAT", key, field, r.choice(["0.5", "-3", "1e2", "x"])]),
            lambda: Command(["HRANDFIELD", key, r.randrange(-5, 700)], only_size=True),
            lambda: Command(["HSCAN", key, 0, "COUNT", 10000], scan=True, in_pairs=True),
            lambda: Command(["HSCAN", key, 0, "MATCH", "e1*", "COUNT", 10000], scan=True,
                            in_pairs=True),
            lambda: Command(["HSET", key, field]), lambda: Command(["HGET", key]),
        ])()

    def member(self):
        if self.rng.random() < 0.6:
            return self.rng.choice([self.rng.randrange(-20, 600), 40000 * self.rng.randrange(9)])
        return self.element()

    def of_sets(self):
        r, key, member = self.rng, self.key("e"), self.member()
        members = [self.member() for _ in range(r.choice([1, 2, 30]))]
        return r.choice([
            lambda: Command(["SADD", key] + members), lambda: Command(["SADD", key] + members),
            lambda: Command(["SREM", key] + members), lambda: Command(["SCARD", key]),
            lambda: Command(["SMEMBERS", key], sort_reply=True),
            lambda: Command(["SISMEMBER", key, member]),
            lambda: Command(["SMISMEMBER", key] + members),
            lambda: Command(["SRANDMEMBER", key, r.randrange(-5, 700)], only_size=True),
            lambda: Command(["SPOP", key, 100000], sort_reply=True) if r.random() < 0.1
            else Command(["SPOP", key, 0]),
            lambda: Command(["SMOVE", key, self.key("e"), member]),
            lambda: Command(["SSCAN", key, 0, "COUNT", 10000], scan=True),
        ])()

    def combine_sets(self):
        r = self.rng
        keys = [self.key("e") for _ in range(r.choice([1, 2, 3]))]
        name = r.choice(["SINTER", "SUNION", "SDIFF"])
        return r.choice([
            lambda: Command([name] + keys, sort_reply=True),
            lambda: Command([name + "STORE", self.key("e")] + keys),
            lambda: Command(["SINTERCARD", len(keys)] + keys + r.choice([[], ["LIMIT", 3]])),
        ])()

    def end(self):
        return self.rng.choice(["LEFT", "RIGHT"])

    def index(self):
        return self.rng.choice([0, -1, 1, 2, -2, self.rng.randrange(-900, 900)])

    def of_lists(self):
        r, key, other = self.rng, self.key("l"), self.key("l")
        elements = [self.value() for _ in range(r.choice([1, 2, 40]))]
        count = r.choice([0, 1, 2, 20])
        return Command(r.choice([
            lambda: ["LPUSH", key] + elements, lambda: ["RPUSH", key] + elements,
            lambda: ["LPUSHX", key] + elements, lambda: ["RPUSHX", key] + elements,
            lambda: ["LPOP", key], lambda: ["RPOP", key], lambda: ["LPOP", key, count],
            lambda: ["RPOP", key, count], lambda: ["LLEN", key],
            lambda: ["LMOVE", key, other, self.end(), self.end()],
            lambda: ["RPOPLPUSH", key, other],
            lambda: ["LMPOP", 2, key, other, self.end(), "COUNT", count],
            lambda: [r.choice(["BLPOP", "BRPOP"]), key, other, 0.001],
            lambda: ["BLMOVE", key, other, self.end(), self.end(), 0.001],
            lambda: ["BRPOPLPUSH", key, other, 0.001],
            lambda: ["BLMPOP", 0.001, 2, key, other, self.end(), "COUNT", count],
        ])())

    def of_indexes(self):
        r, key = self.rng, self.key("l")
        options = r.choice([[], ["RANK", r.choice([1, 2, -1, -2, 0])], ["COUNT", r.choice([0, 2])],
                            ["MAXLEN", 50, "RANK", -1, "COUNT", 0]])
        trim = ["LTRIM", key, r.randrange(-300, 5), r.choice([-1, -2, 500])]
        return Command(r.choice([
            lambda: ["LRANGE", key, self.index(), self.index()],
            lambda: ["LINDEX", key, self.index()],
            lambda: ["LSET", key, self.index(), self.value()],
            lambda: ["LINSERT", key, r.choice(["BEFORE", "AFTER"]), self.value(), self.value()],
            lambda: ["LREM", key, r.choice([0, 1, -1, 3, -3]), self.value()],
            lambda: trim if r.random() < 0.3 else ["LLEN", key],
            lambda: ["LPOS", key, self.value()] + options,
        ])())

    def score(self):
        r = self.rng
        return r.choice([
            lambda: r.randrange(-5, 20), lambda: r.randrange(1 << 40), lambda: r.random(),
            lambda: r.randrange(20) / 4, lambda: r.choice(["inf", "1e20", "-0", "x", "nan"])
            if r.random() < 0.1 else 3,
        ])()

    def of_sorted_sets(self):
        r, key, member = self.rng, self.key("z"), self.element()
        members = [self.element() for _ in range(r.choice([1, 2, 30]))]
        scored = [word for each in members for word in (self.score(), each)]
        options = r.choice([[], [], ["NX"], ["XX"], ["GT"], ["LT"], ["CH"], ["XX", "GT", "CH"],
                            ["NX", "XX"]])
        count = r.choice([[], [1], [2], [5]])
        return r.choice([
            lambda: Command(["ZADD", key] + options + scored),
            lambda: Command(["ZADD", key] + scored), lambda: Command(["ZADD", key] + scored),
            lambda: Command(["ZADD", key] + options + ["INCR"] + scored[:2]),
            lambda: Command(["ZINCRBY", key, self.score(), member]),
            lambda: Command(["ZREM", key] + members[:9]), lambda: Command(["ZCARD", key]),
            lambda: Command(["ZSCORE", key, member]), lambda: Command(["ZMSCORE", key] + members),
            lambda: Command(["ZRANK", key, member]), lambda: Command(["ZREVRANK", key, member]),
            lambda: Command(["ZPOPMIN", key] + count), lambda: Command(["ZPOPMAX", key] + count),
            lambda: Command(["ZMPOP", 2, key, self.key("z"), r.choice(["MIN", "MAX"])]),
            lambda: Command([r.choice(["BZPOPMIN", "BZPOPMAX"]), key, self.key("z"), 0.001]),
            lambda: Command(["BZMPOP", 0.001, 2, key, self.key("z"), r.choice(["MIN", "MAX"])]),
            lambda: Command(["ZRANDMEMBER", key, r.randrange(-5, 700)], only_size=True),
            lambda: Command(["ZSCAN", key, 0, "COUNT", 10000], scan=True, in_pairs=True),
        ])()

    def target(self):
        return self.key("z") if self.rng.random() < 0.1 else "{t}to"

    def border(self):
        return self.rng.choice(["", "("]) + str(self.rng.choice(
            [self.score(), self.rng.randrange(-5, 20), "-inf", "+inf"]))

    def limit(self):
        r = self.rng
        return r.choice([[], ["LIMIT", r.randrange(-1, 20), r.choice([-1, 0, 1, 5])]])

    def of_score_ranges(self):
        r, key, low, high = self.rng, self.key("z"), self.border(), self.border()
        scores = r.choice([[], ["WITHSCORES"]])
        reverse = r.choice([[], ["REV"]])
        ranks = [self.index(), self.index()]
        first = r.randrange(-5, 20)
        return Command(r.choice([
            lambda: ["ZRANGE", key] + ranks + scores + reverse,
            lambda: ["ZREVRANGE", key] + ranks + scores,
            lambda: ["ZRANGEBYSCORE", key, low, high] + scores + self.limit(),
            lambda: ["ZREVRANGEBYSCORE", key, high, low] + scores + self.limit(),
            lambda: ["ZRANGE", key, low, high, "BYSCORE"] + reverse + scores + self.limit(),
            lambda: ["ZRANGESTORE", self.target(), key] + ranks + reverse,
            lambda: ["ZRANGESTORE", self.target(), key, low, high, "BYSCORE"] + self.limit(),
            lambda: ["ZCOUNT", key, low, high],
            lambda: ["ZREMRANGEBYSCORE", key, first, "(%d" % (first + 1)],
            lambda: ["ZREMRANGEBYRANK", key, first, first + 2],
            lambda: ["ZREMRANGEBYSCORE", key, low, high] if r.random() < 0.1 else ["ZCARD", key],
        ])())

    def of_member_ranges(self):
        """Of sets in which all members have the same score: else they have no meaning."""
        r, key = self.rng, "{t}same%d" % self.rng.randrange(2)
        low, high = (r.choice("[(") + self.element() if r.random() < 0.8 else r.choice("-+")
                     for _ in range(2))
        zeros = [word for _ in range(r.choice([1, 2, 30])) for word in (0, self.element())]
        return Command(r.choice([
            lambda: ["ZADD", key] + zeros, lambda: ["ZREM", key, self.element()],
            lambda: ["ZRANGEBYLEX", key, low, high] + self.limit(),
            lambda: ["ZREVRANGEBYLEX", key, high, low] + self.limit(),
            lambda: ["ZRANGE", key, low, high, "BYLEX"] + self.limit(),
            lambda: ["ZLEXCOUNT", key, low, high],
            lambda: ["ZREMRANGEBYLEX", key, low, high] if r.random() < 0.2 else ["ZCARD", key],
        ])())

    def combine_sorted_sets(self):
        """No sums of more than two: Redis adds in any order."""
        r = self.rng
        keys = [self.key(r.choice("zzze")) for _ in range(r.choice([1, 2, 3]))]
        numbered = [len(keys)] + keys
        weights = r.choice([[], ["WEIGHTS"] + [r.choice([1, 2, 0.5]) for _ in keys]])
        aggregates = ["MIN", "MAX"] if len(keys) > 2 else ["SUM", "MIN", "MAX"]
        options = weights + ["AGGREGATE", r.choice(aggregates)]
        name = r.choice(["ZINTER", "ZUNION"])
        return Command(r.choice([
            lambda: [name] + numbered + options + ["WITHSCORES"],
            lambda: [name + "STORE", self.target()] + numbered + options,
            lambda: ["ZDIFF"] + numbered + ["WITHSCORES"],
            lambda: ["ZDIFFSTORE", self.target()] + numbered,
            lambda: ["ZINTERCARD"] + numbered + r.choice([[], ["LIMIT", 3]]),
        ])())

    def place(self):
        """None twice: which of two that are equally far comes first is a matter of the sort."""
        r = self.rng
        return [r.choice([r.uniform(-180, 180), r.uniform(10, 20), r.uniform(179.9, 180),
                          r.uniform(-180, -179.9)]),
                r.choice([r.uniform(-85, 85), r.uniform(35, 45), r.uniform(84.9, 85)])]

    def of_places(self):
        r, key = self.rng, "{t}geo%d" % self.rng.randrange(2)
        places = [word for _ in range(r.choice([1, 20]))
                  for word in self.place() + [self.element()]]
        unit = r.choice(["m", "km", "mi", "ft"])
        size = r.choice([0, 10, 1000, 100000, 5e6, r.uniform(0, 1e6)])
        around = r.choice([["FROMMEMBER", self.element()], ["FROMLONLAT"] + self.place()])
        shape = r.choice([["BYRADIUS", size, unit], ["BYBOX", size, r.uniform(0, 1e6), unit]])
        more = r.choice([[], ["ASC"], ["DESC"], ["COUNT", 3], ["COUNT", 3, "ANY"],
                         ["WITHDIST", "WITHHASH", "WITHCOORD"]])
        return Command(r.choice([
            lambda: ["GEOADD", key] + places, lambda: ["GEOADD", key] + places,
            lambda: ["GEOPOS", key, self.element()], lambda: ["GEOHASH", key, self.element()],
            lambda: ["GEODIST", key, self.element(), self.element(), unit],
            lambda: ["GEOSEARCH", key] + around + shape + more,
            lambda: ["GEOSEARCH", key] + around + shape + more,
            lambda: ["GEOSEARCHSTORE", "{t}near", key] + around + shape,
            lambda: ["GEORADIUS", key] + self.place() + [size, unit, "STORE", "{t}near"],
            lambda: ["ZREM", key, self.element()],
        ])())
