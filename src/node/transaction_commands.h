// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/command.h"
#include "node/client.h"
#include "node/gateway.h"

namespace borg::node {

/// Between MULTI and EXEC.
[[nodiscard]] bool is_in_multi(const Client& client);
/// A command of the client was refused: if it is in MULTI, EXEC will refuse too.
void abort_multi(Client& client);
/// Answers a command that has not the right number of arguments; an EXEC ends its transaction.
void refuse_arity(GatewayHost& host, Client& client, const commands::CommandSpec& spec,
                  std::string_view error);
/// Answers QUEUED and keeps the command for EXEC, or says why it has no place in a transaction:
/// then false. REQUIRES: is_in_multi(), and the number of arguments is right.
bool queue_command(Gateway& gateway, Client& client, const commands::CommandSpec& spec,
                   commands::Args args);

}  // namespace borg::node
