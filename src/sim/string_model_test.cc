// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sim/model.h"

namespace borg::sim {
namespace {

/// Commands one after another, a space between words.
std::vector<Reply> replies(const std::vector<std::string>& commands) {
  const StringModel model;
  std::string state = model.initial();
  std::vector<Reply> result;
  for (const std::string& command : commands) {
    std::istringstream words(command);
    Operation operation;
    words >> operation.name;
    for (std::string arg; words >> arg;) operation.args.push_back(arg);
    EXPECT_TRUE(model.knows(operation)) << command;
    const Model::Step step = model.apply(state, operation);
    state = step.state;
    result.push_back(step.reply);
  }
  return result;
}

Reply value(const char* text) { return Reply::value(text); }
Reply nil() { return Reply::nil(); }
Reply error() { return Reply::error(""); }

TEST(StringModel, SetsAndGets) {
  EXPECT_EQ(replies({"get", "set a", "get", "exists", "strlen", "del", "del", "exists", "get"}),
            (std::vector<Reply>{nil(), value("OK"), value("a"), value("1"), value("1"), value("1"),
                                value("0"), value("0"), nil()}));
}

TEST(StringModel, SetsOnlyIfThereIsOneOrNone) {
  EXPECT_EQ(
      replies({"set a XX", "set b nx", "set c NX", "get", "set d XX GET", "set e NX GET",
               "set f get", "setnx g", "getdel", "setnx h", "getset i", "get"}),
      (std::vector<Reply>{nil(), value("OK"), nil(), value("b"), value("b"), value("d"), value("d"),
                          value("0"), value("f"), value("1"), value("h"), value("i")}));
}

TEST(StringModel, ComparesAndSets) {
  EXPECT_EQ(replies({"cas a b", "set a", "cas b c", "cas a c", "cas a d", "get", "del", "cas c d"}),
            (std::vector<Reply>{value("-1"), value("OK"), value("0"), value("1"), value("0"),
                                value("c"), value("1"), value("-1")}));
}

TEST(StringModel, SetsIfEqual) {
  EXPECT_EQ(replies({"set a IFEQ b", "set a", "set b ifeq a", "set c IFEQ a", "set c IFEQ a GET",
                     "set c get ifeq b", "get", "set d ifeq c px 0 9 #1", "pttl 0 9"}),
            (std::vector<Reply>{nil(), value("OK"), value("OK"), nil(), value("b"), value("b"),
                                value("c"), value("OK"), value("OK")}));
}

TEST(StringModel, DeletesIfEqual) {
  EXPECT_EQ(
      replies({"delifeq a", "set a", "delifeq b", "get", "delifeq a", "get"}),
      (std::vector<Reply>{value("0"), value("OK"), value("0"), value("a"), value("1"), nil()}));
}

TEST(StringModel, KnowsWhichComparisonsChangeNothing) {
  const auto is_neutral = [](const char* name, std::vector<std::string> args, Reply reply) {
    Operation operation;
    operation.name = name;
    operation.args = std::move(args);
    operation.reply = std::move(reply);
    return StringModel().is_neutral(operation);
  };
  EXPECT_TRUE(is_neutral("set", {"a", "IFEQ", "b"}, nil()));
  EXPECT_FALSE(is_neutral("set", {"a", "IFEQ", "b"}, value("OK")));
  EXPECT_TRUE(is_neutral("set", {"a", "IFEQ", "b", "GET"}, nil()));
  EXPECT_TRUE(is_neutral("set", {"a", "IFEQ", "b", "GET"}, value("c")));
  EXPECT_FALSE(is_neutral("set", {"a", "IFEQ", "b", "GET"}, value("b")));
  EXPECT_TRUE(is_neutral("delifeq", {"a"}, Reply::number(0)));
  EXPECT_FALSE(is_neutral("delifeq", {"a"}, Reply::number(1)));
}

TEST(StringModel, Counts) {
  EXPECT_EQ(replies({"incr", "incrby 10", "decr", "decrby -5", "incrby x", "append 1", "incr",
                     "set 01", "incr", "set 9223372036854775807", "incr", "get"}),
            (std::vector<Reply>{value("1"), value("11"), value("10"), value("15"), error(),
                                value("3"), value("152"), value("OK"), error(), value("OK"),
                                error(), value("9223372036854775807")}));
}

TEST(StringModel, DoesNotKnowWhatItCannotModel) {
  const auto knows = [](const char* name, std::vector<std::string> args) {
    Operation operation;
    operation.name = name;
    operation.args = std::move(args);
    return StringModel().knows(operation);
  };
  EXPECT_TRUE(knows("set", {"a", "NX", "get"}));
  EXPECT_FALSE(knows("lpush", {"a"}));
  EXPECT_TRUE(knows("set", {"a", "ifeq", "b", "GET"}));
  EXPECT_FALSE(knows("set", {"a", "EX"}));
  EXPECT_FALSE(knows("set", {"a", "ifeq"}));
  EXPECT_FALSE(knows("set", {}));
  EXPECT_FALSE(knows("get", {"a"}));
}

}  // namespace
}  // namespace borg::sim
