// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/model.h"
#include "sim/redis_integer.h"

namespace borg::sim {
namespace {

bool is_one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
bool is_counting(const Operation& operation) {
  return is_one_of(operation.name, {"incr", "decr", "incrby", "decrby"});
}
bool is_unknown(const Operation& operation) { return operation.outcome == Outcome::kUnknown; }

/// The change that a counting operation asks for; 0 if it can only fail.
std::int64_t change_of(const Operation& operation) {
  if (operation.name == "incr") return 1;
  if (operation.name == "decr") return -1;
  const std::int64_t by = redis_integer(operation.args[0]).value_or(0);
  if (by == INT64_MIN) return operation.name == "incrby" ? by : 0;
  return operation.name == "incrby" ? by : -by;
}

std::uint64_t distance(std::int64_t a, std::int64_t b) {
  const auto difference = static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
  return a < b ? 0 - difference : difference;
}

/// The value that an operation compares the present one with; null: none.
const std::string* expected_by(const Operation& operation) {
  const std::vector<std::string>& args = operation.args;
  if (is_one_of(operation.name, {"cas", "delifeq"})) return args.data();
  if (operation.name != "set") return nullptr;
  for (std::size_t i = 1; i + 1 < args.size(); ++i) {
    if (is_one_of(args[i], {"IFEQ", "ifeq"})) return &args[i + 1];
  }
  return nullptr;
}

/// What replies of known outcome say about values that were written.
class Sightings {
 public:
  explicit Sightings(const std::vector<Operation>& operations) {
    for (const Operation& operation : operations) {
      if (is_counting(operation)) add_reach(change_of(operation));
      if (is_one_of(operation.name, {"append", "strlen"})) is_length_seen_ = true;
      if (const std::string* const text = expected_by(operation)) see_text(*text);
      if (!is_unknown(operation)) see(operation);
    }
  }
  /// False only if nothing in the history can depend on which value this is, but for its length
  /// and that it is no integer.
  [[nodiscard]] bool is_seen(const std::string& value) const {
    // Values grow at their end, so what has been seen of this one begins with it.
    const auto it = texts_.lower_bound(value);
    if (it != texts_.end() && it->compare(0, value.size(), value) == 0) return true;
    const std::optional<std::int64_t> number = redis_integer(value);
    if (!number || reach_ == 0) return false;
    // An integer can be counted from: up to the first sighting, and its length changes.
    if (is_length_seen_ || is_counting_refused_) return true;
    const auto is_near = [&](std::int64_t other) { return distance(other, *number) <= reach_; };
    return std::any_of(numbers_.begin(), numbers_.end(), is_near);
  }

 private:
  void add_reach(std::int64_t change) {
    const std::uint64_t far = distance(change, 0);
    reach_ = reach_ > UINT64_MAX - far ? UINT64_MAX : reach_ + far;
    reach_ = std::max<std::uint64_t>(reach_, 1);
  }
  void see(const Operation& operation) {
    if (operation.reply.kind == Reply::Kind::kError) is_counting_refused_ = true;
    if (operation.reply.kind != Reply::Kind::kValue) return;
    see_text(operation.reply.text);
  }
  void see_text(const std::string& text) {
    texts_.insert(text);
    if (const auto number = redis_integer(text)) numbers_.insert(*number);
  }
  std::set<std::string> texts_;
  std::set<std::int64_t> numbers_;
  std::uint64_t reach_ = 0;  ///< by how much all counting together can change a value
  bool is_length_seen_ = false;
  bool is_counting_refused_ = false;
};

/// The operation in its plainest form, its reply aside.
void make_plain(Operation& operation) {
  if (operation.name == "getdel") operation.name = "del";
  if (operation.name == "getset") operation.name = "set";
  if (operation.name == "setnx") {
    operation.name = "set";
    operation.args.emplace_back("NX");
  }
  if (operation.name == "set") {
    std::erase_if(operation.args, [&](const std::string& arg) {
      return &arg != operation.args.data() && (arg == "GET" || arg == "get");
    });
  }
  if (is_counting(operation)) {
    operation.args = {std::to_string(change_of(operation))};
    operation.name = "incrby";
  }
}

}  // namespace

std::vector<Operation> StringModel::simplified(std::vector<Operation> operations) const {
  const Sightings sightings(operations);
  for (Operation& operation : operations) {
    if (is_unknown(operation)) make_plain(operation);
    const bool is_write = is_one_of(operation.name, {"set", "setnx", "getset"});
    if (!is_write || sightings.is_seen(operation.args[0])) continue;
    operation.args[0].assign(operation.args[0].size(), '\0');
  }
  return operations;
}

}  // namespace borg::sim
