// SPDX-License-Identifier: Apache-2.0
#include "sim/exactly_once.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sim/redis_integer.h"
#include "sim/trace.h"

namespace borg::sim {
namespace {

std::optional<std::int64_t> change_of(const Operation& operation) {
  if (operation.name == "incr") return 1;
  if (operation.name == "incrby") return redis_integer(operation.args[0]);
  return std::nullopt;
}

void check_pieces(const Operation& operation) {
  std::string_view rest = operation.reply.text;
  if (operation.reply.kind != Reply::Kind::kValue || !rest.starts_with('.')) return;
  std::set<std::string_view> pieces;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('.', 1), rest.size());
    if (!pieces.insert(rest.substr(0, end)).second) {
      throw Violation("exactly once", operation.key + ": " + std::string(rest.substr(0, end)) +
                                          " is there twice: " + describe(operation));
    }
    rest.remove_prefix(end);
  }
}

void check_sum(const std::vector<Operation>& operations) {
  const Operation* last = nullptr;
  std::int64_t over = 0;  // when all that counts was
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
  for (const Operation& operation : operations) {
    if (operation.name == "get" && operation.outcome == Outcome::kOk) {
      if (last == nullptr || operation.invoked > last->invoked) last = &operation;
    }
    const std::int64_t change = change_of(operation).value_or(0);
    if (operation.outcome == Outcome::kFailed || change == 0) continue;
    over = std::max({over, operation.invoked, operation.returned});
    const bool is_certain = operation.outcome == Outcome::kOk;
    lowest += is_certain || change < 0 ? change : 0;
    highest += is_certain || change > 0 ? change : 0;
  }
  if (last == nullptr || last->invoked < over) return;
  const std::int64_t end = redis_integer(last->reply.text).value_or(0);
  if (end >= lowest && end <= highest) return;
  throw Violation("exactly once", last->key + " ends at " + std::to_string(end) + ", not within " +
                                      std::to_string(lowest) + " and " + std::to_string(highest));
}

}  // namespace

void check_exactly_once(const std::vector<Operation>& operations) {
  for (const Operation& operation : operations) {
    if (operation.outcome == Outcome::kOk) check_pieces(operation);
  }
  const bool is_counter =
      std::all_of(operations.begin(), operations.end(), [](const Operation& operation) {
        return operation.name == "get" || change_of(operation).has_value();
      });
  if (is_counter) check_sum(operations);
}

}  // namespace borg::sim
