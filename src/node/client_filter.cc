// SPDX-License-Identifier: Apache-2.0
#include "node/client_filter.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "commands/arguments.h"
#include "resp/integer.h"

namespace borg::node {

using commands::equals_ignoring_case;

namespace {

std::string seconds(Duration d) { return std::to_string(d.as_millis() / 1000); }

std::string flags_of(const Client& client) {
  std::string flags;
  if (client.is_monitor) flags += 'O';
  if (client.subscriptions != nullptr) flags += 'P';
  if (client.transaction != nullptr && client.transaction->is_open()) flags += 'x';
  if (client.is_held || client.is_blocked) flags += 'b';
  if (client.closing) flags += 'c';
  if (client.no_evict) flags += 'e';
  if (client.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

/// The letters of what it has told by CLIENT CAPA.
std::string capabilities_of(const Client& client) { return client.can_redirect ? "r" : ""; }

std::string describe_input(const Client& client) {
  const Transaction* const transaction = client.transaction.get();
  const bool is_open = transaction != nullptr && transaction->is_open();
  return " multi=" + (is_open ? std::to_string(transaction->steps().size()) : "-1") +
         " qbuf=" + std::to_string(client.input_bytes) + " qbuf-free=0 argv-mem=0 multi-mem=" +
         std::to_string(transaction != nullptr ? transaction->bytes() : 0);
}

std::string describe_output(const Client& client) {
  const std::string room = std::to_string(client.output.capacity());
  return " rbs=" + room + " rbp=" + room + " obl=" + std::to_string(client.output.size()) +
         " oll=" + std::to_string(client.held()) + " omem=" + std::to_string(client.held_bytes()) +
         " tot-mem=" + std::to_string(client.memory_bytes()) +
         " events=" + (client.output.empty() ? "r" : "rw");
}

std::string subscriptions_of(const Client& client) {
  const auto count = [&](ChannelKind kind) {
    const Subscriptions* const all = client.subscriptions.get();
    return std::to_string(all == nullptr ? 0 : all->of(kind).size());
  };
  return " sub=" + count(ChannelKind::kChannel) + " psub=" + count(ChannelKind::kPattern) +
         " ssub=" + count(ChannelKind::kShard);
}

/// A client is one or the other: a monitor is normal, and no replicas connect.
bool is_of_type(const Client& client, std::string_view type) {
  if (type == "pubsub") return client.subscriptions != nullptr;
  return type == "normal" && client.subscriptions == nullptr;
}

std::string_view ip_of(const Client& client) {
  const std::string_view address = client.address();
  return address.substr(0, address.rfind(':'));
}

/// A client that has no name is not the one whose name is empty.
bool is_called(std::string_view name, std::string_view wanted) {
  return !name.empty() && name == wanted;
}

bool has_all(std::string_view letters, std::string_view wanted) {
  return std::ranges::all_of(wanted,
                             [&](char c) { return letters.find(c) != std::string_view::npos; });
}

struct FieldName {
  std::string_view name;
  ClientField field;
};

/// Each may have NOT- before it, but the last two.
constexpr auto kFields = std::to_array<FieldName>({{"id", ClientField::kId},
                                                   {"type", ClientField::kType},
                                                   {"addr", ClientField::kAddress},
                                                   {"laddr", ClientField::kLocalAddress},
                                                   {"user", ClientField::kUser},
                                                   {"flags", ClientField::kFlags},
                                                   {"name", ClientField::kName},
                                                   {"lib-name", ClientField::kLibraryName},
                                                   {"lib-ver", ClientField::kLibraryVersion},
                                                   {"db", ClientField::kDatabase},
                                                   {"capa", ClientField::kCapabilities},
                                                   {"ip", ClientField::kIp},
                                                   {"maxage", ClientField::kAge},
                                                   {"idle", ClientField::kIdle}});

/// The field that a word is about, and whether it says not; nullopt if there is no such filter.
std::optional<ClientCondition> read_field(std::string_view word) {
  const std::string name = commands::lower_case(word);
  const bool is_negated = name.starts_with("not-");
  const auto at = std::ranges::find(kFields, std::string_view(name).substr(is_negated ? 4 : 0),
                                    &FieldName::name);
  const bool is_known = at != kFields.end() && (!is_negated || at < kFields.end() - 2);
  if (!is_known) return std::nullopt;
  ClientCondition condition;
  condition.field = at->field;
  condition.is_negated = is_negated;
  return condition;
}

// These return Redis's error, or Valkey's; empty if there is none.

std::string read_type(std::string_view text, ClientCondition& condition) {
  constexpr std::array<std::string_view, 6> kTypes{"normal",  "pubsub", "master",
                                                   "primary", "slave",  "replica"};
  condition.text = commands::lower_case(text);
  const bool is_known = std::ranges::find(kTypes, condition.text) != kTypes.end();
  return is_known ? std::string() : "ERR Unknown client type '" + std::string(text) + "'";
}

std::string read_seconds(std::string_view name, std::string_view text, ClientCondition& condition) {
  const auto seconds = resp::parse_integer(text);
  if (!seconds) return "ERR " + std::string(name) + " is not an integer or out of range";
  if (*seconds < 1) return "ERR " + std::string(name) + " should be greater than 0";
  condition.number = *seconds;
  return {};
}

/// There is one database.
std::string read_database(std::string_view text) {
  const auto number = resp::parse_integer(text);
  if (!number) return "ERR DB is not an integer or out of range";
  return *number == 0 ? std::string() : "ERR DB number should be between 0 and 0";
}

/// `known` are the letters that there are, in Valkey too.
std::string read_letters(std::string_view name, std::string_view known, std::string_view text,
                         ClientCondition& condition) {
  condition.text = text;
  if (has_all(known, text)) return {};
  return "ERR Unknown " + std::string(name) + " found in the provided filter: " + std::string(text);
}

std::string read_value(std::string_view text, ClientCondition& condition) {
  switch (condition.field) {
    case ClientField::kType:
      return read_type(text, condition);
    case ClientField::kUser:
      return text == "default" ? std::string() : "ERR No such user '" + std::string(text) + "'";
    case ClientField::kAge:
      return read_seconds("maxage", text, condition);
    case ClientField::kIdle:
      return read_seconds("idle", text, condition);
    case ClientField::kDatabase:
      return read_database(text);
    case ClientField::kFlags:
      return read_letters("flags", "AbBcdeEiIMNOPrRStTuUx", text, condition);
    case ClientField::kCapabilities:
      return read_letters("capa", "r", text, condition);
    default:
      condition.text = text;
      return {};
  }
}

/// Reads the arguments of CLIENT LIST and CLIENT KILL.
class FilterReader {
 public:
  FilterReader(commands::Args args, bool kills) : args_(args), kills_(kills) {}

  std::string read_into(ClientFilter& filter) {
    while (!args_.empty()) {
      if (std::string error = read_option(filter); !error.empty()) return error;
    }
    return {};
  }

 private:
  std::string read_option(ClientFilter& filter) {
    const std::string_view name = take();
    const bool is_skip_me = equals_ignoring_case(name, "skipme");
    auto condition = read_field(name);
    if ((!condition && !is_skip_me) || args_.empty()) return error_of_option(condition.has_value());
    behind_ids_ = condition && condition->field == ClientField::kId;
    if (is_skip_me) return read_skip_me(filter);
    std::string error = behind_ids_ ? read_ids(condition->ids) : read_value(take(), *condition);
    if (error.empty()) filter.add(std::move(*condition));
    return error;
  }

  /// LIST's ids are followed by nothing in Redis: whatever is there is taken for one.
  [[nodiscard]] std::string error_of_option(bool is_known) const {
    const bool is_bad_id = behind_ids_ && !kills_ && !is_known;
    return std::string(is_bad_id ? kInvalidId : commands::kSyntaxError);
  }

  std::string read_skip_me(ClientFilter& filter) {
    const std::string_view value = take();
    filter.skip_me = equals_ignoring_case(value, "yes");
    if (filter.skip_me || equals_ignoring_case(value, "no")) return {};
    return std::string(commands::kSyntaxError);
  }

  std::string read_ids(std::vector<std::uint64_t>& ids) {
    while (!args_.empty()) {
      const auto id = resp::parse_integer(args_.front());
      if (!id && !ids.empty()) return {};
      if (kills_ && (!id || *id < 1)) return "ERR client-id should be greater than 0";
      if (!id) return std::string(kInvalidId);
      ids.push_back(static_cast<std::uint64_t>(*id));
      take();
    }
    return {};
  }

  std::string_view take() {
    const std::string_view word = args_.front();
    args_ = args_.subspan(1);
    return word;
  }

  static constexpr std::string_view kInvalidId = "ERR Invalid client ID";
  commands::Args args_;
  const bool kills_;
  bool behind_ids_ = false;
};

}  // namespace

std::string describe(const Client& client, Instant now) {
  return "id=" + std::to_string(client.id().value()) + " addr=" + client.address() +
         " laddr=" + client.local_address() + " fd=" + std::to_string(client.descriptor) +
         " name=" + client.name + " age=" + seconds(now - client.since()) +
         " idle=" + seconds(now - client.last_active) + " flags=" + flags_of(client) +
         " capa=" + capabilities_of(client) + " db=0" + subscriptions_of(client) +
         describe_input(client) + describe_output(client) + " cmd=" +
         std::string(client.last_command == nullptr ? "NULL" : client.last_command->name) +
         " user=default redir=-1 resp=" + std::to_string(static_cast<int>(client.version)) +
         " lib-name=" + client.library_name + " lib-ver=" + client.library_version;
}

bool ClientCondition::holds_for(const Client& client, Instant now) const {
  const auto has_lasted = [&](Instant since) { return (now - since).as_millis() / 1000 >= number; };
  switch (field) {
    case ClientField::kId:
      return std::ranges::find(ids, client.id().value()) != ids.end();
    case ClientField::kType:
      return is_of_type(client, text);
    case ClientField::kAddress:
      return client.address() == text;
    case ClientField::kLocalAddress:
      return client.local_address() == text;
    case ClientField::kUser:
    case ClientField::kDatabase:
      return true;  // there is one of each
    case ClientField::kFlags:
      return has_all(flags_of(client), text);
    case ClientField::kName:
      return is_called(client.name, text);
    case ClientField::kLibraryName:
      return is_called(client.library_name, text);
    case ClientField::kLibraryVersion:
      return is_called(client.library_version, text);
    case ClientField::kCapabilities:
      return has_all(capabilities_of(client), text);
    case ClientField::kIp:
      return ip_of(client) == text;
    case ClientField::kAge:
      return has_lasted(client.since());
    case ClientField::kIdle:
      return has_lasted(client.last_active);
  }
  return false;
}

void ClientFilter::add(ClientCondition condition) {
  const auto same = std::ranges::find_if(conditions_, [&](const ClientCondition& each) {
    return each.field == condition.field && each.is_negated == condition.is_negated;
  });
  if (same == conditions_.end()) {
    conditions_.push_back(std::move(condition));
  } else if (condition.field == ClientField::kId) {
    same->ids.insert(same->ids.end(), condition.ids.begin(), condition.ids.end());
  } else {
    *same = std::move(condition);
  }
}

bool ClientFilter::matches(const Client& client, ConnectionId asker, Instant now) const {
  if (client.gone || client.killed || (skip_me && client.id() == asker)) return false;
  return std::ranges::all_of(conditions_, [&](const ClientCondition& condition) {
    return condition.holds_for(client, now) != condition.is_negated;
  });
}

std::string parse_list_filter(commands::Args args, ClientFilter& filter) {
  return FilterReader(args, false).read_into(filter);
}

std::string parse_kill_filter(commands::Args args, ClientFilter& filter) {
  if (args.size() == 1) {
    ClientCondition condition;
    condition.field = ClientField::kAddress;
    condition.text = args[0];
    filter.add(std::move(condition));
    return {};
  }
  filter.skip_me = true;
  return FilterReader(args, true).read_into(filter);
}

}  // namespace borg::node
