// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/borgctl/connection.h"
#include "app/borgctl/globals.h"

namespace borg::borgctl {

struct NodeOptions {
  std::string node;
  bool is_forced = false;     ///< FORCE: though writes stop, or data is lost
  Milliseconds stall{60000};  ///< as OrderWait has it
};
/// BORG LEAVE, then waits until the node has left. Fails if the order was refused or taken back;
/// with kExitWaiting if it stands and nothing moves, as with a node that is still needed.
int run_leave(const Globals& globals, const NodeOptions& options);
/// BORG DRAIN, then waits until the node holds nothing (or is gone): it is safe to stop then. Fails
/// as run_leave() does.
int run_drain(const Globals& globals, const NodeOptions& options);
/// BORG UNDRAIN.
int run_undrain(const Globals& globals, const std::string& node);
struct ForgetOptions {
  std::string node;
  bool is_forced = false;
  bool is_sure = false;  ///< do not ask
};
/// BORG FORGET, after a warning; refused before that if the cluster would refuse it.
int run_forget(const Globals& globals, const ForgetOptions& options);
/// BORG ACCEPT-LOSS.
int run_accept_loss(const Globals& globals);

}  // namespace borg::borgctl
