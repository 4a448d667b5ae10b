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
  [[nodiscard]] std::string as_resp() const;
  [[nodiscard]] std::string text() const;
};

/// Draws commands on a few hot keys, so that histories overlap, and on many cool ones.
///
/// Counters are only counted, so that an error is never legal, and what they end at can be
/// told; other keys see everything that is done to strings. To the model a field of a hash is an
/// object of its own, named as in element_object().
class Workload {
 public:
  explicit Workload(Sim& sim);
  [[nodiscard]] Command draw();
  /// A read of every object that there is.
  [[nodiscard]] std::vector<Command> read_all() const;
  [[nodiscard]] static bool is_counter(const std::string& key) { return key.front() == 'n'; }

 private:
  static constexpr std::size_t kFields = 40;  ///< of a hash: more than a table has in one bucket

  [[nodiscard]] const std::string& draw_key();
  [[nodiscard]] std::string token();
  [[nodiscard]] Command on_counter(const std::string& key);
  [[nodiscard]] Command on_string(const std::string& key);
  [[nodiscard]] Command compare_and_set(const std::string& key);
  [[nodiscard]] Command on_many();
  [[nodiscard]] Command on_hash();
  using PairOfNames = std::pair<std::string, std::string>;
  [[nodiscard]] Command on_fields(const std::string& key, const PairOfNames& names,
                                  const std::function<std::string()>& value);
  [[nodiscard]] static Command delete_hash(const std::string& key);
  [[nodiscard]] Command on_sets();
  [[nodiscard]] Command on_lists();
  [[nodiscard]] Command on_expiry(const std::string& key);
  [[nodiscard]] std::string span();

  Sim& sim_;
  std::vector<std::string> keys_;
  std::vector<std::string> hashes_;
  std::uint64_t tokens_ = 0;
  std::map<std::string, std::string> set_last_;  ///< what compare_and_set() expects
};

/// The object that an element of a container is to the model. The container's key has a hash tag,
/// so that this is of the same slot.
[[nodiscard]] std::string element_object(std::string_view key, std::string_view element);

/// A reply as the history has it.
[[nodiscard]] Reply to_reply(const resp::Value& value);

}  // namespace borg::sim
