// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "sim/model.h"
#include "sim/redis_integer.h"

namespace borg::sim {
namespace {

/// A state is empty (no key) or '=' and the value.
using Value = std::optional<std::string>;
using Args = std::vector<std::string>;
using Step = Model::Step;

Value value_of(const std::string& state) {
  if (state.empty()) return std::nullopt;
  return state.substr(1);
}
std::string present(std::string_view value) { return "=" + std::string(value); }
Reply reply_of(const Value& value) { return value ? Reply::value(*value) : Reply::nil(); }

bool is_option(const std::string& text, std::string_view upper) {
  return std::equal(text.begin(), text.end(), upper.begin(), upper.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
}

bool has_option(const Args& args, std::string_view option) {
  return std::any_of(args.begin() + 1, args.end(),
                     [&](const std::string& arg) { return is_option(arg, option); });
}

Step get(const Value& old, const Args&) { return {old ? present(*old) : "", reply_of(old)}; }

Step set(const Value& old, const Args& args) {
  const bool is_refused = (has_option(args, "NX") && old) || (has_option(args, "XX") && !old);
  const Reply done = is_refused ? Reply::nil() : Reply::ok();
  return {is_refused ? (old ? present(*old) : "") : present(args[0]),
          has_option(args, "GET") ? reply_of(old) : done};
}

Step setnx(const Value& old, const Args& args) {
  return {present(old ? *old : args[0]), Reply::number(old ? 0 : 1)};
}

Step getset(const Value& old, const Args& args) { return {present(args[0]), reply_of(old)}; }

Step getdel(const Value& old, const Args&) { return {"", reply_of(old)}; }

Step del(const Value& old, const Args&) { return {"", Reply::number(old ? 1 : 0)}; }

Step exists(const Value& old, const Args&) {
  return {old ? present(*old) : "", Reply::number(old ? 1 : 0)};
}

Step strlen(const Value& old, const Args&) {
  return {old ? present(*old) : "",
          Reply::number(old ? static_cast<std::int64_t>(old->size()) : 0)};
}

Step append(const Value& old, const Args& args) {
  const std::string value = old.value_or("") + args[0];
  return {present(value), Reply::number(static_cast<std::int64_t>(value.size()))};
}

Step add(const Value& old, std::optional<std::int64_t> by) {
  const std::optional<std::int64_t> now = old ? redis_integer(*old) : 0;
  std::int64_t sum = 0;
  if (!now || !by || __builtin_add_overflow(*now, *by, &sum)) {
    return {old ? present(*old) : "", Reply::error("ERR")};
  }
  return {present(std::to_string(sum)), Reply::number(sum)};
}

Step incr(const Value& old, const Args&) { return add(old, 1); }
Step decr(const Value& old, const Args&) { return add(old, -1); }
Step incrby(const Value& old, const Args& args) { return add(old, redis_integer(args[0])); }
Step decrby(const Value& old, const Args& args) {
  const std::optional<std::int64_t> by = redis_integer(args[0]);
  if (!by || *by == std::numeric_limits<std::int64_t>::min()) return add(old, std::nullopt);
  return add(old, -*by);
}

struct Command {
  std::string_view name;
  std::size_t args_min;
  std::size_t args_max;
  Step (*apply)(const Value& old, const Args& args);
};
constexpr Command kCommands[] = {
    {"append", 1, 1, append}, {"decr", 0, 0, decr},     {"decrby", 1, 1, decrby},
    {"del", 0, 0, del},       {"exists", 0, 0, exists}, {"get", 0, 0, get},
    {"getdel", 0, 0, getdel}, {"getset", 1, 1, getset}, {"incr", 0, 0, incr},
    {"incrby", 1, 1, incrby}, {"set", 1, 3, set},       {"setnx", 1, 1, setnx},
    {"strlen", 0, 0, strlen},
};

const Command* find(const Operation& operation) {
  for (const Command& command : kCommands) {
    if (command.name == operation.name) return &command;
  }
  return nullptr;
}

bool are_set_options(const Args& args) {
  return std::all_of(args.begin() + 1, args.end(), [](const std::string& arg) {
    return is_option(arg, "NX") || is_option(arg, "XX") || is_option(arg, "GET");
  });
}

}  // namespace

bool StringModel::knows(const Operation& operation) const {
  const Command* command = find(operation);
  const std::size_t n = operation.args.size();
  if (command == nullptr || n < command->args_min || n > command->args_max) return false;
  return command->name != "set" || are_set_options(operation.args);
}

Model::Step StringModel::apply(const std::string& state, const Operation& operation) const {
  const Command* command = find(operation);
  BORG_CHECK(command != nullptr);
  return command->apply(value_of(state), operation.args);
}

bool StringModel::is_neutral(const Operation& operation) const {
  const std::string_view name = operation.name;
  const Reply& reply = operation.reply;
  const bool is_nil = reply.kind == Reply::Kind::kNil;
  if (reply.kind == Reply::Kind::kError) return true;
  if (name == "get" || name == "exists" || name == "strlen") return true;
  if (name == "del" || name == "setnx") return reply == Reply::number(0);
  if (name == "getdel") return is_nil;
  if (name != "set") return false;
  if (!has_option(operation.args, "GET")) return is_nil;
  return has_option(operation.args, is_nil ? "XX" : "NX");
}

std::string StringModel::describe_state(const std::string& state) const {
  return describe(reply_of(value_of(state)));
}

}  // namespace borg::sim
