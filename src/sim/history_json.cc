// SPDX-License-Identifier: Apache-2.0
#include "sim/history_json.h"

#include <algorithm>
#include <boost/json/src.hpp>
#include <stdexcept>

namespace borg::sim {
namespace {

namespace json = boost::json;

std::string string_of(const json::value& value) { return std::string(value.as_string()); }

Reply reply_of(const json::value& value) {
  if (value.is_null()) return Reply::nil();
  if (value.is_int64()) return Reply::number(value.as_int64());
  if (value.is_object()) return Reply::error(string_of(value.as_object().at("error")));
  return Reply::value(string_of(value));
}

Outcome outcome_of(std::string_view text) {
  if (text == "ok") return Outcome::kOk;
  if (text == "failed") return Outcome::kFailed;
  if (text == "unknown") return Outcome::kUnknown;
  throw std::runtime_error("outcome must be ok, failed or unknown");
}

Operation operation_of(const json::object& line) {
  Operation operation;
  operation.client = line.at("client").to_number<std::uint64_t>();
  operation.key = string_of(line.at("key"));
  operation.name = string_of(line.at("op"));
  std::transform(operation.name.begin(), operation.name.end(), operation.name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (const json::value* args = line.if_contains("args")) {
    for (const json::value& arg : args->as_array()) operation.args.push_back(string_of(arg));
  }
  operation.invoked = line.at("invoke").to_number<std::int64_t>();
  operation.outcome = outcome_of(line.at("outcome").as_string());
  operation.returned = operation.invoked;
  if (operation.outcome != Outcome::kOk) return operation;
  operation.returned = line.at("return").to_number<std::int64_t>();
  operation.reply = reply_of(line.at("result"));
  if (operation.returned < operation.invoked) throw std::runtime_error("returns before it began");
  return operation;
}

}  // namespace

std::variant<Operation, LineError> operation_from_json(std::string_view line) {
  // The library reports what is wrong with a line by throwing; it goes no further than here.
  try {
    return operation_of(json::parse(json::string_view(line.data(), line.size())).as_object());
  } catch (const std::exception& error) {
    return LineError{error.what()};
  }
}

}  // namespace borg::sim
