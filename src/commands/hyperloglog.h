// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace borg::commands {

/// How many different elements there were, from 2^14 registers of 6 bits: each has the longest
/// run of zeros that began the hash of one of its elements.
///
/// Source:    P. Flajolet and others, AofA 2007; the estimate is that of O. Ertl,
///            arXiv:1702.01284, algorithms 6 and 8.
/// Form:      a string, byte for byte that of Redis: a header of 16 bytes ("HYLL", the encoding,
///            3 zeros, the last estimate) and the registers, either all of them (dense) or as
///            runs of equal ones (sparse) while that takes up to 3000 bytes.
class HyperLogLog {
 public:
  static constexpr std::size_t kRegisters = 1 << 14;
  using Registers = std::array<std::uint8_t, kRegisters>;

  /// One that has seen nothing.
  HyperLogLog();
  /// REQUIRES: is_one(bytes).
  explicit HyperLogLog(std::string_view bytes) : bytes_(bytes) {}
  /// Whether a value has the header of one, and its size if it is dense.
  [[nodiscard]] static bool is_one(std::string_view bytes);

  enum class Added : std::uint8_t { kNothingNew, kChanged, kCorrupt };
  Added add(std::string_view element);
  /// Raises a register to at least so much.
  Added raise(std::size_t index, std::uint8_t value);
  /// False if it is corrupt.
  [[nodiscard]] bool make_dense();
  /// The last estimate is of what was.
  void forget_estimate();

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] bool is_dense() const { return is_dense(bytes_); }

  // Of one that stays as it is.
  [[nodiscard]] static bool is_dense(std::string_view bytes);
  /// Raises these registers to at least its own; false if it is corrupt.
  [[nodiscard]] static bool raise_to(std::string_view bytes, Registers& registers);
  [[nodiscard]] static std::uint64_t estimate(const Registers& registers);
  /// Nullopt if something was added since.
  [[nodiscard]] static std::optional<std::uint64_t> last_estimate(std::string_view bytes);
  /// The header's part that keeps an estimate, and where it stands.
  [[nodiscard]] static std::string estimate_bytes(std::uint64_t estimate);
  static constexpr std::size_t kEstimateAt = 8;
  /// The runs as text: z:n and Z:n are n zeros, v:x,n is n times x. REQUIRES: sparse.
  [[nodiscard]] static std::string describe_runs(std::string_view bytes);

 private:
  Added raise_dense(std::size_t index, std::uint8_t value);
  Added raise_sparse(std::size_t index, std::uint8_t value);
  void join_runs(std::size_t from);

  std::string bytes_;
};

}  // namespace borg::commands
