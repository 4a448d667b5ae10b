// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace borg::borgctl {

/// Columns of text, as wide as their widest cell, for a terminal with a fixed-width font.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// REQUIRES: as many cells as there are columns.
  void add_row(std::vector<std::string> cells);
  /// The titles and the rows, each line ended by a newline and without blanks before it.
  [[nodiscard]] std::string text() const;
  /// Of the longest line that text() could have.
  [[nodiscard]] std::size_t width() const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths() const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// How many characters of UTF-8 text there are: its width, for text without wide characters.
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace borg::borgctl
