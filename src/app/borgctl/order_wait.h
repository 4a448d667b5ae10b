// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/borgctl/cluster_client.h"

namespace borg::borgctl {

enum class Until {
  kEmpty,  ///< the node holds nothing, or is gone
  kGone,
};

/// What is waited for, and for how long.
struct OrderWait {
  std::string node;  ///< as the user calls it
  std::string id;    ///< of the node, as another one may come up under its name
  Until until = Until::kEmpty;
  /// Ends the wait when nothing has moved for so long; sooner where it is known that nothing can.
  Milliseconds stall{60000};
};

/// Waits until a node that was told to drain or leave has done so, and says on stderr every few
/// seconds how far that is and what it waits for.
///
/// Errors: a Failure when the node dies, or is told to stay; with kExitWaiting when it needs
///         something that does not come by waiting, or nothing moves; with kExitInterrupted.
void wait_for_order(ClusterClient& client, const OrderWait& wait);

}  // namespace borg::borgctl
