// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/borgctl/cluster_client.h"

namespace borg::borgctl {

/// borgctl info --watch: looks every second until Ctrl-C, and goes on at another node when the
/// one it asks dies. In a terminal it draws over what it drew before; elsewhere each look is
/// lines of its own. Returns the exit code.
int watch_info(ClusterClient& client, bool is_json);

}  // namespace borg::borgctl
