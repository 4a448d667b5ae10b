// SPDX-License-Identifier: Apache-2.0
// What every implementation of Coordinator owes its users.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <thread>

#include "coordination/key_space.h"
#include "coordinators/testing/backends.h"
#include "coordinators/testing/recorder.h"

namespace borg::coordinators::testing {
namespace {

using coordination::kTxnOperationsMax;
using coordination::Txn;
using coordination::TxnDone;
using coordination::TxnId;
using coordination::TxnOutcome;
using ::testing::IsEmpty;

class Conformance : public ::testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    backend_ = GetParam().make();
    if (!backend_) GTEST_SKIP() << "there is no " << GetParam().name << " here";
  }
  void TearDown() override {
    for (Client& client : clients_) {
      client.stop();
      EXPECT_THAT(client.record().breaches, IsEmpty());
      EXPECT_THAT(client.record().fatal, IsEmpty());
      EXPECT_EQ(client.record().sessions_lost, 0);
    }
  }
  Client& client() { return clients_.emplace_back(backend_->make_client()); }
  Client& joined() {
    Client& out = client();
    EXPECT_TRUE(out.join());
    return out;
  }

  std::unique_ptr<Backend> backend_;
  std::deque<Client> clients_;
};

TEST_P(Conformance, BeginsWithASessionAndAnEmptySnapshot) {
  Client& a = joined();
  EXPECT_TRUE(a.view().empty());
  EXPECT_EQ(a.record().sessions_begun, 1);
  EXPECT_GT(a.record().valid_until, Instant());
}

TEST_P(Conformance, CommitIsInTheViewWhenItIsAnswered) {
  Client& a = joined();
  const TxnDone done = a.commit({{{"k", Revision(0)}}, {{"k", "v"}}, {}});
  EXPECT_EQ(done.outcome, TxnOutcome::kCommitted);
  EXPECT_EQ(a.view(), (View{{"k", {"v", done.revision, done.revision}}}));
}

TEST_P(Conformance, ComparesWithTheLastWriteAndWithAbsence) {
  Client& a = joined();
  const Revision first = a.commit({{{"k", Revision(0)}}, {{"k", "1"}}, {}}).revision;
  EXPECT_EQ(a.commit({{{"k", Revision(0)}}, {{"k", "x"}}, {}}).outcome, TxnOutcome::kConflict);
  const TxnDone second = a.commit({{{"k", first}}, {{"k", "2"}}, {}});
  EXPECT_EQ(second.outcome, TxnOutcome::kCommitted);
  EXPECT_GT(second.revision, first);
  EXPECT_EQ(a.commit({{{"k", first}}, {}, {{"k"}}}).outcome, TxnOutcome::kConflict);
  EXPECT_EQ(a.view(), (View{{"k", {"2", second.revision, first}}}));
  EXPECT_EQ(a.commit({{{"k", second.revision}}, {}, {{"k"}}}).outcome, TxnOutcome::kCommitted);
  const TxnDone again = a.commit({{{"k", Revision(0)}}, {{"k", "3"}}, {}});
  EXPECT_EQ(a.view(), (View{{"k", {"3", again.revision, again.revision}}}));
}

TEST_P(Conformance, ConflictLeavesNoTrace) {
  Client& a = joined();
  Client& b = joined();
  ASSERT_TRUE(a.put("kept", "1"));
  const View before = a.view();
  const Txn txn{{{"absent", Revision(0)}, {"kept", Revision(0)}},
                {{"kept", "2"}, {"new", "2"}, {"bound", "2", true}},
                {{"other"}}};
  EXPECT_EQ(a.commit(txn).outcome, TxnOutcome::kConflict);
  ASSERT_TRUE(b.wait_for_key("kept"));
  EXPECT_EQ(a.view(), before);
  EXPECT_EQ(b.view(), before);
}

TEST_P(Conformance, ConflictComesAfterThePutThatCausedIt) {
  Client& a = joined();
  Client& b = joined();
  for (int i = 0; i < 20; ++i) {
    const std::string key = "k" + std::to_string(i);
    ASSERT_TRUE(a.put(key, "a"));
    EXPECT_EQ(b.commit({{{key, Revision(0)}}, {{key, "b"}}, {}}).outcome, TxnOutcome::kConflict);
    EXPECT_TRUE(b.view().contains(key));
  }
}

TEST_P(Conformance, TransactionThatChangesNothingCommits) {
  Client& a = joined();
  EXPECT_EQ(a.commit({{}, {}, {{"absent"}}}).outcome, TxnOutcome::kCommitted);
  EXPECT_EQ(a.commit({{{"absent", Revision(0)}}, {}, {}}).outcome, TxnOutcome::kCommitted);
  EXPECT_TRUE(a.view().empty());
}

TEST_P(Conformance, TransactionsRunInTheOrderOfSubmission) {
  Client& a = joined();
  TxnId last = 0;
  for (int i = 0; i <= 30; ++i) last = a.submit({{}, {{"k", std::to_string(i)}}, {}});
  ASSERT_TRUE(a.wait_until([&](const Record& r) { return r.done.size() == last; }));
  EXPECT_EQ(a.view().at("k").value, "30");
  for (TxnId id = 2; id <= last; ++id) {
    EXPECT_GT(a.answer(id).revision, a.answer(id - 1).revision);
  }
}

TEST_P(Conformance, NobodySeesHalfATransaction) {
  Client& a = joined();
  Client& b = joined();
  for (int i = 0; i < 40; ++i) {
    const std::string value = std::to_string(i);
    const std::string gone = "gone" + value;
    Txn txn{{}, {{"left", value}, {"right", value}, {gone, value}}, {}};
    if (i > 0) txn.deletes.push_back({"gone" + std::to_string(i - 1)});
    a.submit(txn);
  }
  bool is_whole = true;
  const bool is_done = b.wait_until([&](const Record& r) {
    if (r.view.empty()) return false;
    const Seen& left = r.view.at("left");
    is_whole &= r.view.size() == 3 && left == r.view.at("right") &&
                r.view.at("gone" + left.value).modified == left.modified;
    return left.value == "39" || !is_whole;
  });
  EXPECT_TRUE(is_done);
  EXPECT_TRUE(is_whole);
}

TEST_P(Conformance, ConcurrentWritersAgreeOnOneHistory) {
  constexpr int kClients = 4;
  constexpr int kTimes = 25;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) joined();
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i, &me = clients_[static_cast<std::size_t>(i)]] {
      for (int done = 0; done < kTimes;) {
        const View view = me.view();
        const auto it = view.find("sum");
        const Seen sum = it == view.end() ? Seen{"0", Revision(), Revision()} : it->second;
        const std::string next = std::to_string(std::stoi(sum.value) + 1);
        const std::string own = "own" + std::to_string(i) + "-" + std::to_string(done % 3);
        Txn txn{{{"sum", sum.modified}}, {{"sum", next}}, {}};
        done % 2 == 0 ? txn.puts.push_back({own, next}) : txn.deletes.push_back({own});
        const TxnOutcome outcome = me.commit(txn).outcome;
        ASSERT_TRUE(outcome == TxnOutcome::kCommitted || outcome == TxnOutcome::kConflict);
        if (outcome == TxnOutcome::kCommitted) ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Client& late = joined();
  const View final = late.view();
  EXPECT_EQ(final.at("sum").value, std::to_string(kClients * kTimes));
  for (Client& each : clients_) {
    EXPECT_TRUE(each.wait_for_revision(final.at("sum").modified));
    EXPECT_EQ(each.view(), final);
  }
}

TEST_P(Conformance, EndedSessionTakesItsKeysOnceAndEverybodySeesIt) {
  Client& a = joined();
  Client& b = joined();
  Client& c = joined();
  ASSERT_TRUE(a.put("a1", "", true));
  ASSERT_TRUE(a.put("a2", "", true));
  ASSERT_TRUE(b.put("b1", "", true));
  ASSERT_TRUE(b.put("free", ""));
  ASSERT_TRUE(c.wait_for_key("free"));
  a.stop();
  for (Client* each : {&b, &c}) {
    EXPECT_TRUE(each->wait_for_absence("a1"));
    EXPECT_TRUE(each->wait_for_absence("a2"));
    EXPECT_EQ(each->view().size(), 2u);
  }
  b.stop();
  EXPECT_TRUE(c.wait_for_absence("b1"));
  EXPECT_EQ(c.view().size(), 1u);
  EXPECT_EQ(c.record().deletions, (std::map<std::string, int>{{"a1", 1}, {"a2", 1}, {"b1", 1}}));
  EXPECT_TRUE(joined().view().contains("free"));
}

TEST_P(Conformance, LastPutDecidesWhetherAKeyIsBound) {
  Client& a = joined();
  Client& b = joined();
  ASSERT_TRUE(a.put("freed", "1", true));
  ASSERT_TRUE(a.put("freed", "2"));
  ASSERT_TRUE(a.put("taken", "1", true));
  ASSERT_TRUE(b.put("taken", "2", true));
  ASSERT_TRUE(b.put("given", "1"));
  ASSERT_TRUE(a.put("given", "2", true));
  a.stop();
  EXPECT_TRUE(b.wait_for_absence("given"));
  EXPECT_EQ(b.view().at("freed").value, "2");
  EXPECT_EQ(b.view().at("taken").value, "2");
}

TEST_P(Conformance, ClientsThatStartTogetherShareOneKeySpace) {
  constexpr int kClients = 6;
  for (int i = 0; i < kClients; ++i) client();
  std::vector<std::thread> threads;
  std::vector<TxnOutcome> outcomes(kClients);
  for (std::size_t i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      clients_[i].start();
      const std::string value = std::to_string(i);
      outcomes[i] = clients_[i].commit({{{"first", Revision(0)}}, {{"first", value}}, {}}).outcome;
      EXPECT_TRUE(clients_[i].put("me" + value, "", true));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), TxnOutcome::kCommitted), 1);
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), TxnOutcome::kConflict), kClients - 1);
  for (Client& each : clients_) {
    EXPECT_TRUE(each.wait_until([&](const Record& r) { return r.view.size() == kClients + 1; }));
  }
}

TEST_P(Conformance, StopsInTheMiddleOfWork) {
  Client& a = joined();
  Client& b = joined();
  for (int i = 0; i < 200; ++i) a.submit({{}, {{"k" + std::to_string(i), "v", true}}, {}});
  ASSERT_TRUE(b.wait_for_key("k0"));
  a.stop();
  const std::size_t events = a.record().events;
  EXPECT_TRUE(b.wait_until([&](const Record& r) { return r.view.empty(); }));
  EXPECT_EQ(a.record().events, events);
}

TEST_P(Conformance, StopsBeforeItHasBegun) {
  Client& a = client();
  a.stop();
  Client& b = client();
  b.start();
  b.stop();
  EXPECT_TRUE(joined().view().empty());
}

TEST_P(Conformance, TakesTheLargestTransaction) {
  Client& a = joined();
  Client& b = joined();
  Txn create;
  Txn remove;
  for (std::size_t i = 0; i < kTxnOperationsMax; ++i) {
    const std::string key = "partitions/" + std::to_string(i);
    create.compares.push_back({key, Revision(0)});
    create.puts.push_back({key, std::string(100, 'x')});
    remove.deletes.push_back({key});
  }
  const TxnDone done = a.commit(create);
  ASSERT_EQ(done.outcome, TxnOutcome::kCommitted);
  EXPECT_TRUE(b.wait_until([&](const Record& r) { return r.view.size() == kTxnOperationsMax; }));
  for (const coordination::Put& put : create.puts) {
    remove.compares.push_back({put.key, done.revision});
  }
  EXPECT_EQ(a.commit(create).outcome, TxnOutcome::kConflict);
  EXPECT_EQ(a.commit(remove).outcome, TxnOutcome::kCommitted);
  EXPECT_TRUE(b.wait_until([&](const Record& r) { return r.view.empty(); }));
}

TEST_P(Conformance, KeepsEveryByte) {
  Client& a = joined();
  Client& b = joined();
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  std::string large;
  while (large.size() < 65536) large += bytes;
  const std::string key = "key" + bytes;
  ASSERT_TRUE(a.put(key, bytes));
  ASSERT_TRUE(a.put("empty", ""));
  ASSERT_TRUE(a.put("large", large));
  ASSERT_TRUE(b.wait_for_key("large"));
  for (Client* each : {&a, &b, &joined()}) {
    EXPECT_EQ(each->view().at(key).value, bytes);
    EXPECT_EQ(each->view().at("empty").value, "");
    EXPECT_TRUE(each->view().at("large").value == large);
  }
}

TEST_P(Conformance, HintsAndSuspicionsChangeNothing) {
  Client& a = joined();
  Client& b = joined();
  ASSERT_TRUE(a.put("alive", "", true));
  ASSERT_TRUE(b.wait_for_key("alive"));
  for (int i = 0; i < 20; ++i) {
    b.coordinator().hint(Revision(1'000'000));
    b.coordinator().suspect("alive");
    b.coordinator().suspect("absent");
    ASSERT_TRUE(b.put("k", std::to_string(i)));
  }
  EXPECT_TRUE(b.view().contains("alive"));
  EXPECT_EQ(b.record().deletions.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Coordinators, Conformance, ::testing::ValuesIn(all_backends()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace borg::coordinators::testing
