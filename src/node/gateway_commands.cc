// SPDX-License-Identifier: Apache-2.0
#include "node/gateway_commands.h"

#include <unordered_map>

#include "base/check.h"

namespace borg::node {
namespace {

const std::unordered_map<std::string_view, GatewayFunction>& functions() {
  static const auto all = [] {
    std::unordered_map<std::string_view, GatewayFunction> map;
    for (const auto rows :
         {connection_rows(), client_rows(), diagnosis_rows(), admin_rows(), debug_rows(),
          server_rows(), cluster_rows(), transaction_rows(), pubsub_rows()}) {
      for (const GatewayRow& row : rows) map.emplace(row.name, row.run);
    }
    return map;
  }();
  return all;
}

}  // namespace

void run_gateway_command(Gateway& gateway, Client& client, const commands::CommandSpec& spec,
                         commands::Args args) {
  const GatewayCall call{gateway, client, spec, args};
  if (spec.name.ends_with("|help")) {
    call.reply([&](resp::Writer& w) { commands::write_help(spec, w); });
    return;
  }
  const auto at = functions().find(spec.name);
  BORG_CHECK(at != functions().end());
  at->second(call);
}

bool gateway_commands_are_complete() {
  for (const commands::CommandSpec& spec : commands::all_commands()) {
    if (spec.place != commands::Place::kGateway || spec.name.ends_with("|help")) continue;
    if (!functions().contains(spec.name) && !spec.is(commands::kContainer)) return false;
  }
  return true;
}

}  // namespace borg::node
