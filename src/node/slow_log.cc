// SPDX-License-Identifier: Apache-2.0
#include "node/slow_log.h"

#include <algorithm>
#include <array>

#include "commands/arguments.h"
#include "resp/integer.h"

namespace borg::node {

using commands::equals_ignoring_case;

namespace {

// Redis's limits.
constexpr std::size_t kArgumentsMax = 32;
constexpr std::size_t kArgumentBytesMax = 128;

/// As in Redis, whether Borg has them or not.
bool is_secret_setting(std::string_view name) {
  constexpr std::array<std::string_view, 5> kSecrets{
      "requirepass", "masterauth", "masteruser", "tls-key-file-pass", "tls-client-key-file-pass"};
  return std::ranges::any_of(
      kSecrets, [&](std::string_view each) { return equals_ignoring_case(name, each); });
}

}  // namespace

bool is_secret(commands::Args args, std::size_t at) {
  if (at == 0) return false;
  if (equals_ignoring_case(args[0], "auth")) return true;
  if (equals_ignoring_case(args[0], "config")) {
    return at >= 3 && at % 2 == 1 && equals_ignoring_case(args[1], "set") &&
           is_secret_setting(args[at - 1]);
  }
  if (!equals_ignoring_case(args[0], "hello")) return false;
  const bool behind_auth = at >= 3 && equals_ignoring_case(args[at - 1], "auth");
  return behind_auth || (at >= 4 && equals_ignoring_case(args[at - 2], "auth"));
}

std::vector<std::string> SlowLog::shortened(commands::Args args) {
  std::vector<std::string> words;
  const std::size_t shown = args.size() > kArgumentsMax ? kArgumentsMax - 1 : args.size();
  for (std::size_t i = 0; i < shown; ++i) {
    if (is_secret(args, i)) {
      words.emplace_back("(redacted)");
    } else if (args[i].size() <= kArgumentBytesMax) {
      words.emplace_back(args[i]);
    } else {
      words.push_back(std::string(args[i].substr(0, kArgumentBytesMax)) + "... (" +
                      std::to_string(args[i].size() - kArgumentBytesMax) + " more bytes)");
    }
  }
  if (shown < args.size()) {
    words.push_back("... (" + std::to_string(args.size() - shown) + " more arguments)");
  }
  return words;
}

void SlowLog::add(commands::Args entry, std::int64_t entries_max) {
  entries_.push_front({.id = next_id_++,
                       .time_s = resp::parse_integer(entry[0]).value_or(0),
                       .took_us = resp::parse_integer(entry[1]).value_or(0),
                       .address = std::string(entry[2]),
                       .name = std::string(entry[3]),
                       .args = {entry.begin() + 4, entry.end()}});
  while (static_cast<std::int64_t>(entries_.size()) > entries_max) entries_.pop_back();
}

void SlowLog::write(std::int64_t count, resp::Writer& reply) const {
  const std::size_t n =
      count < 0 ? entries_.size() : std::min(entries_.size(), static_cast<std::size_t>(count));
  reply.array(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Entry& entry = entries_[i];
    reply.array(6);
    reply.integer(entry.id);
    reply.integer(entry.time_s);
    reply.integer(entry.took_us);
    reply.array(entry.args.size());
    for (const std::string& arg : entry.args) reply.bulk(arg);
    reply.bulk(entry.address);
    reply.bulk(entry.name);
  }
}

}  // namespace borg::node
