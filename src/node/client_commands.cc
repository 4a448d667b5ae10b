// SPDX-License-Identifier: Apache-2.0
// CLIENT's subcommands about other clients, of all workers of this node.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "commands/arguments.h"
#include "node/client_filter.h"
#include "node/gateway_commands.h"
#include "node/workers_command.h"
#include "resp/integer.h"

namespace borg::node {

using commands::equals_ignoring_case;

namespace {

/// What a worker is asked: the word, the asking client, and the client's arguments.
void ask_all(const GatewayCall& call, std::string_view word, commands::Args args,
             WorkersCommand::Answer answer) {
  const std::string id = std::to_string(call.client.id().value());
  std::vector<std::string_view> words{word, id};
  words.insert(words.end(), args.begin(), args.end());
  WorkersCommand::ask_all(call.gateway, call.client, words, std::move(answer));
}

void list(const GatewayCall& call) {
  ClientFilter filter;
  const std::string error = parse_list_filter(call.args.subspan(2), filter);
  if (!error.empty()) return call.error(error);
  ask_all(call, "list", call.args.subspan(2), [](auto& replies, resp::Writer& out) {
    std::string text;
    for (const resp::Value& reply : replies) text += reply.text;
    out.verbatim(text);
  });
}

void kill(const GatewayCall& call) {
  ClientFilter filter;
  const std::string error = parse_kill_filter(call.args.subspan(2), filter);
  if (!error.empty()) return call.error(error);
  const bool is_one = call.args.size() == 3;
  ask_all(call, "kill", call.args.subspan(2), [is_one](auto& replies, resp::Writer& out) {
    std::int64_t killed = 0;
    for (const resp::Value& reply : replies) killed += reply.integer;
    if (!is_one) return out.integer(killed);
    if (killed == 0) return out.error("ERR No such client");
    out.ok();
  });
}

void answer_ok(std::vector<resp::Value>& /*replies*/, resp::Writer& out) { out.ok(); }

void pause(const GatewayCall& call) {
  if (call.args.size() > 4) {
    return call.error("ERR unknown subcommand or wrong number of arguments for '" +
                      std::string(call.args[1]) + "'. Try CLIENT HELP.");
  }
  const bool writes_only = call.args.size() == 4 && equals_ignoring_case(call.args[3], "write");
  if (call.args.size() == 4 && !writes_only && !equals_ignoring_case(call.args[3], "all")) {
    return call.error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  const auto ms = resp::parse_integer(call.args[2]);
  if (!ms) return call.error("ERR timeout is not an integer or out of range");
  if (*ms < 0) return call.error("ERR timeout is negative");
  // To Redis's clock that is in the past. Nobody could end such a pause: UNPAUSE would wait too.
  if (*ms > std::numeric_limits<std::int64_t>::max() - call.gateway.host().now().wall.ms) {
    return call.ok();
  }
  const std::array<std::string_view, 2> args{call.args[2], writes_only ? "write" : "all"};
  ask_all(call, "pause", args, answer_ok);
}

void unpause(const GatewayCall& call) { ask_all(call, "unpause", {}, answer_ok); }

void unblock(const GatewayCall& call) {
  if (call.args.size() > 4) {
    return call.error("ERR unknown subcommand or wrong number of arguments for '" +
                      std::string(call.args[1]) + "'. Try CLIENT HELP.");
  }
  const bool is_error = call.args.size() == 4 && equals_ignoring_case(call.args[3], "error");
  if (call.args.size() == 4 && !is_error && !equals_ignoring_case(call.args[3], "timeout")) {
    return call.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  if (!resp::parse_integer(call.args[2])) {
    return call.error("ERR value is not an integer or out of range");
  }
  const std::array<std::string_view, 2> args{call.args[2], is_error ? "error" : "timeout"};
  ask_all(call, "unblock", args, [](auto& replies, resp::Writer& out) {
    std::int64_t unblocked = 0;
    for (const resp::Value& reply : replies) unblocked += reply.integer;
    out.integer(unblocked);
  });
}

// Nobody invalidates what a client has cached: Borg does not track who has read what.

struct TrackingOptions {
  bool bcast = false;
  bool optin = false;
  bool optout = false;
  bool has_redirect = false;
  std::vector<std::string_view> prefixes;
};

/// The error in them; empty if there is none.
std::string read_tracking_options(commands::Args args, TrackingOptions& options) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string word = commands::lower_case(args[i]);
    const bool has_value = i + 1 < args.size();
    if (word == "redirect" && has_value) {
      if (options.has_redirect) {
        return "ERR A client can only redirect to a single other client";
      }
      if (!resp::parse_integer(args[++i])) return std::string(commands::kNotAnInteger);
      options.has_redirect = true;
    } else if (word == "prefix" && has_value) {
      options.prefixes.push_back(args[++i]);
    } else if (word == "bcast") {
      options.bcast = true;
    } else if (word == "optin") {
      options.optin = true;
    } else if (word == "optout") {
      options.optout = true;
    } else if (word != "noloop") {
      return std::string(commands::kSyntaxError);
    }
  }
  return {};
}

/// As Redis says it of two prefixes of which one begins with the other.
std::string overlap_of(const std::vector<std::string_view>& prefixes) {
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    for (std::size_t j = i + 1; j < prefixes.size(); ++j) {
      const std::size_t size = std::min(prefixes[i].size(), prefixes[j].size());
      if (prefixes[i].substr(0, size) != prefixes[j].substr(0, size)) continue;
      return "ERR Prefix '" + std::string(prefixes[i]) +
             "' overlaps with another provided prefix '" + std::string(prefixes[j]) +
             "'. Prefixes for a single client must not overlap.";
    }
  }
  return {};
}

std::string contradiction_in(const TrackingOptions& options) {
  if (!options.bcast && !options.prefixes.empty()) {
    return "ERR PREFIX option requires BCAST mode to be enabled";
  }
  if (options.bcast && (options.optin || options.optout)) {
    return "ERR OPTIN and OPTOUT are not compatible with BCAST";
  }
  if (options.optin && options.optout) {
    return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  }
  return overlap_of(options.prefixes);
}

/// What Redis refuses is refused as there; then the rest.
void tracking(const GatewayCall& call) {
  TrackingOptions options;
  const std::string error = read_tracking_options(call.args.subspan(3), options);
  if (!error.empty()) return call.error(error);
  if (equals_ignoring_case(call.args[2], "off")) return call.ok();
  if (!equals_ignoring_case(call.args[2], "on")) return call.error(commands::kSyntaxError);
  const std::string contradiction = contradiction_in(options);
  if (!contradiction.empty()) return call.error(contradiction);
  call.error("ERR Borg does not track keys for caches of clients");
}

void trackinginfo(const GatewayCall& call) {
  call.reply([](resp::Writer& w) {
    w.map(3);
    w.bulk("flags");
    w.set(1);
    w.bulk("off");
    w.bulk("redirect");
    w.integer(-1);
    w.bulk("prefixes");
    w.array(0);
  });
}

void caching(const GatewayCall& call) {
  call.error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
      "OPTOUT mode enabled");
}

void getredir(const GatewayCall& call) {
  call.reply([](resp::Writer& w) { w.integer(-1); });
}

constexpr std::array kRows = std::to_array<GatewayRow>({
    {"client|list", list},
    {"client|kill", kill},
    {"client|pause", pause},
    {"client|unpause", unpause},
    {"client|unblock", unblock},
    {"client|tracking", tracking},
    {"client|trackinginfo", trackinginfo},
    {"client|caching", caching},
    {"client|getredir", getredir},
});

}  // namespace

std::span<const GatewayRow> client_rows() { return kRows; }

}  // namespace borg::node
