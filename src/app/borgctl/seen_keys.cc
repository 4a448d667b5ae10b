// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/seen_keys.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <random>

namespace borg::borgctl {

SeenKeys::SeenKeys() {
  std::random_device source;
  seed_ = std::uint64_t{source()} << 32 | source();
}

SeenKeys::Hash SeenKeys::hash(std::string_view key) const {
  const XXH128_hash_t bits = XXH3_128bits_withSeed(key.data(), key.size(), seed_);
  return {bits.low64, bits.high64};
}

}  // namespace borg::borgctl
