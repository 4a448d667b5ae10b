// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/reply_text.h"

#include <fmt/format.h>

#include <cstddef>

#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

using resp::Value;
using Kind = Value::Kind;

std::string scalar_text(const Value& reply) {
  switch (reply.kind) {
    case Kind::kSimple:
      return reply.text;
    case Kind::kError:
      return "(error) " + reply.text;
    case Kind::kInteger:
      return fmt::format("(integer) {}", reply.integer);
    case Kind::kDouble:
      return "(double) " + reply.text;
    case Kind::kBoolean:
      return reply.integer != 0 ? "(true)" : "(false)";
    case Kind::kBigNumber:
    case Kind::kVerbatim:
      return reply.text;
    case Kind::kNull:
      return "(nil)";
    default:
      return in_quotes(reply.text);
  }
}

bool is_aggregate(const Value& reply) {
  return reply.kind == Kind::kArray || reply.kind == Kind::kMap || reply.kind == Kind::kSet ||
         reply.kind == Kind::kPush;
}

const char* empty_text(Kind kind) {
  if (kind == Kind::kMap) return "(empty hash)";
  return kind == Kind::kSet ? "(empty set)" : "(empty array)";
}

char mark_of(Kind kind) {
  if (kind == Kind::kMap) return '#';
  return kind == Kind::kSet ? '~' : ')';
}

/// Appends the reply without a newline. `indent` is where the lines after the first begin.
void append_text(std::string& out, const Value& reply, std::size_t indent) {
  if (!is_aggregate(reply)) {
    out += scalar_text(reply);
    return;
  }
  if (reply.elements.empty()) {
    out += empty_text(reply.kind);
    return;
  }
  const std::size_t step = reply.kind == Kind::kMap ? 2 : 1;
  const std::size_t rows = reply.elements.size() / step;
  const std::size_t width = std::to_string(rows).size();
  for (std::size_t row = 0; row < rows; ++row) {
    if (row > 0) out += "\n" + std::string(indent, ' ');
    const std::string number = fmt::format("{:>{}}{} ", row + 1, width, mark_of(reply.kind));
    out += number;
    append_text(out, reply.elements[row * step], indent + number.size());
    if (step == 1) continue;
    out += " => ";
    append_text(out, reply.elements[row * step + 1], indent + number.size() + 4);
  }
}

void append_raw(std::string& out, const Value& reply) {
  if (is_aggregate(reply)) {
    for (const Value& element : reply.elements) append_raw(out, element);
    return;
  }
  if (reply.kind == Kind::kInteger || reply.kind == Kind::kBoolean) {
    out += std::to_string(reply.integer);
  } else {
    out += reply.text;
  }
  if (!out.ends_with('\n') || reply.text.empty()) out += '\n';
}

}  // namespace

std::string reply_text(const Value& reply) {
  std::string out;
  append_text(out, reply, 0);
  return out + "\n";
}

std::string raw_reply_text(const Value& reply) {
  std::string out;
  append_raw(out, reply);
  return out;
}

}  // namespace borg::borgctl
