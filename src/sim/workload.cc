// SPDX-License-Identifier: Apache-2.0
#include "sim/workload.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace borg::sim {
namespace {

Command single(std::string word, const std::string& key, std::vector<std::string> args = {}) {
  Command command;
  command.words = {word, key};
  command.words.insert(command.words.end(), args.begin(), args.end());
  command.parts.push_back({key, std::move(word), std::move(args)});
  return command;
}

}  // namespace

std::string Command::as_resp() const {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

std::string Command::text() const {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Workload::Workload(Sim& sim) : sim_(sim) {
  for (std::size_t i = 0; i < sim.options.hot_keys + sim.options.cool_keys; ++i) {
    std::string key = (sim.random.chance(1, 3) ? "n" : "k") + std::to_string(i);
    const std::size_t tags = sim.options.key_tags;
    if (tags > 0) key += "{" + std::to_string(sim.random.below(tags)) + "}";
    keys_.push_back(std::move(key));
  }
}

const std::string& Workload::draw_key() {
  const bool hot = sim_.options.cool_keys == 0 || sim_.random.chance(3, 4);
  return keys_[sim_.random.below(hot ? sim_.options.hot_keys : keys_.size())];
}

std::string Workload::token() { return "." + std::to_string(++tokens_); }

Command Workload::get(const std::string& key) { return single("get", key); }

Command Workload::draw() {
  if (sim_.permille(sim_.options.multi_key_permille)) return on_many();
  const std::string& key = draw_key();
  if (is_counter(key)) return on_counter(key);
  return sim_.permille(sim_.options.expiry_permille) ? on_expiry(key) : on_string(key);
}

Command Workload::on_counter(const std::string& key) {
  switch (sim_.random.below(4)) {
    case 0:
      return get(key);
    case 1:
      return single("incrby", key, {std::to_string(sim_.random.between(-5, 9))});
    default:
      return single("incr", key);
  }
}

Command Workload::on_string(const std::string& key) {
  if (sim_.permille(sim_.options.append_permille)) return single("append", key, {token()});
  switch (sim_.random.below(12)) {
    case 0:
    case 1:
      return single("set", key, {token()});
    case 2:
      return single("set", key, {token(), "nx"});
    case 3:
      return single("setnx", key, {token()});
    case 4:
      return single("getdel", key);
    case 5:
      return single("del", key);
    case 6:
    case 7:
      return single("append", key, {token()});
    case 8:
      return single("strlen", key);
    default:
      return get(key);
  }
}

/// Shorter than a hand-over, or longer than a failover.
std::string Workload::span() {
  return std::to_string(sim_.random.between(1, sim_.random.chance(1, 2) ? 60 : 3000));
}

Command Workload::on_expiry(const std::string& key) {
  switch (sim_.random.below(8)) {
    case 0:
    case 1:
      return single("set", key, {token(), "px", span()});
    case 2:
      return single("set", key, {token(), "nx", "px", span()});
    case 3:
      return single("pexpire", key, {span()});
    case 4:
      return single("getex", key, {"px", span()});
    case 5:
      return single("persist", key);
    default:
      return single("pttl", key);
  }
}

Command Workload::on_many() {
  std::vector<std::string> keys;
  const std::size_t n = 2 + sim_.random.below(3);
  for (std::size_t i = 0; i < n; ++i) {
    const std::string& key = draw_key();
    if (!is_counter(key) && std::find(keys.begin(), keys.end(), key) == keys.end()) {
      keys.push_back(key);
    }
  }
  if (keys.empty()) return get(keys_.front());
  Command command;
  // Each, and what it does to one key: of how many DEL has removed says nothing of that.
  constexpr std::pair<const char*, const char*> kKinds[] = {
      {"mget", "get"}, {"mget", "get"}, {"mset", "set"}, {"del", "remove"}};
  const auto& [whole, part] = kKinds[sim_.random.below(std::size(kKinds))];
  command.words.emplace_back(whole);
  for (const std::string& key : keys) {
    command.words.push_back(key);
    std::vector<std::string> args;
    if (part == std::string_view("set")) args.push_back(command.words.emplace_back(token()));
    command.parts.push_back({key, part, args});
  }
  return command;
}

Reply to_reply(const resp::Value& value) {
  using Kind = resp::Value::Kind;
  switch (value.kind) {
    case Kind::kInteger:
      return Reply::number(value.integer);
    case Kind::kNull:
      return Reply::nil();
    case Kind::kError:
      return Reply::error(value.text);
    default:
      return Reply::value(value.text);
  }
}

}  // namespace borg::sim
