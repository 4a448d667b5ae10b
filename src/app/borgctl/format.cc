// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/format.h"

#include <fmt/format.h>

#include <string_view>

#include "app/borgctl/failure.h"

namespace borg::borgctl {
namespace {

char delimiter_of(const std::string& word) {
  if (word == "\\t" || word == "tab") return '\t';
  const bool is_usable =
      word.size() == 1 && std::string_view("\"\r\n").find(word[0]) == std::string_view::npos;
  if (!is_usable) throw Failure("--delimiter is one character, or \\t, and no quote");
  return word[0];
}

FileFormat::Kind kind_of(const FormatWords& words, const std::string& path) {
  if (words.format == "csv") return FileFormat::Kind::kCsv;
  if (words.format == "jsonl") return FileFormat::Kind::kJsonLines;
  if (!words.format.empty()) {
    throw Failure(fmt::format("unknown format {}: it is jsonl or csv", words.format));
  }
  const bool looks_like_csv = path.ends_with(".csv") || path.ends_with(".tsv");
  return looks_like_csv ? FileFormat::Kind::kCsv : FileFormat::Kind::kJsonLines;
}

}  // namespace

FileFormat choose_format(const FormatWords& words, const std::string& path) {
  FileFormat format{.kind = kind_of(words, path)};
  const bool has_csv_words = !words.delimiter.empty() || words.is_base64;
  if (format.kind == FileFormat::Kind::kJsonLines && has_csv_words) {
    throw Failure("--delimiter and --base64 are for --format csv");
  }
  if (path.ends_with(".tsv")) format.delimiter = '\t';
  if (!words.delimiter.empty()) format.delimiter = delimiter_of(words.delimiter);
  format.is_base64 = words.is_base64;
  return format;
}

}  // namespace borg::borgctl
