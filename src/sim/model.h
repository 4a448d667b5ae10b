// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sim/history.h"

namespace borg::sim {

/// What one object does when operations happen to it one at a time.
class Model {
 public:
  struct Step {
    std::string state;
    Reply reply;
  };
  virtual ~Model() = default;
  /// The state before any operation. States that are equal as bytes are the same state.
  [[nodiscard]] virtual std::string initial() const = 0;
  /// True if apply() may be asked about the operation.
  [[nodiscard]] virtual bool knows(const Operation& operation) const = 0;
  /// The state after and the reply to an operation, its outcome aside.
  [[nodiscard]] virtual Step apply(const std::string& state, const Operation& operation) const = 0;
  /// True if an operation never changes anything: asked again, it is answered anew.
  [[nodiscard]] virtual bool is_read(const Operation& operation) const = 0;
  /// True if an operation that was answered so has not changed the state, whatever that was.
  [[nodiscard]] virtual bool is_neutral(const Operation& operation) const = 0;
  /// The history, one for one, with those operations alike between which nothing in it can tell:
  /// the search treats them as one. It is linearizable if and only if the original is. May
  /// return it as it is.
  [[nodiscard]] virtual std::vector<Operation> simplified(
      std::vector<Operation> operations) const = 0;
  /// For explanations.
  [[nodiscard]] virtual std::string describe_state(const std::string& state) const = 0;
};

/// A Redis string key: get, set (nx, xx, ifeq, get, px), setnx, getset, getdel, del, delifeq,
/// exists, strlen, append, incr, decr, incrby, decrby, pexpire, persist, getex, pttl, and cas,
/// which is BORG CAS. What sets or shows an expiry must have been through with_expiries().
///
/// Not of Redis: remove (DEL of several keys: nobody knows the share of this one in the number),
/// expire (the time of a key has come), lose and recover (a loss was accepted, and what is left).
///
/// simplified() makes writes alike whose values nobody has seen.
class StringModel : public Model {
 public:
  [[nodiscard]] std::string initial() const override { return {}; }
  [[nodiscard]] bool knows(const Operation& operation) const override;
  [[nodiscard]] Step apply(const std::string& state, const Operation& operation) const override;
  [[nodiscard]] bool is_read(const Operation& operation) const override;
  [[nodiscard]] bool is_neutral(const Operation& operation) const override;
  [[nodiscard]] std::vector<Operation> simplified(std::vector<Operation> operations) const override;
  [[nodiscard]] std::string describe_state(const std::string& state) const override;
};

/// A Redis list: rpush, lpush, lpop and rpop, llen, lrange (of all), and
/// rotate (LMOVE from the left to the right of itself); or a sorted set whose members are their
/// scores: zadd, zpopmin, zpopmax, zcard and zrange (of all). remove, lose and recover as in
/// StringModel; replies of several elements have a comma behind each.
class SequenceModel : public Model {
 public:
  [[nodiscard]] std::string initial() const override { return {}; }
  [[nodiscard]] bool knows(const Operation& operation) const override;
  [[nodiscard]] Step apply(const std::string& state, const Operation& operation) const override;
  [[nodiscard]] bool is_read(const Operation& operation) const override;
  [[nodiscard]] bool is_neutral(const Operation& operation) const override;
  [[nodiscard]] std::vector<Operation> simplified(
      std::vector<Operation> operations) const override {
    return operations;
  }
  [[nodiscard]] std::string describe_state(const std::string& state) const override;
};

}  // namespace borg::sim
