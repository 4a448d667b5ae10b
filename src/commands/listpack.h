// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace borg::commands {

/// Elements as Redis packs them ("listpack"): the size of all (4 bytes), their number (2 bytes;
/// 65535: not known), then each with its encoding before and its size behind it, and 0xff.
class ListpackWriter {
 public:
  ListpackWriter();
  void add(std::string_view element);
  /// What it takes so far.
  [[nodiscard]] std::size_t bytes() const { return bytes_.size() + 1; }
  [[nodiscard]] std::size_t elements() const { return elements_; }
  /// The whole, to which nothing can be added any more.
  [[nodiscard]] std::string finish();

 private:
  void add_integer(std::int64_t number);

  std::string bytes_;
  std::size_t elements_ = 0;
};

/// Nullopt if the bytes, which nobody vouches for, are no listpack.
[[nodiscard]] std::optional<std::vector<std::string>> read_listpack(std::string_view bytes);

}  // namespace borg::commands
