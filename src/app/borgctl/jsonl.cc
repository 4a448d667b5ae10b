// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/jsonl.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <vector>

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
    if (name == "type") return text(name, value, type_);
    if (is_of_container(value)) return items(name, value);
    if (name == "value") return text(name, value, value_);
    if (name == "key_base64") return base64(name, value, key_);
    if (name == "value_base64") return base64(name, value, value_);
    if (name == "ttl_ms") return positive(name, value, ttl_ms_);
    if (name == "expires_at_ms") return positive(name, value, expires_at_ms_);
    return fmt::format("unknown field {}", in_quotes(name));
  }

  RecordResult finish() && {
    if (!key_) return BadRecord{"no key"};
    Record record{.key = std::move(*key_),
                  .value = {},
                  .container = {},
                  .ttl_ms = ttl_ms_,
                  .expires_at_ms = expires_at_ms_};
    if (!type_ || *type_ == "string") {
      if (!value_) return BadRecord{items_ ? "value is not a string" : "no value"};
      record.value = std::move(*value_);
      return record;
    }
    if (std::string why = take_container(record); !why.empty()) return BadRecord{why};
    return record;
  }

 private:
  using Bytes = std::optional<std::string>;

  static bool is_of_container(const json::value& value) {
    return value.is_array() || value.is_object();
  }

  /// The elements of an array, or the names and values of an object.
  std::string items(std::string_view name, const json::value& value) {
    if (name != "value" && name != "value_base64") return fmt::format("{} is not a string", name);
    if (items_ || value_) return fmt::format("{} is there twice", name);
    items_.emplace();
    const bool is_base64 = name == "value_base64";
    is_object_ = value.is_object();
    if (!is_object_) {
      for (const json::value& item : value.get_array()) {
        if (!add_item(item, is_base64)) return bad_item(is_base64);
      }
      return "";
    }
    for (const auto& [field, item] : value.get_object()) {
      if (!add_item(json::value(field), is_base64) || !add_item(item, is_base64)) {
        return bad_item(is_base64);
      }
    }
    return "";
  }

  static std::string bad_item(bool is_base64) {
    return is_base64 ? "an element is not base64" : "an element is not a string";
  }

  bool add_item(const json::value& item, bool is_base64) {
    const json::string* const string = item.if_string();
    if (string == nullptr) return false;
    if (!is_base64) {
      items_->emplace_back(*string);
      return true;
    }
    auto decoded = from_base64(*string);
    if (decoded) items_->push_back(std::move(*decoded));
    return decoded.has_value();
  }

  std::string take_container(Record& record) {
    if (!is_container_type(*type_)) return fmt::format("unknown type {}", in_quotes(*type_));
    if (!items_) return value_ ? fmt::format("value is not that of a {}", *type_) : "no value";
    Container container{*type_, std::move(*items_)};
    if (container.has_pairs() != is_object_)
      return fmt::format("value is not that of a {}", *type_);
    if (container.items.empty()) return fmt::format("an empty {}", *type_);
    for (std::size_t i = 1; *type_ == "zset" && i < container.items.size(); i += 2) {
      if (!is_score(container.items[i])) return "a score is not a number";
    }
    record.container = std::move(container);
    return "";
  }

  static bool is_score(const std::string& text) {
    char* end = nullptr;
    const double score = std::strtod(text.c_str(), &end);
    return !text.empty() && *end == '\0' && end == text.c_str() + text.size() && !std::isnan(score);
  }

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
  Bytes type_;
  std::optional<std::vector<std::string>> items_;
  bool is_object_ = false;
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

namespace {

/// Either all items of it stand there as text, or all of them in base64.
void append_json_container(std::string& out, const Container& container) {
  const bool is_text = std::ranges::all_of(container.items, is_utf8);
  fmt::format_to(std::back_inserter(out), "\"type\": \"{}\", \"{}\": ", container.type,
                 is_text ? "value" : "value_base64");
  out += container.has_pairs() ? '{' : '[';
  for (std::size_t i = 0; i < container.items.size(); ++i) {
    if (i > 0) out += container.has_pairs() && i % 2 == 1 ? ": " : ", ";
    append_json_string(out, is_text ? container.items[i] : to_base64(container.items[i]));
  }
  out += container.has_pairs() ? '}' : ']';
}

}  // namespace

void append_json_record(std::string& out, const Record& record) {
  out += '{';
  append_json_bytes(out, "key", record.key);
  out += ", ";
  if (record.container) {
    append_json_container(out, *record.container);
  } else {
    append_json_bytes(out, "value", record.value);
  }
  const auto append_number = [&out](const char* name, std::int64_t number) {
    fmt::format_to(std::back_inserter(out), ", \"{}\": {}", name, number);
  };
  if (record.ttl_ms) append_number("ttl_ms", *record.ttl_ms);
  if (record.expires_at_ms) append_number("expires_at_ms", *record.expires_at_ms);
  out += "}\n";
}

}  // namespace borg::borgctl
