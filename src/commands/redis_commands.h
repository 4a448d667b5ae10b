// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace borg::commands {

/// The commands and subcommands of one group.
struct RedisGroup {
  std::string_view name;
  std::string_view commands;  ///< separated by blanks
};

/// What a redis-server 7.0.15 without modules lists (COMMAND DOCS), but for its subcommands HELP.
inline constexpr std::array<RedisGroup, 16> kRedisGroups{{
    {"string",
     "append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget "
     "mset msetnx psetex set setex setnx setrange strlen substr"},
    {"bitmap", "bitcount bitfield bitfield_ro bitop bitpos getbit setbit"},
    {"hyperloglog", "pfadd pfcount pfdebug pfmerge pfselftest"},
    {"generic",
     "copy del dump exists expire expireat expiretime keys migrate move object object|encoding "
     "object|freq object|idletime object|refcount persist pexpire pexpireat pexpiretime pttl "
     "randomkey rename renamenx restore scan sort sort_ro touch ttl type unlink wait"},
    {"hash",
     "hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan "
     "hset hsetnx hstrlen hvals"},
    {"list",
     "blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush "
     "lpushx lrange lrem lset ltrim rpop rpoplpush rpush rpushx"},
    {"set",
     "sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember "
     "smove spop srandmember srem sscan sunion sunionstore"},
    {"sorted-set",
     "bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard "
     "zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex "
     "zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore "
     "zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore"},
    {"geo",
     "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember "
     "georadiusbymember_ro geosearch geosearchstore"},
    {"stream",
     "xack xadd xautoclaim xclaim xdel xgroup xgroup|create xgroup|createconsumer "
     "xgroup|delconsumer xgroup|destroy xgroup|setid xinfo xinfo|consumers xinfo|groups "
     "xinfo|stream xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim"},
    {"transactions", "discard exec multi unwatch watch"},
    {"pubsub",
     "psubscribe publish pubsub pubsub|channels pubsub|numpat pubsub|numsub "
     "pubsub|shardchannels pubsub|shardnumsub punsubscribe spublish ssubscribe subscribe "
     "sunsubscribe unsubscribe"},
    {"scripting",
     "eval eval_ro evalsha evalsha_ro fcall fcall_ro function function|delete function|dump "
     "function|flush function|kill function|list function|load function|restore function|stats "
     "script script|debug script|exists script|flush script|kill script|load"},
    {"connection",
     "auth client client|caching client|getname client|getredir client|id client|info "
     "client|kill client|list client|no-evict client|pause client|reply client|setname "
     "client|tracking client|trackinginfo client|unblock client|unpause echo hello ping quit "
     "reset select"},
    {"server",
     "acl acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|list acl|load acl|log "
     "acl|save acl|setuser acl|users acl|whoami bgrewriteaof bgsave command command|count "
     "command|docs command|getkeys command|getkeysandflags command|info command|list config "
     "config|get config|resetstat config|rewrite config|set dbsize debug failover flushall "
     "flushdb info lastsave latency latency|doctor latency|graph latency|histogram "
     "latency|history latency|latest latency|reset lolwut memory memory|doctor "
     "memory|malloc-stats memory|purge memory|stats memory|usage module module|list "
     "module|load module|loadex module|unload monitor psync replconf replicaof restore-asking "
     "role save shutdown slaveof slowlog slowlog|get slowlog|len slowlog|reset swapdb sync "
     "time"},
    {"cluster",
     "asking cluster cluster|addslots cluster|addslotsrange cluster|bumpepoch "
     "cluster|count-failure-reports cluster|countkeysinslot cluster|delslots "
     "cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget "
     "cluster|getkeysinslot cluster|info cluster|keyslot cluster|links cluster|meet "
     "cluster|myid cluster|nodes cluster|replicas cluster|replicate cluster|reset "
     "cluster|saveconfig cluster|set-config-epoch cluster|setslot cluster|shards "
     "cluster|slaves cluster|slots readonly readwrite"},
}};

}  // namespace borg::commands
