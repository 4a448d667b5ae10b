// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "placement/layout.h"

namespace borg::placement {

/// Lets those who hold too much hand copies to those who hold too little, directly.
///
/// Keeps every anchor, and never makes a partition more crowded.
void shed(Layout& layout);

}  // namespace borg::placement
