// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/node_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <thread>

#include "app/borgctl/failure.h"
#include "app/borgctl/human.h"
#include "app/borgctl/info_command.h"
#include "app/borgctl/interrupt.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/patience.h"
#include "app/borgctl/progress.h"
#include "app/borgctl/reply_text.h"
#include "app/borgctl/text_bytes.h"
#include "app/borgctl/words.h"

namespace borg::borgctl {
namespace {

constexpr Milliseconds kLookEvery{200};
/// How long another change of the members may take.
constexpr Milliseconds kChangePatience{5000};
/// How long the cluster may be out of reach while a node is drained.
constexpr Milliseconds kPatience{30000};

/// Nothing when the node is gone from the cluster.
std::optional<std::int64_t> slots_held(const ClusterInfo& info, const std::string& name) {
  const NodeInfo* const node = info.find(name);
  if (node == nullptr) return std::nullopt;
  return node->primary_slots.value_or(0) + node->backup_slots.value_or(0);
}

/// Whether another node could take what this one holds.
bool has_another(const ClusterInfo& info, const NodeInfo& node) {
  return std::any_of(info.nodes.begin(), info.nodes.end(), [&](const NodeInfo& other) {
    return &other != &node && (other.state == "active" || other.state == "joining");
  });
}

/// Asks for a change of the members, of which the cluster makes one at a time.
resp::Value change_members(ClusterClient& client, const Words& words) {
  Patience patience(kChangePatience);
  while (true) {
    resp::Value reply = client.call(words);
    if (is_passing_error(reply) && patience.wait()) continue;
    if (reply.kind == resp::Value::Kind::kError) throw Failure(reply.text);
    return reply;
  }
}

/// What the node still holds; follows the cluster to another node when this one dies.
std::optional<std::int64_t> look(ClusterClient& client, const std::string& node) {
  Patience patience(kPatience);
  while (true) {
    try {
      return slots_held(ask_info(client).info, node);
    } catch (const Failure& failure) {
      if (interrupted())
        throw Failure("interrupted; the cluster goes on draining the node", kExitInterrupted);
      if (!client.reconnect() && !patience.wait()) throw;
    }
  }
}

void wait_until_empty(ClusterClient& client, const std::string& node) {
  const InterruptGuard guard;
  Progress progress("drain", "slot");
  std::int64_t most = 0;
  while (const std::optional<std::int64_t> held = look(client, node)) {
    if (*held == 0) return;
    most = std::max(most, *held);
    progress.update({.part = static_cast<std::uint64_t>(most - *held),
                     .whole = static_cast<std::uint64_t>(most),
                     .units = static_cast<std::uint64_t>(most - *held)});
    std::this_thread::sleep_for(kLookEvery);
  }
}

bool confirmed(const ForgetOptions& options) {
  fmt::print(stderr,
             "forget {0}: the cluster gives up waiting for this node. Data of which {0} holds the "
             "only copy is lost, and a {0} that is still running must start anew.\n",
             shown(options.node));
  if (options.is_sure) return true;
  if (::isatty(STDIN_FILENO) != 1) throw Failure("forget needs --yes when nobody can be asked");
  fmt::print(stderr, "Forget it? Type yes: ");
  std::string answer;
  std::getline(std::cin, answer);
  return to_lower(answer) == "yes" || to_lower(answer) == "y";
}

int print_reply(const Globals& globals, const resp::Value& reply) {
  print_out(globals.is_json ? "{\"ok\": true}\n" : raw_reply_text(reply));
  return kExitOk;
}

}  // namespace

int run_leave(const Globals& globals, const std::string& node) {
  ClusterClient client = ClusterClient::connect(globals.target);
  return print_reply(globals, change_members(client, {"BORG", "LEAVE", node}));
}

int run_drain(const Globals& globals, const std::string& node) {
  ClusterClient client = ClusterClient::connect(globals.target);
  client.learn_nodes();
  const ClusterInfo info = ask_info(client).info;
  const NodeInfo* const item = info.find(node);
  if (item != nullptr && !has_another(info, *item)) {
    throw Failure(fmt::format("no other node could take what {} holds", shown(node)));
  }
  const resp::Value reply = change_members(client, {"BORG", "DRAIN", node});
  // By its id: another one may come up under its name.
  wait_until_empty(client, item != nullptr && !item->id.empty() ? item->id : node);
  return print_reply(globals, reply);
}

int run_forget(const Globals& globals, const ForgetOptions& options) {
  if (!confirmed(options)) throw Failure("nothing was done");
  ClusterClient client = ClusterClient::connect(globals.target);
  return print_reply(globals, change_members(client, {"BORG", "FORGET", options.node}));
}

int run_accept_loss(const Globals& globals) {
  ClusterClient client = ClusterClient::connect(globals.target);
  return print_reply(globals, client.call_or_fail({"BORG", "ACCEPT-LOSS"}));
}

}  // namespace borg::borgctl
