// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/command.h"
#include "node/gateway.h"

namespace borg::node {

/// Answers the commands that concern the connection, this node or the whole cluster's layout.
/// REQUIRES: spec.place is kGateway and the number of arguments is right.
void run_gateway_command(Gateway& gateway, Client& client, const commands::CommandSpec& spec,
                         commands::Args args);

/// True if every row of the table that the gateway must answer has its code here.
[[nodiscard]] bool gateway_commands_are_complete();

/// A node's id as Redis writes it, with 40 hexadecimal digits.
[[nodiscard]] std::string redis_id(NodeId id);

/// Writes a reply that is known at once, behind those that are pending.
template <class F>
void write_reply(GatewayHost& host, Client& client, F&& write) {
  ByteBuffer out;
  resp::Writer writer(out, client.version);
  write(writer);
  client.reply_now(out.view());
  host.client_has_output(client);
}

/// What a gateway command's code sees.
struct GatewayCall {
  Gateway& gateway;
  Client& client;
  const commands::CommandSpec& spec;
  commands::Args args;
  template <class F>
  void reply(F&& write) const {
    write_reply(gateway.host(), client, write);
  }
  void ok() const {
    reply([](resp::Writer& w) { w.ok(); });
  }
  void error(std::string_view text) const {
    reply([&](resp::Writer& w) { w.error(text); });
  }
};
using GatewayFunction = void (*)(const GatewayCall& call);
struct GatewayRow {
  std::string_view name;
  GatewayFunction run;
};

// One table a group of commands: connection_commands.cc, client_commands.cc, server_commands.cc,
// cluster_commands.cc, transaction_commands.cc, pubsub_commands.cc.
[[nodiscard]] std::span<const GatewayRow> connection_rows();
[[nodiscard]] std::span<const GatewayRow> admin_rows();
[[nodiscard]] std::span<const GatewayRow> client_rows();
[[nodiscard]] std::span<const GatewayRow> debug_rows();
[[nodiscard]] std::span<const GatewayRow> diagnosis_rows();
[[nodiscard]] std::span<const GatewayRow> server_rows();
[[nodiscard]] std::span<const GatewayRow> cluster_rows();
[[nodiscard]] std::span<const GatewayRow> transaction_rows();
[[nodiscard]] std::span<const GatewayRow> pubsub_rows();

/// What a client may not ask for while it is subscribed and speaks RESP2: the reply could be
/// mistaken for a message.
[[nodiscard]] bool is_refused_to_subscriber(const Client& client,
                                            const commands::CommandSpec& spec);

}  // namespace borg::node
