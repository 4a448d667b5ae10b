// SPDX-License-Identifier: Apache-2.0
#include "commands/transaction.h"

#include "resp/integer.h"

namespace borg::commands {

namespace {

/// Nullopt if there is no number, or it is more than `max`.
std::optional<std::size_t> read_count(Args args, std::size_t at, std::size_t max) {
  const auto count = at < args.size() ? resp::parse_integer(args[at]) : std::nullopt;
  if (!count || *count < 0 || static_cast<std::size_t>(*count) > max) return std::nullopt;
  return static_cast<std::size_t>(*count);
}

bool has_place(const CommandSpec* spec, Args args) {
  if (spec == nullptr || spec->handler == nullptr) return false;
  if (spec->is(kTransaction) || spec->is(kWatching) || spec->is(kEveryPartition)) return false;
  ByteBuffer ignored;
  resp::Writer error(ignored, resp::Version::kResp2);
  return check_arity(*spec, args, error);
}

}  // namespace

std::optional<TransactionArgs> read_transaction(Args args) {
  TransactionArgs found;
  if (args.size() < 2) return std::nullopt;
  if (args.size() == 2 && args[1] == kGivenUp) {
    found.is_given_up = true;
    return found;
  }
  const auto watched = read_count(args, 1, (args.size() - 2) / 2);
  if (!watched) return std::nullopt;
  found.watched = args.subspan(2, 2 * *watched);
  for (std::size_t at = 2 + 2 * *watched; at < args.size();) {
    const auto count = read_count(args, at, args.size() - at - 1);
    if (!count || *count == 0) return std::nullopt;
    const TransactionArgs::Step step{resolve(args.subspan(at + 1, *count)), at + 1, *count};
    if (!has_place(step.spec, step.of(args))) return std::nullopt;
    found.steps.push_back(step);
    at += 1 + *count;
  }
  return found;
}

void for_each_key_of_transaction(Args args, const VisitPosition& visit) {
  const auto transaction = read_transaction(args);
  if (!transaction) return;
  for (const TransactionArgs::Step& step : transaction->steps) {
    key_range(*step.spec, step.of(args)).for_each([&](std::size_t i) { visit(step.first + i); });
  }
}

}  // namespace borg::commands
