// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace borg::borgctl {

/// Reads a file line by line, of any length and content, and can take lines back.
///
/// Errors: a Failure when the file cannot be opened or read.
class LineReader {
 public:
  struct Line {
    std::string text;  ///< with its line end; the last line may have none
    std::uint64_t number = 0;
  };
  /// "-" is stdin.
  explicit LineReader(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Nothing at the end of the file, and when the user interrupted.
  std::optional<Line> next();
  /// They come again, in this order, before what was not read yet.
  void give_back(std::vector<Line> lines);

  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  /// Nothing for a pipe or terminal.
  [[nodiscard]] std::optional<std::uint64_t> file_bytes() const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::FILE* file_;
  char* buffer_ = nullptr;  // getline's
  std::size_t buffer_bytes_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t lines_read_ = 0;
  std::deque<Line> given_back_;
};

}  // namespace borg::borgctl
