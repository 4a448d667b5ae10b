// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/borgctl/cluster_client.h"

namespace borg::borgctl {

/// What may be said before and after every command.
struct Globals {
  Target target;
  bool is_json = false;
};

}  // namespace borg::borgctl
