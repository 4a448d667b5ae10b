// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace borg::borgctl {

/// Remembers which keys have been seen, in about 20 bytes each however long they are.
///
/// Keeps 128-bit hashes under a random seed, which stand for the keys: two of a billion keys
/// share one with a chance of about 1 in 10^20.
class SeenKeys {
 public:
  SeenKeys();
  /// False if it was there already.
  bool add(std::string_view key) { return hashes_.insert(hash(key)).second; }
  [[nodiscard]] bool contains(std::string_view key) const { return hashes_.contains(hash(key)); }
  [[nodiscard]] std::size_t size() const { return hashes_.size(); }

 private:
  struct Hash {
    std::uint64_t low;
    std::uint64_t high;
    friend bool operator==(const Hash&, const Hash&) = default;
  };
  struct TakeLow {
    using is_avalanching = void;
    std::size_t operator()(const Hash& hash) const { return hash.low; }
  };
  [[nodiscard]] Hash hash(std::string_view key) const;

  std::uint64_t seed_;
  boost::unordered_flat_set<Hash, TakeLow> hashes_;
};

}  // namespace borg::borgctl
