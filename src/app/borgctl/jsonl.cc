// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/jsonl.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <iterator>
#include <optional>

#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

namespace json = boost::json;

/// Fills a record from the fields of one object, each of which may stand there once.
class FieldReader {
 public:
  /// An empty text if all is well, else why not.
  std::string read(std::string_view name, const json::value& value) {
    if (name == "key") return text(name, value, key_);
    if (name == "value") return text(name, value, value_);
    if (name == "key_base64") return base64(name, value, key_);
    if (name == "value_base64") return base64(name, value, value_);
    if (name == "ttl_ms") return positive(name, value, ttl_ms_);
    if (name == "expires_at_ms") return positive(name, value, expires_at_ms_);
    return fmt::format("unknown field {}", in_quotes(name));
  }

  RecordResult finish() && {
    if (!key_) return BadRecord{"no key"};
    if (!value_) return BadRecord{"no value"};
    return Record{std::move(*key_), std::move(*value_), ttl_ms_, expires_at_ms_};
  }

 private:
  using Bytes = std::optional<std::string>;

  static std::string text(std::string_view name, const json::value& value, Bytes& out) {
    if (out) return fmt::format("{} is there twice", name);
    const json::string* string = value.if_string();
    if (string == nullptr) return fmt::format("{} is not a string", name);
    out.emplace(*string);
    return "";
  }

  static std::string base64(std::string_view name, const json::value& value, Bytes& out) {
    Bytes encoded;
    if (out) return fmt::format("{} is there beside the plain text", name);
    if (std::string why = text(name, value, encoded); !why.empty()) return why;
    out = from_base64(*encoded);
    return out ? "" : fmt::format("{} is not base64", name);
  }

  static std::string positive(std::string_view name, const json::value& value,
                              std::optional<std::int64_t>& out) {
    if (value.is_null()) return "";
    boost::system::error_code error;
    const auto number = value.to_number<std::int64_t>(error);
    if (error || number <= 0) return fmt::format("{} is not a positive whole number", name);
    out = number;
    return "";
  }

  Bytes key_;
  Bytes value_;
  std::optional<std::int64_t> ttl_ms_;
  std::optional<std::int64_t> expires_at_ms_;
};

}  // namespace

RecordResult parse_json_record(std::string_view line) {
  unsigned char memory[4096];
  json::monotonic_resource resource(memory, sizeof memory);
  boost::system::error_code error;
  const json::value root = json::parse(line, error, &resource);
  if (error) return BadRecord{fmt::format("not JSON: {}", error.message())};
  const json::object* object = root.if_object();
  if (object == nullptr) return BadRecord{"not a JSON object"};
  FieldReader reader;
  for (const auto& [name, value] : *object) {
    if (std::string why = reader.read(name, value); !why.empty()) return BadRecord{why};
  }
  return std::move(reader).finish();
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json_bytes(std::string& out, std::string_view name, std::string_view bytes) {
  if (is_utf8(bytes)) {
    fmt::format_to(std::back_inserter(out), "\"{}\": ", name);
    append_json_string(out, bytes);
  } else {
    fmt::format_to(std::back_inserter(out), "\"{}_base64\": \"{}\"", name, to_base64(bytes));
  }
}

void append_json_record(std::string& out, const Record& record) {
  out += '{';
  append_json_bytes(out, "key", record.key);
  out += ", ";
  append_json_bytes(out, "value", record.value);
  const auto append_number = [&out](const char* name, std::int64_t number) {
    fmt::format_to(std::back_inserter(out), ", \"{}\": {}", name, number);
  };
  if (record.ttl_ms) append_number("ttl_ms", *record.ttl_ms);
  if (record.expires_at_ms) append_number("expires_at_ms", *record.expires_at_ms);
  out += "}\n";
}

}  // namespace borg::borgctl
