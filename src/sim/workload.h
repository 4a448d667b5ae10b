// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/parser.h"
#include "sim/history.h"
#include "sim/sim.h"

namespace borg::sim {

/// One command of a client, and what it means for each of its keys.
struct Command {
  struct Part {
    std::string key;
    std::string name;  ///< of the same thing done to this key alone
    std::vector<std::string> args;
  };
  std::vector<std::string> words;
  std::vector<Part> parts;
  bool is_whole = false;  ///< the reply, an array too, is that to the only part
  /// Sent before it, in one go: what MULTI queues, or WATCH. Nobody looks at their replies.
  std::vector<std::vector<std::string>> ahead;
  bool is_transaction = false;  ///< EXEC: the reply has one element a part, or nothing happened
  bool is_watched = false;      ///< ... and may be nil
  bool sums_to_zero = false;    ///< what the parts reply, added
  /// What the same client does next on the same connection, going by the reply.
  std::function<Command(const resp::Value&)> then;
  [[nodiscard]] std::string as_resp() const;
  [[nodiscard]] std::string text() const;
  Duration may_take;  ///< before it is answered: it blocks
};

/// Draws commands on a few hot keys, so that histories overlap, and on many cool ones.
///
/// Counters are only counted, so that an error is never legal, and what they end at can be
/// told; other keys see everything that is done to strings. To the model a field of a hash, or a
/// member of a set or a sorted set, is an object of its own, named as in element_object(). Those
/// from whose ends something is taken are objects as a whole: is_sequence().
class Workload {
 public:
  explicit Workload(Sim& sim);
  /// `is_alone`: nothing else of the client is under way meanwhile.
  [[nodiscard]] Command draw(bool is_alone);
  /// A read of every object that there is.
  [[nodiscard]] std::vector<Command> read_all() const;
  /// True if a SequenceModel says what it does.
  [[nodiscard]] static bool is_sequence(std::string_view key) { return key.starts_with("{q"); }
  [[nodiscard]] static bool is_counter(const std::string& key) { return key.front() == 'n'; }

  /// What keys are given to live.
  static constexpr Duration kLongestLife = Duration::millis(3000);

 private:
  /// Of a hash, set or sorted set: more than a table has in one bucket.
  static constexpr std::size_t kFields = 40;
  static constexpr std::size_t kAccounts = 2;  ///< pairs of counters whose sum stays zero

  [[nodiscard]] const std::string& draw_key();
  [[nodiscard]] std::string token();
  [[nodiscard]] Command on_counter(const std::string& key);
  [[nodiscard]] Command on_string(const std::string& key);
  [[nodiscard]] Command compare_and_set(const std::string& key);
  [[nodiscard]] Command on_many();
  [[nodiscard]] Command on_accounts();
  [[nodiscard]] Command read_and_set_watched();
  [[nodiscard]] Command on_hash();
  using PairOfNames = std::pair<std::string, std::string>;
  [[nodiscard]] Command on_fields(const std::string& key, const PairOfNames& names,
                                  const std::function<std::string()>& value);
  using NameOf = std::string (*)(std::size_t number);
  [[nodiscard]] static Command delete_all(const std::string& key, NameOf name_of);
  [[nodiscard]] static Command on_all(const std::string& word, const std::string& part,
                                      const std::string& key, NameOf name_of);
  [[nodiscard]] Command on_container();
  [[nodiscard]] Command on_set();
  [[nodiscard]] Command on_sorted_set();
  [[nodiscard]] Command on_list();
  [[nodiscard]] Command on_queue();
  [[nodiscard]] Command on_sets();
  [[nodiscard]] Command on_lists();
  [[nodiscard]] Command on_sorted_sets();
  [[nodiscard]] Command on_blocking_queue();
  [[nodiscard]] Command on_expiry(const std::string& key);
  [[nodiscard]] Command on_wall_expiry(const std::string& key);
  [[nodiscard]] std::int64_t span_ms();
  [[nodiscard]] std::string span();
  [[nodiscard]] std::string wall_time();

  Sim& sim_;
  std::vector<std::string> keys_;
  std::vector<std::string> hashes_;
  std::vector<std::string> queues_;
  std::uint64_t tokens_ = 0;
  std::map<std::string, std::string> set_last_;  ///< what compare_and_set() expects
};

/// The object that an element of a container is to the model. The container's key has a hash tag,
/// so that this is of the same slot.
[[nodiscard]] std::string element_object(std::string_view key, std::string_view element);

/// The names of what hashes, sets and sorted sets have: some members so long that nothing stays
/// packed.
[[nodiscard]] std::string field_name(std::size_t number);
[[nodiscard]] std::string member_name(std::size_t number);

/// What pads elements of lists, so that they do not stay packed; to the model it is not there.
inline constexpr char kPadding = 'x';

/// The reply to a command that is_whole.
[[nodiscard]] Reply to_whole_reply(const resp::Value& value);

/// A reply as the history has it.
[[nodiscard]] Reply to_reply(const resp::Value& value);

}  // namespace borg::sim
