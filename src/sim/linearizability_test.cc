// SPDX-License-Identifier: Apache-2.0
#include "sim/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"

namespace borg::sim {
namespace {

using Operations = std::vector<Operation>;

Operation done(std::uint64_t client, std::int64_t from, std::int64_t to, std::string name,
               std::vector<std::string> args, Reply reply) {
  return {client, "k", std::move(name), std::move(args), from, to, Outcome::kOk, std::move(reply)};
}
Operation unknown(std::uint64_t client, std::int64_t from, std::string name,
                  std::vector<std::string> args) {
  return {client, "k", std::move(name), std::move(args), from, from, Outcome::kUnknown, {}};
}
Operation failed(std::uint64_t client, std::int64_t from, std::int64_t to, std::string name,
                 std::vector<std::string> args) {
  return {client, "k", std::move(name), std::move(args), from, to, Outcome::kFailed, {}};
}
Reply value(const char* text) { return Reply::value(text); }

CheckResult result_of(const Operations& operations) { return check_key(operations, StringModel()); }
bool is_fine(const Operations& operations) {
  return result_of(operations).verdict == Verdict::kLinearizable;
}

TEST(Linearizability, AcceptsNothingAndTheObvious) {
  EXPECT_TRUE(is_fine({}));
  EXPECT_TRUE(
      is_fine({done(1, 0, 10, "set", {"a"}, value("OK")), done(2, 20, 30, "get", {}, value("a"))}));
}

TEST(Linearizability, OverlappingOperationsMayTakeEitherOrder) {
  const Operation set = done(1, 0, 10, "set", {"a"}, value("OK"));
  EXPECT_TRUE(is_fine({set, done(2, 5, 15, "get", {}, Reply::nil())}));
  EXPECT_TRUE(is_fine({set, done(2, 5, 15, "get", {}, value("a"))}));
  EXPECT_TRUE(is_fine({set, done(2, 10, 15, "get", {}, Reply::nil())}));
  EXPECT_FALSE(is_fine({set, done(2, 11, 15, "get", {}, Reply::nil())}));
}

TEST(Linearizability, OneClientsOperationsAreInOrderEvenAtOneMoment) {
  EXPECT_FALSE(
      is_fine({done(1, 5, 5, "set", {"a"}, value("OK")), done(1, 5, 5, "get", {}, Reply::nil())}));
  EXPECT_TRUE(
      is_fine({done(1, 5, 5, "set", {"a"}, value("OK")), done(2, 5, 5, "get", {}, Reply::nil())}));
}

TEST(Linearizability, APipelineKeepsItsOrder) {
  const Operation set_a = done(1, 0, 20, "set", {"a"}, value("OK"));
  const Operation set_b = done(1, 0, 20, "set", {"b"}, value("OK"));
  const Operation get = done(2, 30, 40, "get", {}, value("a"));
  EXPECT_TRUE(is_fine({set_b, set_a, get}));
  EXPECT_FALSE(is_fine({set_a, set_b, get}));
  EXPECT_FALSE(is_fine({set_a, done(1, 0, 20, "get", {}, Reply::nil())}));
}

TEST(Linearizability, AReadMaySeeWhatCameBehindItInItsPipeline) {
  EXPECT_TRUE(
      is_fine({done(1, 0, 20, "get", {}, value("a")), done(1, 0, 20, "set", {"a"}, value("OK"))}));
  EXPECT_FALSE(
      is_fine({done(1, 0, 20, "get", {}, value("a")), done(1, 21, 30, "set", {"a"}, value("OK"))}));
}

TEST(Linearizability, RejectsAStaleRead) {
  EXPECT_FALSE(is_fine({done(1, 0, 10, "set", {"a"}, value("OK")),
                        done(1, 20, 30, "set", {"b"}, value("OK")),
                        done(2, 40, 50, "get", {}, value("a"))}));
}

TEST(Linearizability, RejectsReadsThatGoBack) {
  EXPECT_FALSE(is_fine(
      {done(1, 0, 10, "set", {"a"}, value("OK")), done(1, 20, 90, "set", {"b"}, value("OK")),
       done(2, 30, 40, "get", {}, value("b")), done(3, 50, 60, "get", {}, value("a"))}));
}

TEST(Linearizability, RejectsALostUpdate) {
  EXPECT_FALSE(
      is_fine({done(1, 0, 10, "incr", {}, value("1")), done(2, 5, 15, "incr", {}, value("1"))}));
  EXPECT_FALSE(
      is_fine({done(1, 0, 10, "incr", {}, value("1")), done(2, 5, 15, "incr", {}, value("2")),
               done(3, 20, 30, "get", {}, value("1"))}));
}

TEST(Linearizability, RejectsAnIncrementThatHappenedTwice) {
  EXPECT_FALSE(
      is_fine({done(1, 0, 10, "incr", {}, value("1")), done(2, 20, 30, "get", {}, value("2"))}));
  EXPECT_TRUE(is_fine({unknown(1, 0, "incr", {}), done(2, 20, 30, "get", {}, value("1"))}));
  EXPECT_FALSE(is_fine({unknown(1, 0, "incr", {}), done(2, 20, 30, "get", {}, value("2"))}));
}

TEST(Linearizability, RejectsALostAcknowledgedWrite) {
  EXPECT_FALSE(is_fine(
      {done(1, 0, 10, "set", {"a"}, value("OK")), done(2, 20, 30, "get", {}, Reply::nil())}));
}

TEST(Linearizability, UnknownMayHappenLateOnceOrNever) {
  const Operation set = unknown(1, 0, "set", {"a"});
  const Operation other = done(2, 10, 20, "set", {"b"}, value("OK"));
  EXPECT_TRUE(is_fine({set, other, done(3, 30, 40, "get", {}, value("b")),
                       done(3, 50, 60, "get", {}, value("a"))}));
  EXPECT_TRUE(is_fine({set, other, done(3, 30, 40, "get", {}, value("b"))}));
  EXPECT_FALSE(is_fine({set, other, done(3, 30, 40, "get", {}, value("a")),
                        done(3, 50, 60, "get", {}, value("b"))}));
  EXPECT_FALSE(is_fine({done(3, 0, 5, "get", {}, value("a")), unknown(1, 10, "set", {"a"})}));
}

TEST(Linearizability, FailedNeverHappens) {
  const Operation set = failed(1, 0, 10, "set", {"a"});
  EXPECT_TRUE(is_fine({set, done(2, 5, 20, "get", {}, Reply::nil())}));
  EXPECT_FALSE(is_fine({set, done(2, 5, 20, "get", {}, value("a"))}));
}

TEST(Linearizability, ManyUnknownWritesDoNotHideAViolation) {
  Operations operations;
  for (std::uint64_t i = 0; i < 60; ++i) {
    operations.push_back(
        unknown(100 + i, static_cast<std::int64_t>(i), "set", {"lost" + std::to_string(i)}));
    operations.push_back(unknown(200 + i, static_cast<std::int64_t>(i), "incr", {}));
  }
  operations.push_back(done(1, 100, 110, "set", {"a"}, value("OK")));
  EXPECT_TRUE(is_fine(operations));
  operations.push_back(done(2, 120, 130, "get", {}, value("never written")));
  EXPECT_EQ(result_of(operations).verdict, Verdict::kViolation);
}

TEST(Linearizability, ExplainsWithTheShortestHistory) {
  Operations operations;
  for (int i = 0; i < 50; ++i) {
    operations.push_back(
        done(1, i * 10, i * 10 + 5, "incr", {}, Reply::number(i + 1 + (i >= 20 ? 1 : 0))));
    operations.push_back(
        done(2, i * 10 + 6, i * 10 + 7, "get", {}, Reply::number(i + 1 + (i >= 20 ? 1 : 0))));
  }
  const std::string text = result_of(operations).explanation;
  EXPECT_NE(text.find("key \"k\" is not linearizable"), std::string::npos) << text;
  EXPECT_NE(text.find("client 1 [200, 205] incr -> \"22\": would have been \"21\""),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("get"), std::string::npos) << text;
  EXPECT_EQ(text.find("[210"), std::string::npos) << text;
}

TEST(Linearizability, IsUndecidedWhenTheStepsAreUsedUp) {
  Operations operations;
  for (std::uint64_t i = 0; i < 20; ++i) {
    operations.push_back(
        done(i, 0, 100, "append", {std::string(1, static_cast<char>('a' + i))}, Reply::number(99)));
    operations.back().outcome = Outcome::kUnknown;
  }
  operations.push_back(done(50, 200, 300, "strlen", {}, value("21")));
  EXPECT_EQ(check_key(operations, StringModel(), {1000}).verdict, Verdict::kUndecided);
}

TEST(Linearizability, LooksAtEachKeyByItself) {
  History history;
  const auto set = history.invoke(1, 0, "x", "set", {"a"});
  history.complete(set, 10, Reply::ok());
  const auto get = history.invoke(1, 20, "y", "get", {});
  history.complete(get, 30, Reply::nil());
  EXPECT_EQ(check(history, StringModel()).verdict, Verdict::kLinearizable);
  const auto wrong = history.invoke(2, 20, "x", "get", {});
  history.complete(wrong, 30, Reply::nil());
  const CheckResult result = check(history, StringModel());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_NE(result.explanation.find("key \"x\""), std::string::npos);
}

TEST(Linearizability, WhatTheModelDoesNotKnowIsAViolation) {
  EXPECT_EQ(result_of({done(1, 0, 1, "gett", {}, Reply::nil())}).verdict, Verdict::kViolation);
}

// ---- random histories ----

struct Mix {
  std::uint64_t clients = 4;
  std::uint64_t operations = 6;
  std::uint64_t values = 2;  ///< different values written
  std::uint64_t unknown_percent = 15;
  bool is_counting = true;
};

Operation random_command(Random& random, const Mix& mix) {
  static const std::vector<std::vector<std::string>> kCommands = {
      {"get"},        {"set", "?"}, {"set", "?", "NX"}, {"set", "?", "XX"}, {"set", "?", "GET"},
      {"setnx", "?"}, {"del"},      {"getdel"},         {"incr"},           {"incrby", "2"},
      {"append", "0"}};
  const std::uint64_t count = mix.is_counting ? kCommands.size() : 8;
  Operation operation;
  operation.key = "k";
  const std::vector<std::string>& words = kCommands[random.below(count)];
  operation.name = words[0];
  operation.args.assign(words.begin() + 1, words.end());
  for (std::string& arg : operation.args) {
    if (arg == "?") arg = (mix.is_counting ? "" : "v") + std::to_string(random.below(mix.values));
  }
  return operation;
}

/// What clients of one atomic object would see: each operation takes effect at a random moment
/// between its invocation and its return, or, when its outcome is unknown, later or never.
Operations simulated(Random& random, const Mix& mix) {
  const StringModel model;
  struct Effect {
    std::int64_t at;
    std::size_t index;
  };
  Operations operations;
  std::vector<Effect> effects;
  std::vector<std::int64_t> free_at(mix.clients, 0);
  for (std::uint64_t i = 0; i < mix.operations; ++i) {
    const std::uint64_t client = random.below(mix.clients);
    Operation operation = random_command(random, mix);
    operation.client = client;
    operation.invoked = free_at[client] + random.between(0, 20);
    operation.returned = operation.invoked + random.between(0, 40);
    operation.outcome = Outcome::kOk;
    std::int64_t at = random.between(operation.invoked, operation.returned);
    free_at[client] = operation.returned;
    if (random.chance(mix.unknown_percent, 100)) {
      operation.outcome = Outcome::kUnknown;
      at = random.chance(1, 2) ? -1 : operation.invoked + random.between(0, 300);
    }
    if (at >= 0) effects.push_back({at, operations.size()});
    operations.push_back(std::move(operation));
  }
  std::stable_sort(effects.begin(), effects.end(),
                   [](const Effect& a, const Effect& b) { return a.at < b.at; });
  std::string state = model.initial();
  for (const Effect& effect : effects) {
    Model::Step step = model.apply(state, operations[effect.index]);
    state = std::move(step.state);
    operations[effect.index].reply = std::move(step.reply);
  }
  return operations;
}

/// Changes one reply to another that the same command might give.
void spoil(Random& random, const Mix& mix, Operations& operations) {
  Operation& operation = operations[random.below(operations.size())];
  const StringModel model;
  std::string state;
  for (std::uint64_t i = random.below(3); i > 0; --i) {
    state = model.apply(state, random_command(random, mix)).state;
  }
  operation.reply = model.apply(state, operation).reply;
}

/// All orders, by trying: for a handful of operations.
bool brute_force(const Operations& operations) {
  const StringModel model;
  std::vector<bool> used(operations.size());
  const auto must_be_before = [&](std::size_t a, std::size_t b) {
    if (operations[a].outcome != Outcome::kOk) return false;
    const bool is_in_order = operations[a].client == operations[b].client && a < b;
    if (is_in_order && !model.is_read(operations[a])) return true;
    return operations[a].returned < operations[b].invoked;
  };
  std::function<bool(const std::string&)> search = [&](const std::string& state) {
    bool is_complete = true;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (used[i]) continue;
      is_complete = is_complete && operations[i].outcome != Outcome::kOk;
      bool may_be_next = true;
      for (std::size_t j = 0; j < operations.size(); ++j) {
        may_be_next = may_be_next && (used[j] || j == i || !must_be_before(j, i));
      }
      if (!may_be_next) continue;
      const Model::Step step = model.apply(state, operations[i]);
      if (operations[i].outcome == Outcome::kOk && !(step.reply == operations[i].reply)) continue;
      used[i] = true;
      const bool found = search(step.state);
      used[i] = false;
      if (found) return true;
    }
    return is_complete;
  };
  return search(model.initial());
}

std::string all_of(const Operations& operations) {
  std::string text;
  for (const Operation& operation : operations) text += describe(operation) + "\n";
  return text;
}

TEST(Linearizability, AcceptsWhatAnAtomicObjectDoes) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    const Mix mix{1 + random.below(8), 60, 1 + random.below(5), random.below(30), seed % 2 == 0};
    const Operations operations = simulated(random, mix);
    ASSERT_TRUE(is_fine(operations)) << "seed " << seed << "\n" << all_of(operations);
  }
}

TEST(Linearizability, AgreesWithBruteForceOnSpoiledHistories) {
  int rejected = 0;
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    Random random(seed);
    const Mix mix{1 + random.below(5), 2 + random.below(6), 1 + random.below(3), random.below(60),
                  seed % 2 == 0};
    Operations operations = simulated(random, mix);
    for (std::uint64_t i = random.below(3); i > 0; --i) spoil(random, mix, operations);
    const bool expected = brute_force(operations);
    ASSERT_EQ(is_fine(operations), expected) << "seed " << seed << "\n" << all_of(operations);
    rejected += expected ? 0 : 1;
  }
  EXPECT_GT(rejected, 1000);
}

TEST(Linearizability, DecidesLongHistoriesOfManyClients) {
  for (Mix mix : {Mix{20, 5000, 10000, 1, false}, Mix{10, 5000, 3, 2, true}}) {
    Random random(1);
    EXPECT_TRUE(is_fine(simulated(random, mix)));
    mix.operations = 200;
    Operations operations = simulated(random, mix);
    operations.push_back(done(99, 300, 310, "get", {}, value("never written")));
    EXPECT_EQ(result_of(operations).verdict, Verdict::kViolation);
  }
}

}  // namespace
}  // namespace borg::sim
