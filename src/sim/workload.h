// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
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
/// told; other keys see everything.
class Workload {
 public:
  explicit Workload(Sim& sim);
  [[nodiscard]] Command draw();
  [[nodiscard]] static Command get(const std::string& key);
  [[nodiscard]] const std::vector<std::string>& keys() const { return keys_; }
  [[nodiscard]] static bool is_counter(const std::string& key) { return key.front() == 'n'; }

 private:
  [[nodiscard]] const std::string& draw_key();
  [[nodiscard]] std::string token();
  [[nodiscard]] Command on_counter(const std::string& key);
  [[nodiscard]] Command on_string(const std::string& key);
  [[nodiscard]] Command on_many();
  [[nodiscard]] Command on_expiry(const std::string& key);
  [[nodiscard]] std::string span();

  Sim& sim_;
  std::vector<std::string> keys_;
  std::uint64_t tokens_ = 0;
};

/// A reply as the history has it.
[[nodiscard]] Reply to_reply(const resp::Value& value);

}  // namespace borg::sim
