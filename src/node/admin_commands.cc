// SPDX-License-Identifier: Apache-2.0
// ROLE, SWAPDB, LOLWUT, SHUTDOWN, ASKING, CLUSTER REPLICAS.
#include <array>
#include <string>

#include "commands/arguments.h"
#include "node/gateway_commands.h"
#include "resp/integer.h"

namespace borg::node {

using commands::equals_ignoring_case;

namespace {

/// Each node is primary of some keys and backup of others: to Redis's tools it is a master.
void role(const GatewayCall& call) {
  call.reply([](resp::Writer& w) {
    w.array(3);
    w.bulk("master");
    w.integer(0);
    w.array(0);
  });
}

void swapdb(const GatewayCall& call) {
  const auto first = resp::parse_integer(call.args[1]);
  const auto second = resp::parse_integer(call.args[2]);
  if (!first) return call.error("ERR invalid first DB index");
  if (!second) return call.error("ERR invalid second DB index");
  if (*first != 0 || *second != 0) return call.error("ERR DB index is out of range");
  call.ok();
}

void lolwut(const GatewayCall& call) {
  const bool has_version = call.args.size() >= 3 && equals_ignoring_case(call.args[1], "version");
  if (has_version && !resp::parse_integer(call.args[2])) {
    return call.error(commands::kNotAnInteger);
  }
  call.reply([&](resp::Writer& w) {
    w.verbatim(
        "    +------+\n"
        "   /|     /|\n"
        "  +-+----+ |   a key here,\n"
        "  | |    | |   the same key there\n"
        "  | +----+-+\n"
        "  |/     |/\n"
        "  +------+\n\n"
        "Borg ver. " +
        call.gateway.options().version + "\n");
  });
}

/// As SIGTERM. There is no answer: the connection is closed when the node has left.
void shutdown(const GatewayCall& call) {
  static constexpr std::array<std::string_view, 4> kIgnored{"save", "nosave", "now", "force"};
  bool abort = false;
  bool saves = false;
  bool saves_not = false;
  for (const std::string_view arg : call.args.subspan(1)) {
    const std::string option = commands::lower_case(arg);
    const bool is_ignored = std::find(kIgnored.begin(), kIgnored.end(), option) != kIgnored.end();
    if (!is_ignored && option != "abort") return call.error(commands::kSyntaxError);
    abort = abort || option == "abort";
    saves = saves || option == "save";
    saves_not = saves_not || option == "nosave";
  }
  const bool is_contradiction = (abort && call.args.size() > 2) || (saves && saves_not);
  if (is_contradiction) return call.error(commands::kSyntaxError);
  if (abort) return call.error("ERR No shutdown in progress.");
  call.client.reserve();
  call.gateway.host().to_control(
      AdminRequest{.worker = WorkerIndex(call.gateway.host().self().lane), .args = {"shutdown"}});
}

/// The allocator is libc's.
void malloc_stats(const GatewayCall& call) {
  call.reply([](resp::Writer& w) { w.bulk("Stats not supported for the current allocator"); });
}

void ok(const GatewayCall& call) { call.ok(); }

void asking(const GatewayCall& call) { call.ok(); }

void cluster_replicas(const GatewayCall& call) {
  const NodeView* const view = call.gateway.host().view();
  bool is_known = false;
  if (view != nullptr) {
    for (const auto& record : view->cluster->members) {
      is_known = is_known || redis_id(record.member.id) == call.args[2];
    }
  }
  if (!is_known) return call.error("ERR Unknown node " + std::string(call.args[2]));
  call.reply([](resp::Writer& w) { w.array(0); });
}

constexpr std::array kRows = std::to_array<GatewayRow>({
    {"role", role},
    {"swapdb", swapdb},
    {"lolwut", lolwut},
    {"shutdown", shutdown},
    {"memory|malloc-stats", malloc_stats},
    {"memory|purge", ok},
    {"asking", asking},
    {"cluster|replicas", cluster_replicas},
    {"cluster|slaves", cluster_replicas},
});

}  // namespace

std::span<const GatewayRow> admin_rows() { return kRows; }

}  // namespace borg::node
