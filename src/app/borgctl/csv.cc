// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

using Kind = CsvColumns::Kind;

struct ColumnName {
  std::string_view name;
  Kind kind;
};
constexpr ColumnName kColumnNames[] = {
    {"key", Kind::kKey},
    {"value", Kind::kValue},
    {"key_base64", Kind::kKeyBase64},
    {"value_base64", Kind::kValueBase64},
    {"ttl_ms", Kind::kTtlMs},
    {"expires_at_ms", Kind::kExpiresAtMs},
};

std::optional<Kind> column_kind(std::string_view name) {
  for (const ColumnName& column : kColumnNames) {
    if (column.name == name) return column.kind;
  }
  return std::nullopt;
}

bool is_key(Kind kind) { return kind == Kind::kKey || kind == Kind::kKeyBase64; }
bool is_value(Kind kind) { return kind == Kind::kValue || kind == Kind::kValueBase64; }

std::string read_plain(std::string field, std::string& out) {
  if (!fits_csv(field)) {
    return "holds bytes that are not text: use --format jsonl, or columns key_base64 and "
           "value_base64";
  }
  out = std::move(field);
  return "";
}

std::string read_base64(const std::string& field, std::string& out) {
  std::optional<std::string> bytes = from_base64(field);
  if (!bytes) return "not base64";
  out = std::move(*bytes);
  return "";
}

std::string read_positive(const std::string& field, std::optional<std::int64_t>& out) {
  if (field.empty()) return "";
  std::int64_t number = 0;
  const char* const end = field.data() + field.size();
  const auto [rest, error] = std::from_chars(field.data(), end, number);
  if (error != std::errc{} || rest != end || number <= 0) {
    return fmt::format("{} is not a positive whole number", in_quotes(field));
  }
  out = number;
  return "";
}

/// An empty text if all is well, else why not.
std::string read_field(Kind kind, std::string field, Record& record) {
  switch (kind) {
    case Kind::kKey:
      return read_plain(std::move(field), record.key);
    case Kind::kValue:
      return read_plain(std::move(field), record.value);
    case Kind::kKeyBase64:
      return read_base64(field, record.key);
    case Kind::kValueBase64:
      return read_base64(field, record.value);
    case Kind::kTtlMs:
      return read_positive(field, record.ttl_ms);
    case Kind::kExpiresAtMs:
      return read_positive(field, record.expires_at_ms);
  }
  return "";
}

void append_field(std::string& out, std::string_view field, char delimiter) {
  const bool needs_quotes = field.empty() || field.front() == ' ' || field.back() == ' ' ||
                            field.find_first_of("\"\r\n") != std::string_view::npos ||
                            field.find(delimiter) != std::string_view::npos;
  if (!needs_quotes) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

bool CsvSplitter::fail(std::string why) {
  error_ = std::move(why);
  state_ = State::kStart;
  is_new_record_ = true;
  return false;
}

void CsvSplitter::end_field() {
  fields_.push_back(std::move(field_));
  field_.clear();
  state_ = State::kStart;
}

bool CsvSplitter::step(char c) {
  if (state_ == State::kQuoted) {
    if (c == '"') {
      state_ = State::kQuoteSeen;
    } else {
      field_ += c;
    }
    return true;
  }
  if (c == delimiter_) {
    end_field();
    return true;
  }
  if (c == '"') {
    if (state_ == State::kUnquoted) return fail("a quote inside a field that is not quoted");
    if (state_ == State::kQuoteSeen) field_ += '"';
    state_ = State::kQuoted;
    return true;
  }
  if (state_ == State::kQuoteSeen) return fail("text behind a closing quote");
  field_ += c;
  state_ = State::kUnquoted;
  return true;
}

CsvSplitter::Status CsvSplitter::feed(std::string_view line) {
  if (is_new_record_) {
    fields_.clear();
    field_.clear();
    state_ = State::kStart;
    is_new_record_ = false;
  }
  std::string_view text = line;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  for (const char c : text) {
    if (!step(c)) return Status::kError;
  }
  if (state_ == State::kQuoted) {
    field_ += line.substr(text.size());
    return Status::kNeedLine;
  }
  end_field();
  is_new_record_ = true;
  return Status::kRecord;
}

bool is_csv_header(const std::vector<std::string>& fields) {
  int keys = 0;
  int values = 0;
  for (const std::string& field : fields) {
    const std::optional<Kind> kind = column_kind(field);
    if (!kind || std::count(fields.begin(), fields.end(), field) > 1) return false;
    keys += is_key(*kind) ? 1 : 0;
    values += is_value(*kind) ? 1 : 0;
  }
  return keys == 1 && values == 1;
}

CsvColumns csv_columns(const std::vector<std::string>& fields) {
  CsvColumns columns{.kinds = {}, .may_miss_last = false};
  for (const std::string& field : fields) columns.kinds.push_back(*column_kind(field));
  return columns;
}

RecordResult csv_record(const CsvColumns& columns, std::vector<std::string> fields) {
  const std::size_t wanted = columns.kinds.size();
  const bool fits =
      fields.size() == wanted || (columns.may_miss_last && fields.size() + 1 == wanted);
  if (!fits) {
    const std::string range = columns.may_miss_last ? fmt::format("{} or {}", wanted - 1, wanted)
                                                    : std::to_string(wanted);
    return BadRecord{fmt::format("{} fields instead of {}", fields.size(), range)};
  }
  Record record;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string why = read_field(columns.kinds[i], std::move(fields[i]), record);
    if (!why.empty()) return BadRecord{fmt::format("field {}: {}", i + 1, why)};
  }
  return record;
}

std::string csv_header(const CsvStyle& style) {
  const std::string_view suffix = style.is_base64 ? "_base64" : "";
  return fmt::format("key{0}{1}value{0}{1}expires_at_ms\r\n", suffix, style.delimiter);
}

bool fits_csv(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos && is_utf8(bytes);
}

void append_csv_record(std::string& out, const Record& record, const CsvStyle& style) {
  const auto append = [&](const std::string& bytes) {
    append_field(out, style.is_base64 ? to_base64(bytes) : bytes, style.delimiter);
    out += style.delimiter;
  };
  append(record.key);
  append(record.value);
  if (record.expires_at_ms) out += std::to_string(*record.expires_at_ms);
  out += "\r\n";
}

}  // namespace borg::borgctl
