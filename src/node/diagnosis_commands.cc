// SPDX-License-Identifier: Apache-2.0
// SLOWLOG, LATENCY and MONITOR, over all workers of this node.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "commands/arguments.h"
#include "node/gateway_commands.h"
#include "node/workers_command.h"
#include "resp/integer.h"

namespace borg::node {
namespace {

void ask_first(const GatewayCall& call, std::string_view what, commands::Args args = {}) {
  std::vector<std::string_view> words{what};
  words.insert(words.end(), args.begin(), args.end());
  if (args.empty()) words.emplace_back();
  WorkersCommand::ask_first(call.gateway, call.client, words);
}

constexpr std::string_view kWrongCount = "ERR count should be greater than or equal to -1";

void slowlog_get(const GatewayCall& call) {
  if (call.args.size() > 3) {
    return call.error("ERR unknown subcommand or wrong number of arguments for '" +
                      std::string(call.args[1]) + "'. Try SLOWLOG HELP.");
  }
  if (call.args.size() < 3)
    return ask_first(call, "slowlog-get", std::array<std::string_view, 1>{"10"});
  const auto count = resp::parse_integer(call.args[2]);
  if (!count || *count < -1) {
    return call.error(kWrongCount);
  }
  ask_first(call, "slowlog-get", call.args.subspan(2));
}

void slowlog_len(const GatewayCall& call) { ask_first(call, "slowlog-len"); }
void slowlog_reset(const GatewayCall& call) { ask_first(call, "slowlog-reset"); }

// COMMANDLOG is Valkey's word for SLOWLOG, and for logs of large requests and replies, which are
// always empty here.

enum class CommandLog : std::uint8_t { kSlow, kOther };

/// Nullopt if there is no such log, and the error is written.
std::optional<CommandLog> read_log(const GatewayCall& call, std::string_view name) {
  if (commands::equals_ignoring_case(name, "slow")) return CommandLog::kSlow;
  const bool is_known = commands::equals_ignoring_case(name, "large-request") ||
                        commands::equals_ignoring_case(name, "large-reply");
  if (is_known) return CommandLog::kOther;
  call.error("ERR type should be one of the following: slow, large-request, large-reply");
  return std::nullopt;
}

void commandlog_get(const GatewayCall& call) {
  const auto count = resp::parse_integer(call.args[2]);
  if (!count || *count < -1) return call.error(kWrongCount);
  const auto log = read_log(call, call.args[3]);
  if (log == CommandLog::kSlow) return ask_first(call, "slowlog-get", call.args.subspan(2, 1));
  if (log) call.reply([](resp::Writer& w) { w.array(0); });
}

void commandlog_len(const GatewayCall& call) {
  const auto log = read_log(call, call.args[2]);
  if (log == CommandLog::kSlow) return slowlog_len(call);
  if (log) call.reply([](resp::Writer& w) { w.integer(0); });
}

void commandlog_reset(const GatewayCall& call) {
  const auto log = read_log(call, call.args[2]);
  if (log == CommandLog::kSlow) return slowlog_reset(call);
  if (log) call.ok();
}

void latency_latest(const GatewayCall& call) { ask_first(call, "latency-latest"); }
void latency_doctor(const GatewayCall& call) { ask_first(call, "latency-doctor"); }
void latency_history(const GatewayCall& call) {
  ask_first(call, "latency-history", call.args.subspan(2));
}
void latency_graph(const GatewayCall& call) {
  ask_first(call, "latency-graph", call.args.subspan(2));
}
void latency_reset(const GatewayCall& call) {
  ask_first(call, "latency-reset", call.args.subspan(1));
}

/// The answer comes when all workers know: what is asked after it is shown.
void monitor(const GatewayCall& call) {
  if (call.client.is_monitor) return;  // no answer, as in Redis
  GatewayHost& host = call.gateway.host();
  host.set_monitor(call.client, true);
  const std::string lane = std::to_string(host.self().lane);
  WorkersCommand::ask_all(call.gateway, call.client, {"monitor", lane, "on"},
                          [&client = call.client](auto&, resp::Writer& out) {
                            client.sees_commands = client.is_monitor;
                            out.ok();
                          });
}

constexpr std::array kRows = std::to_array<GatewayRow>({
    {"slowlog|get", slowlog_get},
    {"slowlog|len", slowlog_len},
    {"slowlog|reset", slowlog_reset},
    {"commandlog|get", commandlog_get},
    {"commandlog|len", commandlog_len},
    {"commandlog|reset", commandlog_reset},
    {"latency|latest", latency_latest},
    {"latency|doctor", latency_doctor},
    {"latency|history", latency_history},
    {"latency|graph", latency_graph},
    {"latency|reset", latency_reset},
    {"monitor", monitor},
});

}  // namespace

std::span<const GatewayRow> diagnosis_rows() { return kRows; }

}  // namespace borg::node
