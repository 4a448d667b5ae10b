// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/node_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "app/borgctl/failure.h"
#include "app/borgctl/info_command.h"
#include "app/borgctl/order_wait.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/patience.h"
#include "app/borgctl/reply_text.h"
#include "app/borgctl/text_bytes.h"
#include "app/borgctl/words.h"

namespace borg::borgctl {
namespace {

/// How long another change of the members may take.
constexpr Milliseconds kChangePatience{5000};

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

bool confirmed(const ForgetOptions& options) {
  fmt::print(stderr,
             "forget {0}: the cluster gives up waiting for this node, and a {0} that is still "
             "running must start anew.{1}\n",
             shown(options.node),
             options.is_forced ? " Data of which it holds the only copy is lost." : "");
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
  if (!ends_cluster(reply)) {
    wait_for_order(client,
                   {.node = options.node, .id = id, .until = until, .stall = options.stall});
  }
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
  ClusterClient client = ClusterClient::connect(globals.target);
  const Words words = order_words("FORGET", {.node = options.node, .is_forced = options.is_forced});
  Words check = words;
  check.emplace_back("CHECK");
  change_members(client, check);  // nobody is asked about what cannot be
  if (!confirmed(options)) throw Failure("nothing was done");
  return print_reply(globals, change_members(client, words));
}

int run_accept_loss(const Globals& globals) {
  ClusterClient client = ClusterClient::connect(globals.target);
  return print_reply(globals, client.call_or_fail({"BORG", "ACCEPT-LOSS"}));
}

}  // namespace borg::borgctl
