// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"

namespace borg::sim {

/// What a command answered, as far as a model of it cares.
struct Reply {
  enum class Kind : std::uint8_t { kNil, kValue, kError };
  Kind kind = Kind::kNil;
  std::string text;  ///< the value: a string, or an integer in decimal; an error's message

  static Reply nil() { return {}; }
  static Reply value(std::string text) { return {Kind::kValue, std::move(text)}; }
  static Reply number(std::int64_t n) { return value(std::to_string(n)); }
  static Reply ok() { return value("OK"); }
  static Reply error(std::string text) { return {Kind::kError, std::move(text)}; }
  /// Errors are alike whatever they say.
  friend bool operator==(const Reply& a, const Reply& b) {
    return a.kind == b.kind && (a.kind == Kind::kError || a.text == b.text);
  }
};

enum class Outcome : std::uint8_t {
  kOk,       ///< took effect between invocation and return, and answered `reply`
  kFailed,   ///< for certain had no effect (-NOREPLICAS, -CLUSTERDOWN)
  kUnknown,  ///< -INDOUBT, a timeout, a dead client: takes effect at any later time, or never
};

/// One command of one client on one key. Times are of one clock that all clients share.
struct Operation {
  std::uint64_t client = 0;
  std::string key;
  std::string name;               ///< in lower case
  std::vector<std::string> args;  ///< without the key
  std::int64_t invoked = 0;
  std::int64_t returned = 0;  ///< if the outcome is known
  Outcome outcome = Outcome::kUnknown;
  Reply reply;  ///< if the outcome is kOk
};

/// What clients saw: who asked what when, and what came of it.
///
/// A client begins its operations one after the other, and may have several under way.
class History {
 public:
  using Id = std::size_t;

  /// An operation begins; until it is said otherwise its outcome is unknown.
  Id invoke(std::uint64_t client, std::int64_t now, std::string key, std::string name,
            std::vector<std::string> args) {
    operations_.push_back({client,
                           std::move(key),
                           std::move(name),
                           std::move(args),
                           now,
                           now,
                           Outcome::kUnknown,
                           {}});
    return operations_.size() - 1;
  }
  void complete(Id id, std::int64_t now, Reply reply) {
    finish(id, now, Outcome::kOk);
    operations_[id].reply = std::move(reply);
  }
  void fail(Id id, std::int64_t now) { finish(id, now, Outcome::kFailed); }
  void add(Operation operation) { operations_.push_back(std::move(operation)); }

  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }
  [[nodiscard]] std::map<std::string, std::vector<Operation>> by_key() const {
    std::map<std::string, std::vector<Operation>> result;
    for (const Operation& operation : operations_) result[operation.key].push_back(operation);
    return result;
  }

 private:
  void finish(Id id, std::int64_t now, Outcome outcome) {
    BORG_CHECK(operations_[id].outcome == Outcome::kUnknown && now >= operations_[id].invoked);
    operations_[id].returned = now;
    operations_[id].outcome = outcome;
  }
  std::vector<Operation> operations_;
};

/// As a person would write it: `client 3 [17, 25] incrby 5 -> 12`.
[[nodiscard]] std::string describe(const Operation& operation);
[[nodiscard]] std::string describe(const Reply& reply);

}  // namespace borg::sim
