// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

namespace borg::sim {
namespace {

constexpr std::size_t kShownBytesMax = 60;

std::string shown(const std::string& text) {
  std::string result;
  for (const char c : text.substr(0, kShownBytesMax)) result += c < ' ' || c > '~' ? '?' : c;
  if (text.size() > kShownBytesMax) result += "... (" + std::to_string(text.size()) + " bytes)";
  return result;
}

}  // namespace

std::string describe(const Reply& reply) {
  if (reply.kind == Reply::Kind::kNil) return "nil";
  const std::string text = shown(reply.text);
  return reply.kind == Reply::Kind::kError ? "error " + text : "\"" + text + "\"";
}

std::string describe(const Operation& operation) {
  const bool is_known = operation.outcome != Outcome::kUnknown;
  std::string text =
      "client " + std::to_string(operation.client) + " [" + std::to_string(operation.invoked) +
      ", " + (is_known ? std::to_string(operation.returned) : "...") + "] " + operation.name;
  for (const std::string& arg : operation.args) text += " " + shown(arg);
  if (!is_known) return text + " -> unknown";
  if (operation.outcome == Outcome::kFailed) return text + " -> failed";
  return text + " -> " + describe(operation.reply);
}

}  // namespace borg::sim
