// SPDX-License-Identifier: Apache-2.0
// Commands on sets, lists and sorted sets.
#include <algorithm>
#include <iterator>

#include "sim/workload.h"

namespace borg::sim {
namespace {

Command on_whole(std::string word, const std::string& key, const std::vector<std::string>& args,
                 std::string part, std::vector<std::string> part_args = {}) {
  Command command;
  command.words = {std::move(word), key};
  command.words.insert(command.words.end(), args.begin(), args.end());
  command.parts.push_back({key, std::move(part), std::move(part_args)});
  command.is_whole = true;
  return command;
}

Command on_one(std::vector<std::string> words, const std::string& member, std::string part,
               std::vector<std::string> args = {}) {
  Command command;
  command.parts.push_back({element_object(words[1], member), std::move(part), std::move(args)});
  command.words = std::move(words);
  return command;
}

}  // namespace

std::string member_name(std::size_t number) {
  return "m" + std::to_string(number) + std::string(number % 16 == 15 ? 70 : 0, 'y');
}

Command Workload::on_all(const std::string& word, const std::string& part, const std::string& key,
                         NameOf name_of) {
  Command command;
  command.words = {word, key};
  for (std::size_t i = 0; i < kFields; ++i) {
    command.words.push_back(name_of(i));
    command.parts.push_back({element_object(key, name_of(i)), part, {}});
  }
  return command;
}

Command Workload::delete_all(const std::string& key, NameOf name_of) {
  Command command = on_all("del", "remove", key, name_of);
  command.words.resize(2);
  return command;
}

Command Workload::on_container() {
  switch (sim_.random.below(10)) {
    case 0:
    case 1:
    case 2:
      return on_hash();
    case 3:
      return on_set();
    case 4:
      return on_sorted_set();
    case 5:
      return on_list();
    case 6:
      return on_queue();
    case 7:
      return on_lists();
    case 8:
      return on_sorted_sets();
    default:
      return on_sets();
  }
}

/// Each member is a key that is there or not, of the value 1.
Command Workload::on_set() {
  const std::string key = "{e" + std::to_string(sim_.random.below(sim_.options.containers)) + "}";
  const std::string member = member_name(sim_.random.below(kFields));
  switch (sim_.random.below(9)) {
    case 0:
    case 1:
    case 2:
      return on_one({"sadd", key, member}, member, "setnx", {"1"});
    case 3:
    case 4:
      return on_one({"srem", key, member}, member, "del");
    case 5:
      return on_all("smismember", "exists", key, member_name);
    case 6:
      return sim_.random.chance(1, 5) ? delete_all(key, member_name)
                                      : on_one({"srem", key, member}, member, "del");
    default:
      return on_one({"sismember", key, member}, member, "exists");
  }
}

/// The score of a member is its value.
Command Workload::on_sorted_set() {
  const std::string key = "{z" + std::to_string(sim_.random.below(sim_.options.containers)) + "}";
  const std::string member = member_name(sim_.random.below(kFields));
  const std::string score = std::to_string(sim_.random.between(-9, 99));
  switch (sim_.random.below(10)) {
    case 0:
    case 1:
    case 2:
      return on_one({"zadd", key, "nx", score, member}, member, "setnx", {score});
    case 3:
    case 4:
      return on_one({"zincrby", key, score, member}, member, "incrby", {score});
    case 5:
      return on_one({"zrem", key, member}, member, "del");
    case 6:
      return on_all("zmscore", "get", key, member_name);
    case 7:
      return sim_.random.chance(1, 5) ? delete_all(key, member_name)
                                      : on_one({"zrem", key, member}, member, "del");
    default:
      return on_one({"zscore", key, member}, member, "get");
  }
}

/// A list that is one object: many pieces when it travels, and it changes at both ends.
Command Workload::on_list() {
  const std::string key = "{ql}";
  const bool is_left = sim_.random.chance(1, 2);
  std::vector<std::string> elements;
  std::vector<std::string> tokens;
  switch (sim_.random.below(12)) {
    case 0:
      return on_whole(is_left ? "lpop" : "rpop", key, {"4"}, is_left ? "lpop" : "rpop", {"4"});
    case 1:
    case 2:
    case 3:
      return on_whole(is_left ? "lpop" : "rpop", key, {}, is_left ? "lpop" : "rpop");
    case 4:
      return on_whole("lmove", key, {key, "left", "right"}, "rotate");
    case 5:
      return on_whole("llen", key, {}, "llen");
    case 6:
    case 7:
      return on_whole("lrange", key, {"0", "-1"}, "lrange");
    default:
      for (std::uint64_t i = sim_.random.below(3); i < 4; ++i) {
        tokens.push_back(token());
        elements.push_back(tokens.back() + std::string(900, kPadding));
      }
      return on_whole(is_left ? "lpush" : "rpush", key, elements, is_left ? "lpush" : "rpush",
                      tokens);
  }
}

/// A sorted set that is one object: something waits in it with its number, and is taken in order.
Command Workload::on_queue() {
  const std::string key = "{qz}";
  std::vector<std::string> words;
  std::vector<std::string> members;
  switch (sim_.random.below(10)) {
    case 0:
    case 1:
    case 2:
      return on_whole("zpopmin", key, {}, "zpopmin");
    case 3:
      return on_whole("zpopmax", key, {}, "zpopmax");
    case 4:
      return on_whole("zcard", key, {}, "zcard");
    case 5:
    case 6:
      return on_whole("zrange", key, {"0", "-1"}, "zrange");
    default:
      for (std::uint64_t i = sim_.random.below(3); i < 4; ++i) {
        members.push_back(std::to_string(sim_.random.below(100'000)));
        words.insert(words.end(), {members.back(), members.back()});
      }
      return on_whole("zadd", key, words, "zadd", members);
  }
}

/// Not in the model: that replicas agree is all that is judged of these.
Command Workload::on_sets() {
  const auto key = [&] { return "{u}" + std::to_string(sim_.random.below(3)); };
  const auto member = [&] { return "m" + std::to_string(sim_.random.below(300)); };
  Command command;
  switch (sim_.random.below(9)) {
    case 0:
      command.words = {"spop", key()};
      break;
    case 8:
      command.words = {sim_.random.chance(1, 2) ? "copy" : "rename", key(), key()};
      if (command.words.front() == "copy") command.words.emplace_back("replace");
      break;
    case 1:
      command.words = {"spop", key(), std::to_string(sim_.random.below(10))};
      break;
    case 2:
      command.words = {"smove", key(), key(), member()};
      break;
    case 3:
      command.words = {sim_.random.chance(1, 2) ? "sunionstore" : "sdiffstore", key(), key(),
                       key()};
      break;
    case 4:
      command.words = {"srem", key()};
      for (int i = 0; i < 10; ++i) command.words.push_back(member());
      break;
    default:
      command.words = {"sadd", key()};
      for (int i = 0; i < 40; ++i) command.words.push_back(member());
  }
  return command;
}

/// As on_sets(). Some elements are so long that the list does not stay packed.
Command Workload::on_lists() {
  const auto key = [&] { return "{l}" + std::to_string(sim_.random.below(3)); };
  const auto element = [&] {
    return token() + std::string(sim_.random.chance(1, 5) ? 3000 : 0, kPadding);
  };
  const std::string end = sim_.random.chance(1, 2) ? "left" : "right";
  Command command;
  switch (sim_.random.below(9)) {
    case 0:
      command.words = {end == "left" ? "lpop" : "rpop", key(), "3"};
      break;
    case 8:
      command.words = {"sort", key(), "alpha", "by", "{l}*", "limit", "0", "9", "store", key()};
      if (sim_.random.chance(1, 2)) command.words = {"rename", key(), key()};
      break;
    case 1:
      command.words = {"lmove", key(), key(), end, sim_.random.chance(1, 2) ? "left" : "right"};
      break;
    case 2:
      command.words = {"lset", key(), std::to_string(sim_.random.between(-9, 9)), element()};
      break;
    case 3:
      command.words = {"ltrim", key(), std::to_string(sim_.random.below(3)), "60"};
      break;
    default:
      command.words = {end == "left" ? "lpush" : "rpush", key()};
      for (int i = 0; i < 10; ++i) command.words.push_back(element());
  }
  return command;
}

/// As on_sets().
Command Workload::on_sorted_sets() {
  const auto key = [&] { return "{y}" + std::to_string(sim_.random.below(3)); };
  const auto member = [&] { return "m" + std::to_string(sim_.random.below(300)); };
  const auto number = [&](std::uint64_t below) { return std::to_string(sim_.random.below(below)); };
  Command command;
  switch (sim_.random.below(9)) {
    case 0:
      command.words = {"zpopmin", key(), number(5)};
      break;
    case 1:
      command.words = {"zremrangebyrank", key(), number(5), number(9)};
      break;
    case 2:
      command.words = {"zremrangebyscore", key(), number(50), number(60)};
      break;
    case 3:
      command.words = {"zunionstore", key(), "2", key(), key(), "weights", "0.1", "0.7"};
      break;
    case 4:
      command.words = {"zrangestore", key(), key(), "0", number(250)};
      break;
    case 5:
      command.words = {"zincrby", key(), "0.3", member()};
      break;
    default:
      command.words = {"zadd", key()};
      for (int i = 0; i < 40; ++i) {
        command.words.insert(command.words.end(), {number(50), member()});
      }
  }
  return command;
}

}  // namespace borg::sim
