// SPDX-License-Identifier: Apache-2.0
#include "placement/rendezvous.h"

#include <bit>

#include "base/check.h"
#include "base/random.h"

namespace borg::placement {
namespace {

constexpr int kLogBits = 28;

std::uint64_t mix(std::uint64_t x) { return Random(x).next(); }

}  // namespace

std::uint64_t negative_log2(std::uint64_t hash) {
  hash |= 1;
  const auto zeros = static_cast<unsigned>(std::countl_zero(hash));
  // The mantissa in [1, 2) as 1.31 fixed point. Squaring doubles the logarithm: whether it
  // passes 2 is the next bit of the fraction.
  std::uint64_t mantissa = (hash << zeros) >> 32;
  std::uint64_t fraction = 0;
  for (int bit = 0; bit < kLogBits; ++bit) {
    mantissa = (mantissa * mantissa) >> 31;
    const std::uint64_t carry = mantissa >> 32;
    mantissa >>= carry;
    fraction = (fraction << 1) | carry;
  }
  return ((zeros + 1ULL) << kLogBits) - fraction;
}

Draw draw(PartitionId partition, NodeId node, std::uint32_t weight) {
  BORG_CHECK(weight > 0);
  const std::uint64_t hash = mix(mix(node.value()) ^ mix(partition.value()));
  // At most 64 * 2^28 * 2^28 = 2^62.
  return {(negative_log2(hash) << kLogBits) / weight, ~hash};
}

}  // namespace borg::placement
