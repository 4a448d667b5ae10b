// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace borg::storage {

enum class ValueType : std::uint8_t;

/// What may happen to a list at an index.
enum class ListChange : std::uint8_t { kInsert, kErase, kSet };

struct ScanBudget;

/// A container that has outgrown the block of its key: the block then holds only its address.
///
/// Owns:      its elements, copied in.
/// Runs:      on the worker of the partition; not thread-safe.
class Large {
 public:
  virtual ~Large() = default;
  Large(const Large&) = delete;
  Large& operator=(const Large&) = delete;

  [[nodiscard]] virtual std::size_t elements() const = 0;
  /// What it takes from the allocator, itself included. Constant time.
  [[nodiscard]] virtual std::size_t allocated_bytes() const = 0;
  /// Destroys elements until the budget is spent; false when none is left. One of which this was
  /// asked can do nothing else.
  virtual bool destroy_some(ScanBudget& budget) = 0;

  // How it travels to another node in pieces: each element with what belongs to it, in an order
  // that a position in it keeps its meaning while elements come and go.

  using Visit = std::function<void(std::string_view element, std::string_view value)>;
  /// Visits elements from a position on, 0 at first, until the budget is spent. Returns where to
  /// go on, or nullopt at the end.
  virtual std::optional<std::uint64_t> scan(std::uint64_t position, ScanBudget budget,
                                            const Visit& visit) const = 0;
  /// True if a scan that has come to `position` has passed the element.
  [[nodiscard]] virtual bool is_passed(std::string_view element, std::uint64_t position) const = 0;
  /// What belongs to an element; nullopt if it is not here. Valid until the next change.
  [[nodiscard]] virtual std::optional<std::string_view> value_of(
      std::string_view element) const = 0;
  /// Makes the element what another node says of it; false if that cannot be.
  [[nodiscard]] virtual bool receive(std::string_view element, std::string_view value) = 0;
  virtual void receive_absence(std::string_view element) = 0;
  /// Of a list: the same change again; false if that cannot be.
  [[nodiscard]] virtual bool receive_at(ListChange, std::uint64_t /*index*/,
                                        std::string_view /*value*/) {
    return false;
  }

 protected:
  Large() = default;
};

/// One without elements, for a key of this type; null if there is none for it.
[[nodiscard]] std::unique_ptr<Large> make_large(ValueType type);

}  // namespace borg::storage
