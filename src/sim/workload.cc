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

std::string element_object(std::string_view key, std::string_view element) {
  return std::string(key) + "/" + std::string(element);
}

namespace {

std::string as_request(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

std::string as_line(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

std::string Command::as_resp() const {
  std::string out;
  for (const std::vector<std::string>& before : ahead) out += as_request(before);
  return out + as_request(words);
}

std::string Command::text() const {
  std::string text;
  for (const std::vector<std::string>& before : ahead) text += as_line(before) + "; ";
  return text + as_line(words);
}

Workload::Workload(Sim& sim) : sim_(sim) {
  for (std::size_t i = 0; i < sim.options.hot_keys + sim.options.cool_keys; ++i) {
    std::string key = (sim.random.chance(1, 3) ? "n" : "k") + std::to_string(i);
    const std::size_t tags = sim.options.key_tags;
    if (tags > 0) key += "{" + std::to_string(sim.random.below(tags)) + "}";
    keys_.push_back(std::move(key));
  }
  for (std::size_t i = 0; i < sim.options.containers; ++i) {
    hashes_.push_back("{h" + std::to_string(i) + "}");
  }
  for (std::size_t i = 0; i < sim.options.queues; ++i) queues_.push_back("q" + std::to_string(i));
}

const std::string& Workload::draw_key() {
  const bool hot = sim_.options.cool_keys == 0 || sim_.random.chance(3, 4);
  return keys_[sim_.random.below(hot ? sim_.options.hot_keys : keys_.size())];
}

std::string Workload::token() { return "." + std::to_string(++tokens_); }

namespace {

Command get(const std::string& key) { return single("get", key); }

/// These, each of one key, as one.
Command transaction(const std::vector<Command>& commands) {
  Command whole;
  whole.is_transaction = true;
  whole.ahead.push_back({"multi"});
  for (const Command& command : commands) {
    whole.ahead.push_back(command.words);
    whole.parts.insert(whole.parts.end(), command.parts.begin(), command.parts.end());
  }
  whole.words = {"exec"};
  return whole;
}

struct Account {
  std::string left;
  std::string right;
};

/// Counters of one slot.
Account account(std::size_t number) {
  const std::string tag = "n{a" + std::to_string(number) + "}";
  return {tag + "l", tag + "r"};
}

Command read_account(const Account& account) {
  Command read = transaction({get(account.left), get(account.right)});
  read.sums_to_zero = true;
  return read;
}

}  // namespace

std::string field_name(std::size_t number) { return "f" + std::to_string(number); }

std::vector<Command> Workload::read_all() const {
  std::vector<Command> reads;
  for (const std::string& key : keys_) reads.push_back(get(key));
  for (std::size_t i = 0; i < kAccounts && sim_.options.transaction_permille > 0; ++i) {
    const Account pair = account(i);
    reads.push_back(read_account(pair));
    reads.push_back(get(pair.left));
    reads.push_back(get(pair.right));
  }
  for (std::size_t i = 0; i < sim_.options.containers; ++i) {
    const std::string number = std::to_string(i) + "}";
    reads.push_back(on_all("hmget", "get", hashes_[i], field_name));
    reads.push_back(on_all("smismember", "exists", "{e" + number, member_name));
    reads.push_back(on_all("zmscore", "get", "{z" + number, member_name));
  }
  for (const char* const word : {"lrange", "zrange"}) {
    const std::string key = word[0] == 'l' ? "{ql}" : "{qz}";
    Command& read = reads.emplace_back(single(word, key));
    read.words.insert(read.words.end(), {"0", "-1"});
    read.is_whole = true;
  }
  for (const std::string& key : queues_) {
    Command& read = reads.emplace_back();
    read.words = {"lrange", key, "0", "-1"};
    read.parts.push_back({key, "rest", {}});
  }
  return reads;
}

/// More is asked for than is there. Some wait for longer than their client does, or for ever.
Command Workload::on_blocking_queue() {
  const std::string& key = queues_[sim_.random.below(queues_.size())];
  Command command;
  if (sim_.random.chance(2, 5)) {
    const std::string element = token();
    command.words = {"rpush", key, element};
    command.parts.push_back({key, "push", {element}});
    return command;
  }
  const std::int64_t ms = sim_.random.between(1, sim_.random.chance(1, 3) ? 3000 : 300);
  const bool is_patient = sim_.random.chance(1, 10);
  command.words = {"blpop", key, is_patient ? "0" : std::to_string(ms) + "e-3"};
  command.parts.push_back({key, "pop", {}});
  command.may_take = Duration::millis(ms);
  return command;
}

Command Workload::draw(bool is_alone) {
  if (sim_.permille(sim_.options.transaction_permille)) {
    return is_alone && sim_.random.chance(1, 2) ? read_and_set_watched() : on_accounts();
  }
  if (sim_.permille(sim_.options.queue_permille)) return on_blocking_queue();
  if (sim_.permille(sim_.options.multi_key_permille)) return on_many();
  if (sim_.permille(sim_.options.container_permille)) {
    return on_container();
  }
  const std::string& key = draw_key();
  if (is_counter(key)) return on_counter(key);
  return sim_.permille(sim_.options.expiry_permille) ? on_expiry(key) : on_string(key);
}

/// From one counter to another, or both as they are at one moment.
Command Workload::on_accounts() {
  const Account pair = account(sim_.random.below(kAccounts));
  if (sim_.random.chance(1, 3)) return read_account(pair);
  const std::int64_t amount = sim_.random.between(-9, 9);
  Command transfer = transaction({single("incrby", pair.left, {std::to_string(amount)}),
                                  single("incrby", pair.right, {std::to_string(-amount)})});
  transfer.sums_to_zero = true;
  return transfer;
}

/// WATCH, GET, and then SET if nobody else has set it: to the model that is compare and set.
Command Workload::read_and_set_watched() {
  const auto first_string =
      std::find_if(keys_.begin(), keys_.end(), [](const auto& key) { return !is_counter(key); });
  if (first_string == keys_.end()) return on_accounts();
  std::string key = draw_key();
  if (is_counter(key)) key = *first_string;
  Command read = get(key);
  read.ahead.push_back({"watch", key});
  read.then = [this, key](const resp::Value& found) {
    const std::string wanted = token();
    Command set = transaction({single("set", key, {wanted})});
    set.is_watched = true;
    const bool is_absent = found.kind == resp::Value::Kind::kNull;
    set.parts = {is_absent ? Command::Part{key, "setnx", {wanted}}
                           : Command::Part{key, "cas", {found.text, wanted}}};
    return set;
  };
  return read;
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
  switch (sim_.random.below(15)) {
    case 0:
    case 1:
      return single("set", key, {set_last_[key] = token()});
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
    case 9:
    case 10:
    case 11:
      return compare_and_set(key);
    default:
      return get(key);
  }
}

/// Expects what was drawn last, which may never have been set, or be long gone.
Command Workload::compare_and_set(const std::string& key) {
  std::string& expected = set_last_[key];
  const std::uint64_t spelling = sim_.random.below(6);
  if (spelling == 0) return single("delifeq", key, {expected});
  const std::string wanted = token();
  const std::string old = std::exchange(expected, wanted);
  if (spelling == 1) return single("set", key, {wanted, "ifeq", old});
  if (spelling == 2) return single("set", key, {wanted, "ifeq", old, "get"});
  Command command;
  command.words = {"borg", "cas", key, old, wanted};
  command.parts.push_back({key, "cas", {old, wanted}});
  return command;
}

/// Shorter than a hand-over, or longer than a failover.
std::int64_t Workload::span_ms() {
  return sim_.random.between(1, sim_.random.chance(1, 2) ? 60 : kLongestLife.as_millis());
}

std::string Workload::span() { return std::to_string(span_ms()); }

std::string Workload::wall_time() {
  return std::to_string(LocalClock::kEpochMs + sim_.queue.now().as_millis() + span_ms());
}

/// By what the wall clock shows.
Command Workload::on_wall_expiry(const std::string& key) {
  switch (sim_.random.below(4)) {
    case 0:
      return single("set", key, {token(), "pxat", wall_time()});
    case 1:
      return single("pexpireat", key, {wall_time()});
    default:
      return single("pexpiretime", key);
  }
}

Command Workload::on_expiry(const std::string& key) {
  if (sim_.options.walls_are_right && sim_.random.chance(1, 2)) return on_wall_expiry(key);
  switch (sim_.random.below(9)) {
    case 0:
      return single("set", key, {token(), "ifeq", set_last_[key], "px", span()});
    case 1:
    case 8:
      return single("set", key, {set_last_[key] = token(), "px", span()});
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

/// Some values are so long that the hash does not stay packed.
Command Workload::on_hash() {
  const std::string& key = hashes_[sim_.random.below(hashes_.size())];
  const auto field = [&] { return field_name(sim_.random.below(kFields)); };
  const auto value = [&] { return token() + std::string(sim_.random.chance(1, 4) ? 70 : 0, 'x'); };
  const auto single_field = [&](std::string word, std::string part, std::vector<std::string> args) {
    Command command;
    const std::string name = field();
    command.words = {std::move(word), key, name};
    command.words.insert(command.words.end(), args.begin(), args.end());
    command.parts.push_back({element_object(key, name), std::move(part), std::move(args)});
    return command;
  };
  switch (sim_.random.below(10)) {
    case 0:
    case 1:
      return single_field("hmset", "set", {value()});
    case 2:
      return single_field("hsetnx", "setnx", {value()});
    case 3:
      return single_field("hdel", "del", {});
    case 4:
      return single_field("hexists", "exists", {});
    case 5:
      return single_field("hstrlen", "strlen", {});
    case 6:
      return on_fields(key, {"hmset", "set"}, value);
    case 7:
      return on_fields(key, {"hmget", "get"}, value);
    case 8:
      return sim_.random.chance(1, 3) ? delete_all(key, field_name)
                                      : single_field("hget", "get", {});
    default:
      return single_field("hget", "get", {});
  }
}

/// Of a command on several fields each is an operation on its own.
Command Workload::on_fields(const std::string& key, const PairOfNames& names,
                            const std::function<std::string()>& value) {
  Command command;
  command.words = {names.first, key};
  for (std::size_t i = sim_.random.below(3); i < kFields; i += 1 + sim_.random.below(5)) {
    const std::string field = field_name(i);
    command.words.push_back(field);
    std::vector<std::string> args;
    if (names.second == "set") args.push_back(command.words.emplace_back(value()));
    command.parts.push_back({element_object(key, field), names.second, args});
  }
  return command;
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

Reply to_whole_reply(const resp::Value& value) {
  Reply reply = to_reply(value);
  if (value.kind == resp::Value::Kind::kArray) {
    for (const resp::Value& element : value.elements) reply.text += element.text + ",";
  }
  if (reply.kind == Reply::Kind::kValue) std::erase(reply.text, kPadding);
  return reply;
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
