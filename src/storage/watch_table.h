// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"

namespace borg::storage {

/// What WATCH gives to a client, and EXEC brings back: since when the key is watched.
struct WatchToken {
  Epoch term;            ///< of the primary that gave it
  Seq from;              ///< the first operation that counts as a change
  bool existed = false;  ///< the key was there

  [[nodiscard]] std::string text() const;
  /// Nullopt if it is none.
  [[nodiscard]] static std::optional<WatchToken> read(std::string_view text);
};

/// Tells for keys that clients watch whether they have been changed since, without knowing any of
/// the clients: so nothing has to be cleaned up after one that never comes back.
///
/// Runs:      on the worker of its partition, at a primary, for one term.
/// Keys:      by their hashes. Of two with the same hash a change of one counts for both.
/// Bounded:   to kKeysMax keys. One that was watched long ago is forgotten first, and counts as
///            changed from then on.
/// Invariant: a change is never missed.
class WatchTable {
 public:
  static constexpr std::size_t kKeysMax = 2048;

  /// What changes from now on is changed by operation `next`.
  WatchTable(Epoch term, Seq next) : term_(term), next_(next) {}
  void begin_operation(Seq next) { next_ = next; }

  /// REQUIRES: the key is not expired; what was changed so far is older than operation `next`.
  WatchToken watch(std::uint64_t hash, bool exists);
  void touch(std::uint64_t hash) {
    const auto at = keys_.find(hash);
    if (at != keys_.end()) at->second.changed = next_;
  }
  /// Those keys that are there are being deleted, all of them.
  void touch_all() { cleared_ = next_; }
  [[nodiscard]] bool is_changed(std::uint64_t hash, const WatchToken& token) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    Seq changed;            // the operation that changed it last, as far as is known
    std::uint64_t watched;  // when it was watched last, counted in calls of watch()
  };
  void forget_older_half();

  const Epoch term_;
  Seq next_;
  Seq cleared_;
  std::uint64_t watches_ = 0;
  std::unordered_map<std::uint64_t, Key> keys_;
};

}  // namespace borg::storage
