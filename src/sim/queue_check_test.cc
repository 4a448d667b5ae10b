// SPDX-License-Identifier: Apache-2.0
#include "sim/queue_check.h"

#include <gtest/gtest.h>

#include "sim/trace.h"

namespace borg::sim {
namespace {

class QueueCheckTest : public ::testing::Test {
 protected:
  void push(const std::string& element, Outcome outcome = Outcome::kOk) {
    add("push", {element}, outcome, Reply::number(1));
  }
  void pop(Reply reply, Outcome outcome = Outcome::kOk) { add("pop", {}, outcome, reply); }
  void rest(const std::string& text) { add("rest", {}, Outcome::kOk, Reply::value(text)); }
  void add(const std::string& name, std::vector<std::string> args, Outcome outcome, Reply reply) {
    now_ += 10;
    operations_.push_back({1, "q", name, std::move(args), now_, now_ + 5, outcome, reply});
  }
  void expect_sound() { EXPECT_NO_THROW(check_queue(operations_)); }
  void expect_violation() { EXPECT_THROW(check_queue(operations_), Violation); }
  std::int64_t now_ = 0;
  std::vector<Operation> operations_;
};

TEST_F(QueueCheckTest, WhatIsPushedIsPoppedOnceAndInOrder) {
  push("a");
  push("b");
  pop(Reply::value("a"));
  pop(Reply::value("b"));
  pop(Reply::nil());
  push("c");
  rest("c ");
  expect_sound();
}

TEST_F(QueueCheckTest, PoppedTwice) {
  push("a");
  pop(Reply::value("a"));
  pop(Reply::value("a"));
  expect_violation();
}

TEST_F(QueueCheckTest, PoppedAndStillThere) {
  push("a");
  pop(Reply::value("a"));
  rest("a ");
  expect_violation();
}

TEST_F(QueueCheckTest, NeverPushed) {
  push("a", Outcome::kFailed);
  pop(Reply::value("a"));
  expect_violation();
}

TEST_F(QueueCheckTest, AnElementIsLost) {
  push("a");
  pop(Reply::nil());
  rest("");
  expect_violation();
}

TEST_F(QueueCheckTest, AnElementMayHaveGoneWithAnAnswer) {
  push("a");
  push("b", Outcome::kUnknown);
  pop(Reply::nil(), Outcome::kUnknown);
  rest("");
  expect_sound();
}

TEST_F(QueueCheckTest, OutOfOrder) {
  push("a");
  push("b");
  pop(Reply::value("b"));
  pop(Reply::value("a"));
  expect_violation();
}

TEST_F(QueueCheckTest, TheEndIsJudgedOnlyIfNothingElseIsUnderWay) {
  push("a");
  rest("");
  push("b");
  expect_sound();
}

}  // namespace
}  // namespace borg::sim
