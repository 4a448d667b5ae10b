// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace borg::sim {

/// Gives small clusters every row of three orders (drain, leave, undrain, forget, accept-loss,
/// SIGTERM, with FORCE and without): one after the other, where each answer has to be the one that
/// docs/operations.md has, and at once. Nothing that a member could hold may be lost, and in the
/// end all is well again. Returns the exit code.
[[nodiscard]] int run_orders(std::uint64_t seed);

}  // namespace borg::sim
