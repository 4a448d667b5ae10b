// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "commands/key_event.h"
#include "resp/writer.h"
#include "storage/partition_store.h"

namespace borg::commands {

using Args = std::span<const std::string_view>;

/// Who executes a command.
enum class Place : std::uint8_t {
  kPartition,  ///< the primary of its keys' partition, by the row's handler
  kGateway,    ///< the node and worker that the client is connected to (node/gateway)
  kControl,    ///< that node's control thread (node/control)
};

/// How the replies of the parts of a split command become one.
enum class Merge : std::uint8_t {
  kNone,        ///< the command has one key: it is never split
  kSum,         ///< integers are added (DEL, EXISTS, DBSIZE …)
  kByPosition,  ///< each part is an array, one element a key (MGET)
  kAllOk,       ///< +OK when every part said +OK (MSET, FLUSHALL)
  kConcat,      ///< arrays are joined (KEYS)
};

/// Bits of CommandSpec::flags, named as in Redis's COMMAND reply.
enum Flag : std::uint32_t {
  kWrite = 1u << 0,
  kReadOnly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kFast = 1u << 4,
  kLoading = 1u << 5,
  kStale = 1u << 6,
  kNoScript = 1u << 7,
  kNoAuth = 1u << 8,
  kAllowBusy = 1u << 9,
  kPubSub = 1u << 10,
  kSkipSlowlog = 1u << 11,
  kEveryPartition = 1u << 16,    ///< ours: fans out to all partitions (KEYS, DBSIZE, FLUSHALL)
  kInternal = 1u << 17,          ///< ours: sent between nodes only, unknown to clients
  kContainer = 1u << 18,         ///< ours: has subcommands, each a row of its own
  kAboutKeyspace = 1u << 19,     ///< the ACL category @keyspace
  kAboutConnection = 1u << 20,   ///< the ACL category @connection
  kDangerous = 1u << 21,         ///< the ACL category @dangerous (kAdmin implies it)
  kNondeterministic = 1u << 22,  ///< the command tip nondeterministic_output
  kUnordered = 1u << 23,         ///< the command tip nondeterministic_output_order
  kMayReplicate = 1u << 24,      ///< held by a pause of writes; may use Context::afterwards
  kTransaction = 1u << 25,       ///< ours: `_exec`, whose arguments are commands
  kWatching = 1u << 26,          ///< ours: `_watch`, which only a primary can answer
  kNeverQueued = 1u << 27,       ///< ours: executed at once between MULTI and EXEC too
  kWholeKeyspace = 1u << 28,     ///< ours: looks at all slots, though a gateway does it (SCAN)
  kNotInMulti = 1u << 29,        ///< ours: refused between MULTI and EXEC
  kOfCollections = 1u << 30,     ///< the ACL categories @set, @sortedset and @list
  kForDevelopers = 1u << 31,     ///< the documentation's flag syscmd
};

/// Bits of CommandSpec::key_use: what a command does to its keys, named as in Redis's key
/// specifications.
enum KeyUse : std::uint16_t {
  kKeyRo = 1u << 0,  ///< reads it
  kKeyRw = 1u << 1,  ///< reads and writes it
  kKeyOw = 1u << 2,  ///< overwrites it
  kKeyRm = 1u << 3,  ///< removes it
  kKeyAccess = 1u << 4,
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyVariable = 1u << 8,  ///< depends on the options
  kNotKey = 1u << 9,       ///< it has a slot as a key has, and is none (a channel)
};

/// How far a replica is; its data and those of another one of the same term and seq are equal.
struct Standing {
  std::string_view role;  ///< "primary", "backup", "syncing" (has not all data yet) or "none"
  std::uint64_t epoch = 0;
  std::uint64_t term = 0;  ///< of the last operation
  std::uint64_t seq = 0;   ///< of the last operation
};

/// Keys that were looked up for reading, as Redis's keyspace_hits and keyspace_misses count them.
struct Lookups {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  void add(const Lookups& other) {
    hits += other.hits;
    misses += other.misses;
  }
};

/// What stands for a command on replicas travels in one frame, beside the arguments of a
/// transaction around it.
inline constexpr std::size_t kOutcomeBytesMax = 576u * 1024 * 1024;

/// What a command's handler sees. The same inputs give the same reply and the same change of
/// the store on every replica.
struct CommandSpec;

/// Hears of each command of a transaction when it has been executed.
class TransactionObserver {
 public:
  virtual void on_step(const CommandSpec& spec, Args args) = 0;

 protected:
  ~TransactionObserver() = default;
};

struct Context {
  storage::PartitionStore& store;
  PartitionId partition;
  std::int64_t now_ms;   ///< of the partition's clock, which expiries are compared with
  std::uint64_t random;  ///< a seed drawn by the primary
  resp::Writer& reply;
  /// The wall clock shows so much more than now_ms: what takes or shows a time of the wall converts
  /// it, see to_expiry() and to_wall_ms().
  std::int64_t wall_offset_ms = 0;
  bool changed = false;  ///< set by the handler when the store changed
  /// Set by a *read* of given keys that met an expired one: the primary then deletes it by a
  /// replicated command before the reply goes out, so that no replica ever shows it again.
  bool met_expired = false;
  /// The command that replicas run in place of this one, if it is not empty, as chance had a part
  /// in what happened: it gives the same reply and the same change.
  std::vector<std::string> outcome = {};
  std::size_t outcome_bytes_max = kOutcomeBytesMax;  ///< see fits_outcome()
  /// One of the command's keys with what was computed of it already; null: none was.
  const storage::KeyRef* known_key = nullptr;
  /// What a *read* leaves to be done, such as to keep what it computed: the primary runs this
  /// command behind it, and replicates it. Nobody waits for that, and it may be left out.
  std::vector<std::string> afterwards = {};
  /// Of the replica, if it was asked itself and not as the primary.
  const Standing* standing = nullptr;
  /// Set by a command that would rather wait than give the reply that it has written, and has
  /// changed nothing: those of its arguments that are keys, one of which must come to hold a value
  /// of the type below. Whoever cannot let it wait (a transaction) gives the reply.
  Args waits_for = {};
  storage::ValueType waits_for_type = storage::ValueType::kList;
  /// Where keyspace events are noted; null: nobody wants to know.
  std::vector<KeyEvent>* events = nullptr;
  Lookups lookups = {};
  TransactionObserver* observer = nullptr;  ///< null: nobody wants to know

  /// As storage::key_ref(), of an argument.
  [[nodiscard]] storage::KeyRef key(std::string_view name) const {
    const bool is_known = known_key != nullptr && known_key->key.data() == name.data() &&
                          known_key->key.size() == name.size();
    return is_known ? *known_key : storage::key_ref(name);
  }
  /// To be called where Redis calls its event, after the change.
  void notify(EventClass event_class, std::string_view name, std::string_view key) {
    if (events != nullptr) [[unlikely]]
      events->push_back({event_class, name, std::string(key)});
  }
  /// To be called where Redis looks a key up for reading.
  void note_lookup(bool is_there, std::string_view key) {
    if (is_there) {
      ++lookups.hits;
    } else {
      ++lookups.misses;
      notify(EventClass::kKeyMiss, "keymiss", key);
    }
  }
};
/// The number of arguments was checked by check_arity().
using Handler = void (*)(Context& context, Args args);

struct CommandSpec {
  std::string_view name;  ///< lower case; a subcommand's is "client|id"
  std::int16_t arity;     ///< as in Redis: counts the name; negative: at least
  std::uint32_t flags = 0;
  Place place = Place::kPartition;
  Merge merge = Merge::kNone;
  std::int8_t first_key = 0;  ///< 0: none
  std::int8_t last_key = 0;   ///< negative: counts from the end
  std::int8_t key_step = 0;
  std::uint16_t key_use = 0;
  std::uint16_t other_key_use = 0;  ///< of the keys behind the first, where it is another
  /// The argument that says how many keys follow it, each with what belongs to it if there is a
  /// key_step; 0: none does. Where there is a first key as well it is one more.
  std::int8_t numkeys_at = 0;
  /// Finds one more key among the options: its position, or 0.
  std::size_t (*key_in_options)(Args args) = nullptr;
  /// The options that name keys, for COMMAND INFO: "STORE STOREDIST". With a ? behind it: one
  /// whose place does not tell whether it is an option.
  std::string_view key_options = {};
  /// The argument of a command that may block that says for how long; negative: counts from the
  /// end; 0: it never blocks.
  std::int8_t timeout_at = 0;
  Handler handler = nullptr;  ///< null unless place is kPartition
  std::string_view group;     ///< "string", "generic", "connection", "server", "cluster"
  std::string_view since;     ///< of Redis, or Borg's own version
  /// What came later: "version text; version text".
  std::string_view history = {};
  /// "version what to use instead".
  std::string_view deprecated = {};
  std::string_view complexity = "O(1)";
  std::string_view syntax;  ///< "key value [NX | XX] [GET] ...": see commands/syntax.h
  std::string_view summary;
  std::string_view tips = {};  ///< of COMMAND INFO, besides those that follow from the rest
  [[nodiscard]] constexpr bool is(Flag flag) const { return (flags & flag) != 0; }
};

/// Whether the command may read or change keys, or is told to replicas: Redis lets no one who is a
/// monitor do that.
[[nodiscard]] constexpr bool concerns_keyspace(const CommandSpec& spec) {
  return spec.is(kWrite) || spec.is(kReadOnly) || spec.is(kMayReplicate);
}

/// The row of this name (any case; for a container command that of the command itself; a
/// subcommand by "client|id"), or null. Takes constant time. Finds internal rows too.
[[nodiscard]] const CommandSpec* find_command(std::string_view name);
/// The row that these arguments mean: subcommands resolved ("client" "id" -> "client|id").
/// Null if unknown; then write_unknown() says so as Redis does. Finds internal rows too: whoever
/// takes a client's command refuses those as unknown.
[[nodiscard]] const CommandSpec* resolve(Args args);
/// Writes Redis's error for an unknown command or subcommand.
void write_unknown(Args args, resp::Writer& reply);
/// Writes Redis's error and returns false if the number of arguments is wrong. Whether each key
/// has its value (MSET) is not of this: see commands/key_values.h.
bool check_arity(const CommandSpec& spec, Args args, resp::Writer& reply);
/// All rows, in a fixed order; a row's index is its id within one build.
[[nodiscard]] std::span<const CommandSpec> all_commands();

/// The positions of the keys in args, none for a command without keys.
struct KeyRange {
  [[nodiscard]] bool is_one() const { return first == last && before == 0 && behind == 0; }

  std::size_t first = 0;
  std::size_t last = 0;  ///< inclusive; 0 with first 0: no key
  std::size_t step = 1;
  std::size_t before = 0;  ///< one more key; 0: none
  std::size_t behind = 0;  ///< one more key; 0: none

  /// Calls visit(position) for each key.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (first == 0) return;
    if (before != 0) visit(before);
    for (std::size_t i = first; i <= last; i += step) visit(i);
    if (behind != 0) visit(behind);
  }
};
/// None if the number of keys is an argument that makes no sense: the handler says so.
[[nodiscard]] KeyRange key_range(const CommandSpec& spec, Args args);
/// For a command of several keys that is not split: writes the error and returns false unless
/// they are all of one slot. REQUIRES: spec.handler.
bool check_one_slot(const CommandSpec& spec, Args args, resp::Writer& reply);

/// COMMAND, COMMAND COUNT | INFO | DOCS | LIST | GETKEYS …: answered from the table alone.
/// REQUIRES: args resolve to a row and fit its arity.
void write_command_command(Args args, resp::Writer& reply);
/// The reply to any container's HELP subcommand (`spec` is "client|help" or its like).
void write_help(const CommandSpec& spec, resp::Writer& reply);

/// Glob match as Redis's KEYS and SCAN MATCH: * ? [a-z] [^a] and backslash.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace borg::commands
