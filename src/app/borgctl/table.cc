// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/table.h"

#include <algorithm>

#include "base/check.h"

namespace borg::borgctl {
namespace {

constexpr std::string_view kGap = "  ";

void append_cell(std::string& line, const std::string& cell, std::size_t width,
                 Table::Align align) {
  const std::string padding(width - display_width(cell), ' ');
  line += align == Table::Align::kRight ? padding + cell : cell + padding;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void Table::add_row(std::vector<std::string> cells) {
  BORG_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> result;
  for (const Column& column : columns_) result.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      result[i] = std::max(result[i], display_width(row[i]));
    }
  }
  return result;
}

std::size_t Table::width() const {
  std::size_t sum = 0;
  for (const std::size_t column : widths()) sum += column + kGap.size();
  return sum - kGap.size();
}

std::string Table::text() const {
  const std::vector<std::size_t> width = widths();
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::string result;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += kGap;
      append_cell(line, cells[i], width[i], columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  };
  add_line(titles);
  for (const auto& row : rows_) add_line(row);
  return result;
}

}  // namespace borg::borgctl
