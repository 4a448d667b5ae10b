// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>

#include "sim/model.h"
#include "sim/redis_integer.h"

namespace borg::sim {
namespace {

using Args = std::vector<std::string>;
using Elements = std::deque<std::string>;

// A state as bytes: the elements, each with a comma behind it, or '?' if a loss was accepted and
// it is not known what is left.
constexpr const char* kLost = "?";

Elements from_bytes(std::string_view bytes) {
  Elements elements;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find(',');
    elements.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  return elements;
}

std::string joined(const Elements& elements) {
  std::string bytes;
  for (const std::string& element : elements) bytes += element + ",";
  return bytes;
}

Reply size_of(const Elements& elements) {
  return Reply::number(static_cast<std::int64_t>(elements.size()));
}

Reply impossible() { return Reply::value(std::string(1, '\0') + "impossible"); }

enum class End : std::uint8_t { kFront, kBack };

std::string take(Elements& elements, End end) {
  std::string element;
  if (end == End::kFront) {
    element = std::move(elements.front());
    elements.pop_front();
  } else {
    element = std::move(elements.back());
    elements.pop_back();
  }
  return element;
}

/// Several at once if there is a number.
Reply pop(Elements& elements, const Args& args, End end) {
  if (elements.empty()) return Reply::nil();
  if (args.empty()) return Reply::value(take(elements, end));
  Elements taken;
  for (std::int64_t left = redis_integer(args[0]).value_or(0); left > 0; --left) {
    if (!elements.empty()) taken.push_back(take(elements, end));
  }
  return Reply::value(joined(taken));
}

/// The member and its score, which are written alike.
Reply pop_scored(Elements& elements, End end) {
  if (elements.empty()) return Reply::value("");
  const std::string member = take(elements, end);
  return Reply::value(joined({member, member}));
}

Reply rpush(Elements& elements, const Args& args) {
  elements.insert(elements.end(), args.begin(), args.end());
  return size_of(elements);
}

Reply lpush(Elements& elements, const Args& args) {
  for (const std::string& arg : args) elements.push_front(arg);
  return size_of(elements);
}

Reply lpop(Elements& elements, const Args& args) { return pop(elements, args, End::kFront); }
Reply rpop(Elements& elements, const Args& args) { return pop(elements, args, End::kBack); }

Reply rotate(Elements& elements, const Args&) {
  if (elements.empty()) return Reply::nil();
  elements.push_back(take(elements, End::kFront));
  return Reply::value(elements.back());
}

Reply zadd(Elements& elements, const Args& args) {
  std::int64_t added = 0;
  for (const std::string& arg : args) {
    const auto number = [](const std::string& text) { return redis_integer(text).value_or(0); };
    const auto at = std::ranges::lower_bound(elements, number(arg), {}, number);
    if (at != elements.end() && *at == arg) continue;
    elements.insert(at, arg);
    ++added;
  }
  return Reply::number(added);
}

Reply zpopmin(Elements& elements, const Args&) { return pop_scored(elements, End::kFront); }
Reply zpopmax(Elements& elements, const Args&) { return pop_scored(elements, End::kBack); }

Reply size(Elements& elements, const Args&) { return size_of(elements); }
Reply all(Elements& elements, const Args&) { return Reply::value(joined(elements)); }

Reply remove(Elements& elements, const Args&) {
  elements.clear();
  return Reply::ok();
}

struct Command {
  std::string_view name;
  std::size_t args_min;
  std::size_t args_max;
  Reply (*apply)(Elements& elements, const Args& args);
};
constexpr std::size_t kMany = 1000;
constexpr Command kCommands[] = {
    {"llen", 0, 0, size},  {"lpop", 0, 1, lpop},       {"lpush", 1, kMany, lpush},
    {"lrange", 0, 0, all}, {"remove", 0, 0, remove},   {"rotate", 0, 0, rotate},
    {"rpop", 0, 1, rpop},  {"rpush", 1, kMany, rpush}, {"zadd", 1, kMany, zadd},
    {"zcard", 0, 0, size}, {"zpopmax", 0, 0, zpopmax}, {"zpopmin", 0, 0, zpopmin},
    {"zrange", 0, 0, all},
};

const Command* find(const Operation& operation) {
  for (const Command& command : kCommands) {
    if (command.name == operation.name) return &command;
  }
  return nullptr;
}

bool is_of_loss(const Operation& operation) {
  return operation.name == "lose" || operation.name == "recover";
}

}  // namespace

bool SequenceModel::knows(const Operation& operation) const {
  if (is_of_loss(operation)) return operation.args.size() <= 1;
  const Command* const command = find(operation);
  const std::size_t n = operation.args.size();
  return command != nullptr && n >= command->args_min && n <= command->args_max;
}

Model::Step SequenceModel::apply(const std::string& state, const Operation& operation) const {
  if (operation.name == "lose") return {kLost, Reply::ok()};
  const bool is_lost = state == kLost;
  if (is_lost != (operation.name == "recover")) return {state, impossible()};
  if (is_lost) return {operation.args.empty() ? "" : operation.args[0], Reply::ok()};
  const Command* const command = find(operation);
  BORG_CHECK(command != nullptr);
  Elements elements = from_bytes(state);
  const Reply reply = command->apply(elements, operation.args);
  return {joined(elements), reply};
}

bool SequenceModel::is_read(const Operation& operation) const {
  const std::string_view name = operation.name;
  return name == "llen" || name == "lrange" || name == "zcard" || name == "zrange";
}

bool SequenceModel::is_neutral(const Operation& operation) const {
  const Reply& reply = operation.reply;
  if (is_read(operation) || reply.kind != Reply::Kind::kValue) return true;
  const bool pops_scored = operation.name == "zpopmin" || operation.name == "zpopmax";
  return pops_scored && reply.text.empty();
}

std::string SequenceModel::describe_state(const std::string& state) const {
  return state == kLost ? "lost" : "[" + state + "]";
}

}  // namespace borg::sim
