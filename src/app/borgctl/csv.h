// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/borgctl/record.h"

namespace borg::borgctl {

/// Splits CSV (RFC 4180) into records, a line at a time: a quoted field may hold line ends.
///
/// Stricter than many: a quote inside an unquoted field and text behind a closing quote are
/// errors, because what was meant is anyone's guess.
class CsvSplitter {
 public:
  enum class Status { kRecord, kNeedLine, kError };

  explicit CsvSplitter(char delimiter) : delimiter_(delimiter) {}

  /// Takes a line with its line end (the file's last one may have none). After kRecord
  /// fields() is the record, after kError error() says why; both until the next line.
  Status feed(std::string_view line);
  /// Forgets a record that is not complete.
  void reset() { is_new_record_ = true; }
  [[nodiscard]] std::vector<std::string>& fields() { return fields_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  enum class State { kStart, kUnquoted, kQuoted, kQuoteSeen };
  bool step(char c);
  bool fail(std::string why);
  void end_field();

  char delimiter_;
  State state_ = State::kStart;
  bool is_new_record_ = true;
  std::string field_;
  std::vector<std::string> fields_;
  std::string error_;
};

/// Which column is what. Without a header: key,value[,expires_at_ms].
struct CsvColumns {
  enum class Kind { kKey, kValue, kKeyBase64, kValueBase64, kTtlMs, kExpiresAtMs };
  std::vector<Kind> kinds = {Kind::kKey, Kind::kValue, Kind::kExpiresAtMs};
  bool may_miss_last = true;
};

/// Whether this first record names columns: its fields are names of ours, a key and a value
/// among them.
[[nodiscard]] bool is_csv_header(const std::vector<std::string>& fields);
/// REQUIRES: is_csv_header(fields).
[[nodiscard]] CsvColumns csv_columns(const std::vector<std::string>& fields);
[[nodiscard]] RecordResult csv_record(const CsvColumns& columns, std::vector<std::string> fields);

struct CsvStyle {
  char delimiter = ',';
  bool is_base64 = false;  ///< columns key_base64 and value_base64
};
[[nodiscard]] std::string csv_header(const CsvStyle& style);
/// Whether CSV can carry these bytes as they are: UTF-8 without NUL.
[[nodiscard]] bool fits_csv(std::string_view bytes);
/// Appends the record and a line end. REQUIRES: fits_csv() of both, or style.is_base64.
void append_csv_record(std::string& out, const Record& record, const CsvStyle& style);

}  // namespace borg::borgctl
