// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/time.h"

namespace borg::sim {

/// A promise was broken: the simulation of this seed ends here.
class Violation : public std::runtime_error {
 public:
  Violation(const std::string& check, const std::string& detail)
      : std::runtime_error(check + ": " + detail) {}
};

/// What happened, as a number that tells two runs apart, and as text if somebody reads it.
class Trace {
 public:
  explicit Trace(bool prints) : prints_(prints) {}

  /// Every value that went into the run's course.
  void mix(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15ULL;
    hash_ ^= hash_ >> 29;
  }
  void mix(std::string_view bytes);
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  [[nodiscard]] bool prints() const { return prints_; }
  /// REQUIRES: prints(), so that nobody builds text for nothing.
  void print(Duration at, std::string_view who, std::string_view what) const;

 private:
  const bool prints_;
  std::uint64_t hash_ = 0x6a09e667f3bcc909ULL;
};

/// Bytes as text on one line.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t chars_max = 160);

}  // namespace borg::sim
