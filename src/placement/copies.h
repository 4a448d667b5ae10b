// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "placement/layout.h"

namespace borg::placement {

/// Gives every partition its copies, within the quotas, moving as little as can be.
void settle_copies(Layout& layout);

}  // namespace borg::placement
