// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace borg::borgctl {

/// How records stand in a file.
struct FileFormat {
  enum class Kind { kJsonLines, kCsv };
  Kind kind = Kind::kJsonLines;
  char delimiter = ',';    ///< of CSV
  bool is_base64 = false;  ///< CSV: columns key_base64 and value_base64
};

/// What the user said about the format; empty: not said.
struct FormatWords {
  std::string format;
  std::string delimiter;
  bool is_base64 = false;
};

/// Follows what was said, else the file's name (.csv, .tsv), else it is JSON lines.
/// Throws a Failure for words that make no sense.
[[nodiscard]] FileFormat choose_format(const FormatWords& words, const std::string& path);

}  // namespace borg::borgctl
