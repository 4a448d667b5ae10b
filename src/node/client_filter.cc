// SPDX-License-Identifier: Apache-2.0
#include "node/client_filter.h"

#include <algorithm>

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

std::string read_type(std::string_view text, ClientFilter& filter) {
  const std::string type = commands::lower_case(text);
  if (type == "normal" || type == "pubsub") {
    filter.subscribed = type == "pubsub";
    return {};
  }
  if (type == "master" || type == "replica" || type == "slave") {
    filter.none = true;
    return {};
  }
  return "ERR Unknown client type '" + std::string(text) + "'";
}

/// One option of CLIENT KILL and its value.
std::string read_kill_option(std::string_view name, std::string_view value, ClientFilter& filter) {
  if (equals_ignoring_case(name, "id")) {
    const auto id = resp::parse_integer(value);
    if (!id || *id < 1) return "ERR client-id should be greater than 0";
    filter.ids = {static_cast<std::uint64_t>(*id)};
  } else if (equals_ignoring_case(name, "type")) {
    return read_type(value, filter);
  } else if (equals_ignoring_case(name, "addr")) {
    filter.address = value;
  } else if (equals_ignoring_case(name, "laddr")) {
    filter.local_address = value;
  } else if (equals_ignoring_case(name, "user")) {
    if (value != "default") return "ERR No such user '" + std::string(value) + "'";
  } else if (equals_ignoring_case(name, "skipme") && equals_ignoring_case(value, "yes")) {
    filter.skip_me = true;
  } else if (equals_ignoring_case(name, "skipme") && equals_ignoring_case(value, "no")) {
    filter.skip_me = false;
  } else {
    return std::string(commands::kSyntaxError);
  }
  return {};
}

}  // namespace

std::string describe(const Client& client, Instant now) {
  return "id=" + std::to_string(client.id().value()) + " addr=" + client.address() +
         " laddr=" + client.local_address() + " fd=" + std::to_string(client.descriptor) +
         " name=" + client.name + " age=" + seconds(now - client.since()) +
         " idle=" + seconds(now - client.last_active) + " flags=" + flags_of(client) + " db=0" +
         subscriptions_of(client) + describe_input(client) + describe_output(client) + " cmd=" +
         std::string(client.last_command == nullptr ? "NULL" : client.last_command->name) +
         " user=default redir=-1 resp=" + std::to_string(static_cast<int>(client.version)) +
         " lib-name=" + client.library_name + " lib-ver=" + client.library_version;
}

bool ClientFilter::matches(const Client& client) const {
  if (none || client.gone || client.killed) return false;
  if (subscribed && *subscribed != (client.subscriptions != nullptr)) return false;
  if (!ids.empty() && std::find(ids.begin(), ids.end(), client.id().value()) == ids.end()) {
    return false;
  }
  if (!address.empty() && address != client.address()) return false;
  return local_address.empty() || local_address == client.local_address();
}

std::string parse_list_filter(commands::Args args, ClientFilter& filter) {
  if (args.empty()) return {};
  if (args.size() == 2 && equals_ignoring_case(args[0], "type")) return read_type(args[1], filter);
  if (args.size() < 2 || !equals_ignoring_case(args[0], "id")) {
    return std::string(commands::kSyntaxError);
  }
  for (const std::string_view arg : args.subspan(1)) {
    const auto id = resp::parse_integer(arg);
    if (!id) return "ERR Invalid client ID";
    filter.ids.push_back(static_cast<std::uint64_t>(*id));
  }
  return {};
}

std::string parse_kill_filter(commands::Args args, ClientFilter& filter) {
  if (args.size() == 1) {
    filter.address = args[0];
    return {};
  }
  filter.skip_me = true;
  for (std::size_t i = 0; i < args.size(); i += 2) {
    if (i + 1 == args.size()) return std::string(commands::kSyntaxError);
    const std::string error = read_kill_option(args[i], args[i + 1], filter);
    if (!error.empty()) return error;
  }
  return {};
}

}  // namespace borg::node
