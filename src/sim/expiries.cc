// SPDX-License-Identifier: Apache-2.0
#include "sim/expiries.h"

#include <limits>
#include <optional>
#include <string>

#include "sim/local_clock.h"
#include "sim/redis_integer.h"

namespace borg::sim {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
/// Beyond the numbers of all clients: time is nobody's.
constexpr std::uint64_t kFirstClient = std::uint64_t{1} << 62;

/// The time among the arguments of what sets an expiry.
struct GivenTime {
  std::size_t at = 0;
  bool is_of_wall = false;
};

std::optional<GivenTime> given_time(const Operation& operation) {
  const std::size_t n = operation.args.size();
  if (operation.name == "pexpire") return GivenTime{0, false};
  if (operation.name == "pexpireat") return GivenTime{0, true};
  if (operation.name == "getex") return GivenTime{1, false};
  if (operation.name != "set" || n < 3) return std::nullopt;
  const std::string& option = operation.args[n - 2];
  if (option != "px" && option != "pxat") return std::nullopt;
  return GivenTime{n - 1, option == "pxat"};
}

std::int64_t milliseconds(const std::string& text) { return redis_integer(text).value_or(0); }

/// What the answer tells of the expiry, as the model takes it.
void bound_answer(Operation& operation, const LifeBounds& bounds) {
  const bool is_of_wall = operation.name == "pexpiretime";
  operation.name = "pttl";
  const auto ms = redis_integer(operation.reply.text);
  if (operation.outcome != Outcome::kOk || !ms || *ms < 0) return;
  const LifeBounds::Span span =
      is_of_wall ? bounds.at_wall(*ms)
                 : bounds.after(operation.invoked, operation.returned, *ms * kNanosPerMilli);
  operation.args = {std::to_string(span.from), std::to_string(span.until)};
  operation.reply = Reply::ok();
}

/// Of one whose outcome is unknown: it may be set at any later time.
LifeBounds::Span span_of(const Operation& operation, const GivenTime& time,
                         const LifeBounds& bounds) {
  const std::int64_t ms = milliseconds(operation.args[time.at]);
  if (time.is_of_wall) return bounds.at_wall(ms);
  LifeBounds::Span span = bounds.after(operation.invoked, operation.returned, ms * kNanosPerMilli);
  if (operation.outcome != Outcome::kOk) span.until = std::numeric_limits<std::int64_t>::max();
  return span;
}

/// As the model knows it: px, or pexpire, whichever way the time was given.
void rename(Operation& operation) {
  if (operation.name == "pexpireat") operation.name = "pexpire";
  if (operation.name == "set") {
    operation.args.pop_back();
    operation.args.back() = "px";
  } else {
    operation.args.clear();
  }
}

}  // namespace

LifeBounds::Span LifeBounds::after(std::int64_t first, std::int64_t last,
                                   std::int64_t length) const {
  const std::int64_t drift = length / 1'000'000 * drift_ppm;
  return {first + length - drift - rounding_ns - early_ns,
          last + length + drift + rounding_ns + late_ns};
}

LifeBounds::Span LifeBounds::at_wall(std::int64_t wall_ms) const {
  const std::int64_t moment = (wall_ms - LocalClock::kEpochMs) * kNanosPerMilli;
  return {moment - wall_ns - rounding_ns, moment + wall_ns + rounding_ns + late_ns};
}

std::vector<Operation> with_expiries(std::vector<Operation> operations, const LifeBounds& bounds) {
  std::vector<Operation> times;
  for (Operation& operation : operations) {
    if (operation.name == "pttl" || operation.name == "pexpiretime") {
      bound_answer(operation, bounds);
    }
    const auto time = given_time(operation);
    if (!time) continue;
    const LifeBounds::Span span = span_of(operation, *time, bounds);
    const std::string id = "#" + std::to_string(times.size());
    rename(operation);
    operation.args.insert(operation.args.end(),
                          {std::to_string(span.from), std::to_string(span.until), id});
    times.push_back({.client = kFirstClient + times.size(),
                     .key = operation.key,
                     .name = "expire",
                     .args = {id},
                     .invoked = span.from,
                     .returned = span.from,
                     .outcome = Outcome::kUnknown,
                     .reply = {}});
  }
  operations.insert(operations.end(), times.begin(), times.end());
  return operations;
}

}  // namespace borg::sim
