// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "sim/linearizability.h"
#include "sim/model.h"

namespace borg::sim {
namespace {

Operation operation(const std::string& command) {
  std::istringstream words(command);
  Operation result;
  words >> result.name;
  for (std::string arg; words >> arg;) result.args.push_back(arg);
  return result;
}

/// The texts of the replies to commands one after another.
std::vector<std::string> replies(const std::vector<std::string>& commands) {
  const SequenceModel model;
  std::string state = model.initial();
  std::vector<std::string> texts;
  for (const std::string& command : commands) {
    EXPECT_TRUE(model.knows(operation(command))) << command;
    const Model::Step step = model.apply(state, operation(command));
    state = step.state;
    texts.push_back(step.reply == Reply::nil() ? "nil" : step.reply.text);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(SequenceModel, IsAList) {
  EXPECT_EQ(
      replies({"lpop", "rpush a b", "lpush c d", "lrange", "llen", "lpop", "rpop", "rotate",
               "lrange", "lpop 5", "rpop 2", "lrange", "rotate"}),
      (Texts{"nil", "2", "4", "d,c,a,b,", "4", "d", "b", "c", "a,c,", "a,c,", "nil", "", "nil"}));
}

TEST(SequenceModel, IsASortedSet) {
  EXPECT_EQ(replies({"zpopmin", "zadd 5 10 9", "zadd 9 7", "zrange", "zpopmin", "zpopmax", "zcard",
                     "remove", "zcard"}),
            (Texts{"", "3", "1", "5,7,9,10,", "5,5,", "10,10,", "2", "OK", "0"}));
}

TEST(SequenceModel, MayBeLostAndRecovered) {
  EXPECT_EQ(replies({"rpush a", "lose", "recover x,y,", "lrange", "lose", "recover", "llen"}),
            (Texts{"1", "OK", "OK", "x,y,", "OK", "OK", "0"}));
  const SequenceModel model;
  EXPECT_FALSE(model.apply("?", operation("llen")).reply == Reply::number(0));
}

TEST(SequenceModel, TheSameElementIsNotTakenTwice) {
  std::vector<Operation> history{operation("rpush a b"), operation("lpop"), operation("lpop")};
  const std::vector<std::string> answers{"2", "a", "a"};
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i].client = i;
    history[i].key = "{q}";
    history[i].invoked = static_cast<std::int64_t>(i == 0 ? 0 : 10);
    history[i].returned = history[i].invoked + 5;
    history[i].outcome = Outcome::kOk;
    history[i].reply = Reply::value(answers[i]);
  }
  EXPECT_EQ(check_key(history, SequenceModel()).verdict, Verdict::kViolation);
  history[1].reply = Reply::value("b");
  EXPECT_EQ(check_key(history, SequenceModel()).verdict, Verdict::kLinearizable);
}

}  // namespace
}  // namespace borg::sim
