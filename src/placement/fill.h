// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "placement/layout.h"

namespace borg::placement {

/// Gives each copy that is missing to whom it suits best. Only adds.
void fill(Layout& layout);

}  // namespace borg::placement
