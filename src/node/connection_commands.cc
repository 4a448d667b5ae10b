// SPDX-License-Identifier: Apache-2.0
// Commands about the connection itself.
#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "commands/arguments.h"
#include "node/client_filter.h"
#include "node/gateway_commands.h"
#include "node/pubsub.h"
#include "resp/integer.h"

namespace borg::node {

using commands::equals_ignoring_case;

namespace {

constexpr std::string_view kServerVersion = "7.0.15";

/// Names must not break the lines of CLIENT LIST.
bool is_printable(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

void ping(const GatewayCall& call) {
  if (call.args.size() > 2) {
    call.error("ERR wrong number of arguments for 'ping' command");
  } else if (call.client.subscriptions != nullptr && call.client.version == resp::Version::kResp2) {
    call.reply([&](resp::Writer& w) {
      w.array(2);
      w.bulk("pong");
      w.bulk(call.args.size() == 2 ? call.args[1] : "");
    });
  } else if (call.args.size() == 2) {
    call.reply([&](resp::Writer& w) { w.bulk(call.args[1]); });
  } else {
    call.reply([](resp::Writer& w) { w.simple("PONG"); });
  }
}

void echo(const GatewayCall& call) {
  call.reply([&](resp::Writer& w) { w.bulk(call.args[1]); });
}

void quit(const GatewayCall& call) {
  call.ok();
  call.client.closing = true;
}

void select(const GatewayCall& call) {
  std::int64_t index = 0;
  constexpr std::int64_t kMin = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  if (!resp::parse_whole(call.args[1], index)) {
    call.error("ERR value is not an integer or out of range");
  } else if (index < kMin || index > kMax) {
    call.error("ERR value is out of range, value must between " + std::to_string(kMin) + " and " +
               std::to_string(kMax));
  } else if (index != 0) {
    call.error("ERR DB index is out of range");
  } else {
    call.ok();
  }
}

void auth(const GatewayCall& call) {
  if (call.args.size() > 3) {
    call.error("ERR syntax error");
  } else if (call.args.size() == 2) {
    call.error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  } else if (call.args[1] == "default") {
    call.ok();
  } else {
    call.error("WRONGPASS invalid username-password pair or user is disabled.");
  }
}

void reset(const GatewayCall& call) {
  call.gateway.host().pubsub().leave(call.client);
  call.client.version = resp::Version::kResp2;
  call.client.name.clear();
  call.gateway.host().set_monitor(call.client, false);
  call.client.no_evict = call.client.no_touch = false;
  call.client.replies_off = call.client.skip_next = false;
  call.client.transaction.reset();
  call.reply([](resp::Writer& w) { w.simple("RESET"); });
}

bool set_name(const GatewayCall& call, std::string_view name) {
  if (!is_printable(name)) {
    call.error("ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
  }
  call.client.name = name;
  return true;
}

void write_hello(const GatewayCall& call) {
  call.reply([&](resp::Writer& w) {
    w.map(7);
    w.bulk("server");
    w.bulk("redis");
    w.bulk("version");
    w.bulk(kServerVersion);
    w.bulk("proto");
    w.integer(static_cast<int>(call.client.version));
    w.bulk("id");
    w.integer(static_cast<std::int64_t>(call.client.id().value()));
    w.bulk("mode");
    w.bulk("standalone");
    w.bulk("role");
    w.bulk("master");
    w.bulk("modules");
    w.array(0);
  });
}

void hello(const GatewayCall& call) {
  std::int64_t version = static_cast<std::int64_t>(call.client.version);
  std::size_t next = 1;
  if (call.args.size() > 1) {
    if (!resp::parse_whole(call.args[1], version)) {
      call.error("ERR Protocol version is not an integer or out of range");
      return;
    }
    if (version < 2 || version > 3) {
      call.error("NOPROTO unsupported protocol version");
      return;
    }
    next = 2;
  }
  std::string_view name;
  bool has_name = false;
  while (next < call.args.size()) {
    const std::size_t left = call.args.size() - next - 1;
    if (equals_ignoring_case(call.args[next], "auth") && left >= 2) {
      if (call.args[next + 1] != "default") {
        call.error("WRONGPASS invalid username-password pair or user is disabled.");
        return;
      }
      next += 3;
    } else if (equals_ignoring_case(call.args[next], "setname") && left >= 1) {
      name = call.args[next + 1];
      has_name = true;
      next += 2;
    } else {
      call.error("ERR Syntax error in HELLO option '" + std::string(call.args[next]) + "'");
      return;
    }
  }
  if (has_name && !set_name(call, name)) return;
  call.client.version = version == 3 ? resp::Version::kResp3 : resp::Version::kResp2;
  write_hello(call);
}

void client_id(const GatewayCall& call) {
  call.reply(
      [&](resp::Writer& w) { w.integer(static_cast<std::int64_t>(call.client.id().value())); });
}

void client_setname(const GatewayCall& call) {
  if (set_name(call, call.args[2])) call.ok();
}

void client_getname(const GatewayCall& call) {
  call.reply([&](resp::Writer& w) {
    if (call.client.name.empty())
      w.null();
    else
      w.bulk(call.client.name);
  });
}

void client_setinfo(const GatewayCall& call) {
  const bool is_name = equals_ignoring_case(call.args[2], "lib-name");
  if (!is_name && !equals_ignoring_case(call.args[2], "lib-ver")) {
    call.error("ERR Unrecognized option '" + std::string(call.args[2]) + "'");
  } else if (!is_printable(call.args[3])) {
    call.error("ERR " + std::string(call.args[2]) +
               " cannot contain spaces, newlines or special characters.");
  } else {
    (is_name ? call.client.library_name : call.client.library_version) = call.args[3];
    call.ok();
  }
}

void client_info(const GatewayCall& call) {
  call.reply([&](resp::Writer& w) {
    w.verbatim(describe(call.client, call.gateway.host().now().instant) + "\n");
  });
}

void set_switch(const GatewayCall& call, bool& value) {
  if (equals_ignoring_case(call.args[2], "on")) {
    value = true;
  } else if (equals_ignoring_case(call.args[2], "off")) {
    value = false;
  } else {
    call.error("ERR syntax error");
    return;
  }
  call.ok();
}

void client_no_evict(const GatewayCall& call) { set_switch(call, call.client.no_evict); }
void client_no_touch(const GatewayCall& call) { set_switch(call, call.client.no_touch); }

/// What Borg does not know either is no error: a client may tell all that it can.
void client_capa(const GatewayCall& call) {
  for (const std::string_view capability : call.args.subspan(2)) {
    if (equals_ignoring_case(capability, "redirect")) call.client.can_redirect = true;
  }
  call.ok();
}

void client_reply(const GatewayCall& call) {
  Client& client = call.client;
  if (equals_ignoring_case(call.args[2], "on")) {
    client.replies_off = client.silenced = false;
    call.ok();
  } else if (equals_ignoring_case(call.args[2], "off")) {
    client.replies_off = true;
  } else if (equals_ignoring_case(call.args[2], "skip")) {
    client.skip_next = !client.replies_off;
  } else {
    call.error("ERR syntax error");
  }
}

constexpr std::array kRows = std::to_array<GatewayRow>({
    {"ping", ping},
    {"echo", echo},
    {"quit", quit},
    {"select", select},
    {"auth", auth},
    {"reset", reset},
    {"hello", hello},
    {"client|id", client_id},
    {"client|setname", client_setname},
    {"client|getname", client_getname},
    {"client|setinfo", client_setinfo},
    {"client|info", client_info},
    {"client|no-evict", client_no_evict},
    {"client|no-touch", client_no_touch},
    {"client|capa", client_capa},
    {"client|reply", client_reply},
});

}  // namespace

std::span<const GatewayRow> connection_rows() { return kRows; }

}  // namespace borg::node
