// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/node_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
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

/// The cluster as one of its nodes sees it; follows it to another node when this one dies.
ClusterInfo look(ClusterClient& client, const std::string& node) {
  Patience patience(kPatience);
  while (true) {
    try {
      return ask_info(client).info;
    } catch (const Failure&) {
      if (interrupted()) {
        throw Failure(
            fmt::format("interrupted; the cluster goes on, borgctl undrain {} takes it back",
                        shown(node)),
            kExitInterrupted);
      }
      if (!client.reconnect() && !patience.wait()) throw;
    }
  }
}

enum class Until { kEmpty, kGone };

/// `id`: of the node, as another one may come up under its name.
void wait_for(ClusterClient& client, const NodeOptions& options, const std::string& id,
              Until until) {
  const InterruptGuard guard;
  Progress progress(until == Until::kGone ? "leave" : "drain", "slot");
  std::int64_t most = 0;
  bool goes = false;
  bool has_died = false;
  while (true) {
    const ClusterInfo info = look(client, options.node);
    const NodeInfo* const node = info.find(id);
    if (node == nullptr && has_died && until == Until::kGone) {
      throw Failure(fmt::format("{} died before it had left", shown(options.node)));
    }
    if (node == nullptr) return;
    // What the node that is asked knows may be a moment old.
    if (node->state == "active" && goes) {
      throw Failure(fmt::format("{} was told to stay after all", shown(options.node)));
    }
    goes = goes || node->state == "draining" || node->state == "leaving";
    has_died = has_died || node->state == "down";
    const std::int64_t held = node->primary_slots.value_or(0) + node->backup_slots.value_or(0);
    if (held == 0 && until == Until::kEmpty) return;
    most = std::max(most, held);
    progress.update({.part = static_cast<std::uint64_t>(most - held),
                     .whole = static_cast<std::uint64_t>(most),
                     .units = static_cast<std::uint64_t>(most - held)});
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

Words order_words(const char* order, const NodeOptions& options) {
  Words words{"BORG", order, options.node};
  if (options.is_forced) words.emplace_back("FORCE");
  return words;
}

/// The last node of all takes its data with it, and then there is nobody to ask.
bool ends_cluster(const resp::Value& reply) {
  return reply.text.find("is the last member") != std::string::npos;
}

int run_order(const Globals& globals, const char* order, const NodeOptions& options, Until until) {
  ClusterClient client = ClusterClient::connect(globals.target);
  client.learn_nodes();
  const ClusterInfo info = ask_info(client).info;
  const NodeInfo* const node = info.find(options.node);
  const std::string id = node != nullptr && !node->id.empty() ? node->id : options.node;
  const resp::Value reply = change_members(client, order_words(order, options));
  if (!ends_cluster(reply)) wait_for(client, options, id, until);
  return print_reply(globals, reply);
}

}  // namespace

int run_leave(const Globals& globals, const NodeOptions& options) {
  return run_order(globals, "LEAVE", options, Until::kGone);
}

int run_drain(const Globals& globals, const NodeOptions& options) {
  return run_order(globals, "DRAIN", options, Until::kEmpty);
}

int run_undrain(const Globals& globals, const std::string& node) {
  ClusterClient client = ClusterClient::connect(globals.target);
  return print_reply(globals, change_members(client, {"BORG", "UNDRAIN", node}));
}

int run_forget(const Globals& globals, const ForgetOptions& options) {
  if (!confirmed(options)) throw Failure("nothing was done");
  ClusterClient client = ClusterClient::connect(globals.target);
  const Words words = order_words("FORGET", {.node = options.node, .is_forced = options.is_forced});
  return print_reply(globals, change_members(client, words));
}

int run_accept_loss(const Globals& globals) {
  ClusterClient client = ClusterClient::connect(globals.target);
  return print_reply(globals, client.call_or_fail({"BORG", "ACCEPT-LOSS"}));
}

}  // namespace borg::borgctl
