// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace borg::node {

/// How often something took how long, to about 3 %: sixteen steps for each power of two of
/// nanoseconds, up to 18 minutes.
class LatencyHistogram {
 public:
  void add(std::uint64_t nanos) {
    ++counts_[index_of(nanos)];
    ++total_;
  }
  void merge(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// How many took no longer than so many nanoseconds.
  [[nodiscard]] std::uint64_t count_up_to(std::uint64_t nanos) const {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < counts_.size() && end_of(i) <= nanos + 1; ++i) count += counts_[i];
    return count;
  }
  /// The nanoseconds that this percentage of all did not exceed; 0 if there are none.
  [[nodiscard]] std::uint64_t percentile(double percent) const {
    const double wanted = static_cast<double>(total_) * percent / 100;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      count += counts_[i];
      if (count > 0 && static_cast<double>(count) >= wanted) return end_of(i) - 1;
    }
    return 0;
  }

 private:
  static constexpr int kStepBits = 4;
  static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
  static constexpr std::size_t kPowersMax = 40;

  static constexpr std::size_t index_of(std::uint64_t nanos) {
    if (nanos < kSteps) return nanos;
    const int shift = std::bit_width(nanos) - 1 - kStepBits;
    const std::size_t index = static_cast<std::size_t>(shift) * kSteps + (nanos >> shift);
    return index < kBuckets ? index : kBuckets - 1;
  }
  /// The first value that is too large for this bucket.
  static constexpr std::uint64_t end_of(std::size_t index) {
    if (index < 2 * kSteps) return index + 1;
    const std::size_t shift = index / kSteps - 1;
    return (std::uint64_t{index % kSteps + kSteps} + 1) << shift;
  }

  static constexpr std::size_t kBuckets = (kPowersMax - kStepBits) * kSteps;
  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace borg::node
