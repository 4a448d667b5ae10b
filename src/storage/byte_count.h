// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace borg::storage {

/// Bytes that somebody counts for itself, and that are part of a larger sum as well: what all
/// stores of a worker hold is known at any moment without adding them up.
///
/// Invariant: what was added here is in the sum until it is taken off, or this count ends.
class ByteCount {
 public:
  /// Part of no sum.
  ByteCount() = default;
  /// The sum must outlive it.
  explicit ByteCount(std::size_t& sum) : sum_(&sum) {}
  ~ByteCount() { *this -= own_; }
  ByteCount(const ByteCount&) = delete;
  ByteCount& operator=(const ByteCount&) = delete;

  ByteCount& operator+=(std::size_t bytes) {
    own_ += bytes;
    if (sum_ != nullptr) *sum_ += bytes;
    return *this;
  }
  ByteCount& operator-=(std::size_t bytes) {
    own_ -= bytes;
    if (sum_ != nullptr) *sum_ -= bytes;
    return *this;
  }
  /// What the other has counted is counted here from now on. REQUIRES: both are of one sum.
  void take_over(ByteCount& other) {
    own_ += other.own_;
    other.own_ = 0;
  }
  [[nodiscard]] std::size_t value() const { return own_; }

 private:
  std::size_t own_ = 0;
  std::size_t* sum_ = nullptr;
};

}  // namespace borg::storage
