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

using Args = std::vector<std::string>;

/// What an expiry is to the model: from when on the key may be gone, after what it must be.
struct Expiry {
  std::int64_t from = 0;
  std::int64_t until = 0;
  std::string id;  ///< of the operation that set it
};

/// A key's state, as bytes: "" without a key, '=' and the value, '@' and the expiry's numbers and
/// id before that, or '?' if a loss was accepted and it is not known what is left.
struct State {
  std::optional<std::string> value;
  std::optional<Expiry> expiry;
  bool is_lost = false;
};

constexpr const char* kLost = "?";

std::string to_bytes(const State& state) {
  if (state.is_lost) return kLost;
  if (!state.value) return {};
  if (!state.expiry) return "=" + *state.value;
  return "@" + std::to_string(state.expiry->from) + " " + std::to_string(state.expiry->until) +
         " " + state.expiry->id + "=" + *state.value;
}

State from_bytes(const std::string& bytes) {
  if (bytes.empty()) return {};
  if (bytes == kLost) return {.value = std::nullopt, .expiry = std::nullopt, .is_lost = true};
  if (bytes.front() == '=') return {.value = bytes.substr(1), .expiry = {}, .is_lost = false};
  const std::size_t second = bytes.find(' ') + 1;
  const std::size_t third = bytes.find(' ', second) + 1;
  const std::size_t end = bytes.find('=', third);
  return {.value = bytes.substr(end + 1),
          .expiry = Expiry{std::stoll(bytes.substr(1)), std::stoll(bytes.substr(second)),
                           bytes.substr(third, end - third)},
          .is_lost = false};
}

Reply reply_of(const std::optional<std::string>& value) {
  return value ? Reply::value(*value) : Reply::nil();
}

/// Equal to no reply that there is: the operation cannot happen to this state.
Reply impossible() { return Reply::value(std::string(1, '\0') + "impossible"); }

bool is_option(const std::string& text, std::string_view upper) {
  return std::equal(text.begin(), text.end(), upper.begin(), upper.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
}

bool has_option(const Args& args, std::string_view option) {
  for (std::size_t i = 1; i < args.size(); ++i) {
    if (is_option(args[i], option)) return true;
    if (is_option(args[i], "IFEQ")) ++i;
  }
  return false;
}

/// The last three of the arguments: see with_expiries().
Expiry expiry_of(const Args& args) {
  const std::size_t n = args.size();
  return {std::stoll(args[n - 3]), std::stoll(args[n - 2]), args[n - 1]};
}

Reply get(State& state, const Args&) { return reply_of(state.value); }

/// The value that SET IFEQ expects, if it is that.
const std::string* expected_by_set(const Args& args) {
  for (std::size_t i = 1; i + 1 < args.size(); ++i) {
    if (is_option(args[i], "IFEQ")) return &args[i + 1];
  }
  return nullptr;
}

Reply set(State& state, const Args& args) {
  const std::optional<std::string> old = state.value;
  const std::string* const expected = expected_by_set(args);
  const bool is_refused = (has_option(args, "NX") && old) || (has_option(args, "XX") && !old) ||
                          (expected != nullptr && old != *expected);
  if (!is_refused) {
    state.value = args[0];
    state.expiry = has_option(args, "PX") ? std::optional(expiry_of(args)) : std::nullopt;
  }
  const Reply done = is_refused ? Reply::nil() : Reply::ok();
  return has_option(args, "GET") ? reply_of(old) : done;
}

Reply setnx(State& state, const Args& args) {
  if (state.value) return Reply::number(0);
  state = {.value = args[0], .expiry = {}, .is_lost = false};
  return Reply::number(1);
}

Reply cas(State& state, const Args& args) {
  if (!state.value) return Reply::number(-1);
  if (*state.value != args[0]) return Reply::number(0);
  state = {.value = args[1], .expiry = {}, .is_lost = false};
  return Reply::number(1);
}

Reply delifeq(State& state, const Args& args) {
  if (state.value != args[0]) return Reply::number(0);
  state = {};
  return Reply::number(1);
}

Reply getset(State& state, const Args& args) {
  const Reply old = reply_of(state.value);
  state = {.value = args[0], .expiry = {}, .is_lost = false};
  return old;
}

Reply getdel(State& state, const Args&) {
  const Reply old = reply_of(state.value);
  state = {};
  return old;
}

Reply del(State& state, const Args&) {
  const bool is_there = state.value.has_value();
  state = {};
  return Reply::number(is_there ? 1 : 0);
}

Reply remove(State& state, const Args&) {
  state = {};
  return Reply::ok();
}

Reply exists(State& state, const Args&) { return Reply::number(state.value ? 1 : 0); }

Reply strlen(State& state, const Args&) {
  return Reply::number(state.value ? static_cast<std::int64_t>(state.value->size()) : 0);
}

Reply append(State& state, const Args& args) {
  state.value = state.value.value_or("") + args[0];
  return Reply::number(static_cast<std::int64_t>(state.value->size()));
}

Reply add(State& state, std::optional<std::int64_t> by) {
  const std::optional<std::int64_t> now = state.value ? redis_integer(*state.value) : 0;
  std::int64_t sum = 0;
  if (!now || !by || __builtin_add_overflow(*now, *by, &sum)) return Reply::error("ERR");
  state.value = std::to_string(sum);
  return Reply::number(sum);
}

Reply incr(State& state, const Args&) { return add(state, 1); }
Reply decr(State& state, const Args&) { return add(state, -1); }
Reply incrby(State& state, const Args& args) { return add(state, redis_integer(args[0])); }
Reply decrby(State& state, const Args& args) {
  const std::optional<std::int64_t> by = redis_integer(args[0]);
  if (!by || *by == std::numeric_limits<std::int64_t>::min()) return add(state, std::nullopt);
  return add(state, -*by);
}

Reply pexpire(State& state, const Args& args) {
  if (!state.value) return Reply::number(0);
  state.expiry = expiry_of(args);
  return Reply::number(1);
}

Reply persist(State& state, const Args&) {
  const bool had = state.expiry.has_value();
  state.expiry.reset();
  return Reply::number(had ? 1 : 0);
}

Reply getex(State& state, const Args& args) {
  if (state.value) state.expiry = expiry_of(args);
  return reply_of(state.value);
}

/// The arguments: between when and when the expiry that was answered lies.
Reply pttl(State& state, const Args& args) {
  if (!state.value) return Reply::number(-2);
  if (!state.expiry) return Reply::number(-1);
  const bool fits = args.size() == 2 && std::stoll(args[0]) <= state.expiry->until &&
                    std::stoll(args[1]) >= state.expiry->from;
  return fits ? Reply::ok() : impossible();
}

/// The time has come: to whatever has the expiry of this id.
Reply expire(State& state, const Args& args) {
  if (state.expiry && state.expiry->id == args[0]) state = {};
  return Reply::ok();
}

Reply lose(State& state, const Args&) {
  state = {.value = std::nullopt, .expiry = std::nullopt, .is_lost = true};
  return Reply::ok();
}

/// What may be left after a loss: no argument, a value, or a value and an expiry.
Reply recover(State& state, const Args& args) {
  if (!state.is_lost) return impossible();
  state = {};
  if (!args.empty()) state.value = args[0];
  if (args.size() == 4) state.expiry = expiry_of(args);
  return Reply::ok();
}

struct Command {
  std::string_view name;
  std::size_t args_min;
  std::size_t args_max;
  Reply (*apply)(State& state, const Args& args);
};
constexpr Command kCommands[] = {
    {"append", 1, 1, append},   {"cas", 2, 2, cas},         {"decr", 0, 0, decr},
    {"decrby", 1, 1, decrby},   {"del", 0, 0, del},         {"delifeq", 1, 1, delifeq},
    {"exists", 0, 0, exists},   {"expire", 1, 1, expire},   {"get", 0, 0, get},
    {"getdel", 0, 0, getdel},   {"getex", 3, 3, getex},     {"getset", 1, 1, getset},
    {"incr", 0, 0, incr},       {"incrby", 1, 1, incrby},   {"lose", 0, 0, lose},
    {"persist", 0, 0, persist}, {"pexpire", 3, 3, pexpire}, {"pttl", 0, 2, pttl},
    {"recover", 0, 4, recover}, {"remove", 0, 0, remove},   {"set", 1, 8, set},
    {"setnx", 1, 1, setnx},     {"strlen", 0, 0, strlen},
};

const Command* find(const Operation& operation) {
  for (const Command& command : kCommands) {
    if (command.name == operation.name) return &command;
  }
  return nullptr;
}

bool are_set_options(const Args& args) {
  const bool expires = has_option(args, "PX");
  if (expires && args.size() < 5) return false;
  const std::size_t end = args.size() - (expires ? 3 : 0);
  for (std::size_t i = 1; i < end; ++i) {
    const std::string& arg = args[i];
    const bool compares = is_option(arg, "IFEQ") && i + 1 < end;
    if (compares) ++i;
    if (!compares && !is_option(arg, "NX") && !is_option(arg, "XX") && !is_option(arg, "GET") &&
        !is_option(arg, "PX")) {
      return false;
    }
  }
  return true;
}

bool is_neutral_set(const Args& args, const Reply& reply) {
  const bool is_nil = reply.kind == Reply::Kind::kNil;
  if (!has_option(args, "GET")) return is_nil;
  const std::string* const expected = expected_by_set(args);
  if (expected != nullptr) return is_nil || reply.text != *expected;
  return has_option(args, is_nil ? "XX" : "NX");
}

}  // namespace

bool StringModel::knows(const Operation& operation) const {
  const Command* command = find(operation);
  const std::size_t n = operation.args.size();
  if (command == nullptr || n < command->args_min || n > command->args_max) return false;
  return command->name != "set" || are_set_options(operation.args);
}

Model::Step StringModel::apply(const std::string& bytes, const Operation& operation) const {
  const Command* command = find(operation);
  BORG_CHECK(command != nullptr);
  State state = from_bytes(bytes);
  const bool is_known = operation.outcome == Outcome::kOk;
  if (state.is_lost && command->apply != lose && command->apply != recover) {
    return {bytes, impossible()};
  }
  // It begins after the key's time: that has to happen first. If the outcome is unknown this
  // would force what may never have happened.
  if (state.expiry && operation.invoked > state.expiry->until) {
    if (is_known) return {bytes, impossible()};
    if (command->apply != expire) state = {};
  }
  const Reply reply = command->apply(state, operation.args);
  return {to_bytes(state), reply};
}

bool StringModel::is_read(const Operation& operation) const {
  const std::string_view name = operation.name;
  return name == "get" || name == "exists" || name == "strlen" || name == "pttl";
}

bool StringModel::is_neutral(const Operation& operation) const {
  const std::string_view name = operation.name;
  const Reply& reply = operation.reply;
  const bool is_nil = reply.kind == Reply::Kind::kNil;
  if (reply.kind == Reply::Kind::kError) return true;
  if (is_read(operation)) return true;
  if (name == "del" || name == "delifeq" || name == "setnx" || name == "pexpire" ||
      name == "persist") {
    return reply == Reply::number(0);
  }
  if (name == "cas") return reply != Reply::number(1);
  if (name == "getdel" || name == "getex") return is_nil;
  return name == "set" && is_neutral_set(operation.args, reply);
}

std::string StringModel::describe_state(const std::string& state) const {
  const State parsed = from_bytes(state);
  if (parsed.is_lost) return "lost";
  return describe(reply_of(parsed.value)) + (parsed.expiry ? " until it expires" : "");
}

}  // namespace borg::sim
