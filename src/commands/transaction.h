// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "commands/command.h"

namespace borg::commands {

/// What stands in the place of the number of watched keys if the transaction was given up at the
/// primary: replicas do nothing then, and reply as it did.
inline constexpr std::string_view kGivenUp = "-1";

/// The arguments of `_exec`, as a gateway sends them and replicas get them:
/// `watched [key token ...] [count arg ...] ...`, each count that of the arguments of one command.
struct TransactionArgs {
  struct Step {
    const CommandSpec* spec;
    std::size_t first;  ///< position of its name in the arguments
    std::size_t count;
    [[nodiscard]] Args of(Args args) const { return args.subspan(first, count); }
  };
  bool is_given_up = false;
  Args watched;  ///< keys and tokens in turn
  std::vector<Step> steps;
};
/// Nullopt if they make no sense, or hold a command that cannot be part of a transaction.
[[nodiscard]] std::optional<TransactionArgs> read_transaction(Args args);

using VisitPosition = std::function<void(std::size_t)>;
void for_each_key_of_transaction(Args args, const VisitPosition& visit);

/// Calls visit(position) for each key that the command may change or read; of a transaction for
/// those of its commands.
template <class Visit>
void for_each_key(const CommandSpec& spec, Args args, Visit&& visit) {
  if (spec.is(kTransaction)) [[unlikely]] {
    for_each_key_of_transaction(args, visit);
  } else {
    key_range(spec, args).for_each(visit);
  }
}

}  // namespace borg::commands
