// SPDX-License-Identifier: Apache-2.0
#include "sim/expiries.h"

#include <limits>
#include <optional>
#include <string>

#include "sim/redis_integer.h"

namespace borg::sim {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
/// Beyond the numbers of all clients: time is nobody's.
constexpr std::uint64_t kFirstClient = std::uint64_t{1} << 62;

/// Where the milliseconds stand among the arguments of what sets an expiry.
std::optional<std::size_t> place_of_time(const Operation& operation) {
  if (operation.name == "pexpire") return 0;
  if (operation.name == "getex") return 1;
  if (operation.name != "set" || operation.args.size() < 3) return std::nullopt;
  const std::string& option = operation.args[operation.args.size() - 2];
  if (option != "px") return std::nullopt;
  return operation.args.size() - 1;
}

std::int64_t in_nanos(const std::string& ms) {
  return redis_integer(ms).value_or(0) * kNanosPerMilli;
}

/// The expiry that an answer tells of lies so long after the moment of the answer.
void bound_answer(Operation& operation) {
  const auto ms = redis_integer(operation.reply.text);
  if (operation.outcome != Outcome::kOk || !ms || *ms < 0) return;
  operation.args = {std::to_string(operation.invoked + *ms * kNanosPerMilli),
                    std::to_string(operation.returned + *ms * kNanosPerMilli)};
  operation.reply = Reply::ok();
}

}  // namespace

std::vector<Operation> with_expiries(std::vector<Operation> operations, std::int64_t slack_ns) {
  std::vector<Operation> times;
  for (Operation& operation : operations) {
    if (operation.name == "pttl") bound_answer(operation);
    const auto place = place_of_time(operation);
    if (!place) continue;
    const std::int64_t span = in_nanos(operation.args[*place]);
    const std::int64_t from = operation.invoked + span - slack_ns;
    const bool is_known = operation.outcome == Outcome::kOk;
    const std::int64_t until =
        is_known ? operation.returned + span + slack_ns : std::numeric_limits<std::int64_t>::max();
    const std::string id = "#" + std::to_string(times.size());
    if (operation.name == "getex") operation.args.clear();
    if (operation.name == "pexpire") operation.args.clear();
    if (operation.name == "set") operation.args.pop_back();
    operation.args.insert(operation.args.end(), {std::to_string(from), std::to_string(until), id});
    times.push_back({.client = kFirstClient + times.size(),
                     .key = operation.key,
                     .name = "expire",
                     .args = {id},
                     .invoked = from,
                     .returned = from,
                     .outcome = Outcome::kUnknown,
                     .reply = {}});
  }
  operations.insert(operations.end(), times.begin(), times.end());
  return operations;
}

}  // namespace borg::sim
