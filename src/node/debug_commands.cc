// SPDX-License-Identifier: Apache-2.0
// DEBUG, for tests: SLEEP, ERROR, OBJECT, PROTOCOL, SET-ACTIVE-EXPIRE.
#include <array>
#include <charconv>
#include <string>

#include "base/slot.h"
#include "commands/arguments.h"
#include "node/gateway_commands.h"
#include "node/workers_command.h"

namespace borg::node {

using commands::equals_ignoring_case;

namespace {

/// This worker stands still, with all its clients and partitions.
void sleep(const GatewayCall& call) {
  double seconds = 0;
  const std::string_view text = call.args[2];
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr double kSecondsMax = 3600;
  const double wanted = std::min(std::max(seconds, 0.0), kSecondsMax);
  const auto stand_still = call.gateway.options().stand_still;
  if (stand_still != nullptr)
    stand_still(Duration::micros(static_cast<std::int64_t>(wanted * 1e6)));
  call.ok();
}

void set_active_expire(const GatewayCall& call) {
  WorkersCommand::ask_all(call.gateway, call.client, {"active-expire", call.args[2]},
                          [](auto&, resp::Writer& out) { out.ok(); });
}

/// Of a key of any node.
void object(const GatewayCall& call) {
  const std::string_view key = call.args[2];
  const std::array<std::string_view, 2> args{"_debug_object", key};
  call.gateway.forward(call.client, partition_of(slot_of_key(key)), false, args);
}

void write_attribute_example(resp::Writer& w) {
  if (w.version() == resp::Version::kResp3) {
    w.attribute(1);
    w.bulk("key-popularity");
    w.array(2);
    w.bulk("key:123");
    w.integer(90);
  }
  w.bulk("Some real reply following the attribute");
}

/// A client that skips what is pushed wants a reply all the same.
void write_push_example(resp::Writer& w) {
  if (w.version() == resp::Version::kResp2) {
    return w.error("ERR RESP2 is not supported by this command");
  }
  w.push(2);
  w.bulk("server-cpu-usage");
  w.integer(42);
  w.bulk("Some real reply following the push reply");
}

/// One reply of each type, for tests of clients.
void write_example(std::string_view type, const GatewayCall& call) {
  call.reply([&](resp::Writer& w) {
    if (type == "string") {
      w.bulk("Hello World");
    } else if (type == "integer") {
      w.integer(12345);
    } else if (type == "double") {
      w.real(3.141);
    } else if (type == "null") {
      w.null();
    } else if (type == "array" || type == "set") {
      type == "set" ? w.set(3) : w.array(3);
      for (int i = 0; i < 3; ++i) w.integer(i);
    } else if (type == "map") {
      w.map(3);
      for (int i = 0; i < 3; ++i) {
        w.integer(i);
        w.boolean(i == 1);
      }
    } else if (type == "true" || type == "false") {
      w.boolean(type == "true");
    } else if (type == "bignum") {
      w.big_number("1234567999999999999999999999999999999");
    } else if (type == "attrib") {
      write_attribute_example(w);
    } else if (type == "push") {
      write_push_example(w);
    } else if (type == "verbatim") {
      w.verbatim("This is a verbatim\nstring");
    } else {
      w.error(
          "ERR Wrong protocol type name. Please use one of the following: "
          "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
    }
  });
}

constexpr std::array<std::string_view, 13> kHelp{
    "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ERROR <string>",
    "    Return a Redis protocol error with <string> as message.",
    "OBJECT <key>",
    "    How the value of <key> is kept, and how long it is.",
    "PROTOCOL <type>",
    "    Reply with a test value of the specified type.",
    "SET-ACTIVE-EXPIRE (0|1)",
    "    Setting it to 0 disables expiring keys in background on this node.",
    "SLEEP <seconds>",
    "    Stop the thread of this connection for <seconds>. Decimals allowed.",
    "HELP",
    "    Prints this help."};

void help(const GatewayCall& call) {
  call.reply([](resp::Writer& w) {
    w.array(kHelp.size());
    for (const std::string_view line : kHelp) w.simple(line);
  });
}

void debug(const GatewayCall& call) {
  if (call.gateway.host().settings().debug_enabled != "yes") {
    return call.error(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
        "you can run it from a local connection, otherwise you need to set this option in the "
        "configuration file, and then restart the server.");
  }
  const std::string what = commands::lower_case(call.args[1]);
  const bool has_value = call.args.size() == 3;
  if (what == "help" && call.args.size() == 2) return help(call);
  if (what == "sleep" && has_value) return sleep(call);
  if (what == "error" && has_value) return call.error(call.args[2]);
  if (what == "object" && has_value) return object(call);
  if (what == "protocol" && has_value)
    return write_example(commands::lower_case(call.args[2]), call);
  if (what == "set-active-expire" && has_value) return set_active_expire(call);
  call.error("ERR unknown subcommand or wrong number of arguments for '" +
             std::string(call.args[1]) + "'. Try DEBUG HELP.");
}

constexpr std::array kRows = std::to_array<GatewayRow>({{"debug", debug}});

}  // namespace

std::span<const GatewayRow> debug_rows() { return kRows; }

}  // namespace borg::node
