// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace borg::borgctl {

/// A file that appears under its name only when it is complete: until commit() the bytes go to
/// a temporary file beside it. A pipe or device is written directly; "-" is stdout.
///
/// Errors: a Failure. Without commit() the temporary file is removed again.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// Makes the bytes durable, then gives the file its name.
  void commit();
  /// Like commit(), under another name: the file that was there before stays. Its name.
  std::string commit_as_incomplete();
  /// What becomes of the bytes without a commit, for people.
  [[nodiscard]] std::string discarded() const;

 private:
  void close_as(const std::string& name);
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;       // without symbolic links
  std::string temporary_;  // empty: written directly
  std::FILE* file_ = nullptr;
};

/// Writes to stdout; a Failure when that does not work.
void print_out(std::string_view bytes);
/// What print_out() wrote is on its way; a Failure when that does not work.
void flush_out();

}  // namespace borg::borgctl
