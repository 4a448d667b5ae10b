// SPDX-License-Identifier: Apache-2.0
// Commands about the server that any worker can answer.
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "node/gateway_commands.h"
#include "node/scan_command.h"

namespace borg::node {
namespace {

void time(const GatewayCall& call) {
  const std::int64_t ms = call.gateway.host().now().wall.ms;
  call.reply([&](resp::Writer& w) {
    w.array(2);
    w.bulk(std::to_string(ms / 1000));
    w.bulk(std::to_string(ms % 1000 * 1000));
  });
}

/// Every write that was answered on this connection is on all its copies already, and this
/// answer comes behind theirs.
void wait(const GatewayCall& call) {
  for (const std::string_view arg : call.args.subspan(1)) {
    std::int64_t value = 0;
    const auto result = std::from_chars(arg.data(), arg.data() + arg.size(), value);
    if (result.ec != std::errc() || result.ptr != arg.data() + arg.size()) {
      call.error(arg.data() == call.args[1].data()
                     ? "ERR value is not an integer or out of range"
                     : "ERR timeout is not an integer or out of range");
      return;
    }
    if (value < 0 && arg.data() == call.args[2].data()) {
      call.error("ERR timeout is negative");
      return;
    }
  }
  const NodeView* view = call.gateway.host().view();
  const std::size_t copies = view == nullptr ? 1 : view->copies_required();
  call.reply([&](resp::Writer& w) { w.integer(static_cast<std::int64_t>(copies) - 1); });
}

void command(const GatewayCall& call) {
  call.reply([&](resp::Writer& w) { commands::write_command_command(call.args, w); });
}

void config_get(const GatewayCall& call) {
  const auto patterns = call.args.subspan(2);
  const auto found =
      matching_settings(call.gateway.host().settings(), {patterns.begin(), patterns.end()});
  call.reply([&](resp::Writer& w) {
    w.map(found.size());
    for (const auto& [name, value] : found) {
      w.bulk(name);
      w.bulk(value);
    }
  });
}

/// There is no file that the settings came from: flags and variables are the starter's.
void config_rewrite(const GatewayCall& call) {
  call.error("ERR The server is running without a config file");
}

void scan(const GatewayCall& call) {
  ScanCommand::start_scan(call.gateway, call.client, call.args);
}
void randomkey(const GatewayCall& call) { RandomKeyCommand::start(call.gateway, call.client); }

constexpr std::array kRows = std::to_array<GatewayRow>({
    {"time", time},
    {"wait", wait},
    {"command", command},
    {"command|count", command},
    {"command|info", command},
    {"command|docs", command},
    {"command|list", command},
    {"command|getkeys", command},
    {"command|getkeysandflags", command},
    {"config|get", config_get},
    {"config|rewrite", config_rewrite},
    {"scan", scan},
    {"randomkey", randomkey},
});
}  // namespace

std::span<const GatewayRow> server_rows() { return kRows; }

}  // namespace borg::node
