// SPDX-License-Identifier: Apache-2.0
#include "coordinators/local_database.h"

#include <gtest/gtest.h>

#include <string>

#include "coordinators/testing/process.h"

namespace borg::coordinators {
namespace {

using coordination::Changes;
using coordination::Snapshot;
using coordination::TxnOutcome;

class LocalDatabasePair : public ::testing::Test {
 protected:
  LocalDatabasePair() : a_(options()), b_(options()) {
    EXPECT_EQ(a_.open(1), LocalStatus::kOk) << a_.message();
    EXPECT_EQ(b_.open(2), LocalStatus::kOk) << b_.message();
    EXPECT_TRUE(std::holds_alternative<Snapshot>(b_.poll().news.value()));
  }
  [[nodiscard]] LocalDatabaseOptions options() const {
    LocalDatabaseOptions out;
    out.directory = directory_.path();
    out.cluster = "test";
    return out;
  }

  testing::TempDirectory directory_;
  LocalDatabase a_;
  LocalDatabase b_;
};

TEST_F(LocalDatabasePair, ReaderGetsTheNewestValueOfEachKeyInOrder) {
  a_.apply({{}, {{"x", "1"}, {"y", "1"}}, {}});
  a_.apply({{}, {{"z", "2"}}, {{"y"}}});
  a_.apply({{}, {{"x", "3"}}, {}});
  const auto changes = std::get<Changes>(b_.poll().news.value());
  EXPECT_EQ(changes.revision, Revision(3));
  ASSERT_EQ(changes.changes.size(), 3u);
  EXPECT_EQ(changes.changes[2].key, "x");
  EXPECT_EQ(changes.changes[2].created, Revision(1));
  for (const coordination::Change& change : changes.changes) {
    EXPECT_EQ(change.value.has_value(), change.key != "y");
    EXPECT_EQ(change.modified, change.key == "x" ? Revision(3) : Revision(2));
  }
  EXPECT_FALSE(b_.poll().news.has_value());
}

TEST_F(LocalDatabasePair, ConflictBringsTheNewsToo) {
  a_.apply({{}, {{"x", "1"}}, {}});
  const LocalOutcome outcome = b_.apply({{{"x", Revision(0)}}, {{"x", "2"}}, {}});
  EXPECT_EQ(outcome.txn, TxnOutcome::kConflict);
  EXPECT_EQ(std::get<Changes>(outcome.news.value()).changes.at(0).value, "1");
}

TEST_F(LocalDatabasePair, ReaderBehindTheTombstonesGetsASnapshot) {
  for (int i = 0; i < 2100; ++i) {
    ASSERT_EQ(a_.apply({{}, {{"x", ""}}, {}}).txn, TxnOutcome::kCommitted);
    ASSERT_EQ(a_.apply({{}, {}, {{"x"}}}).txn, TxnOutcome::kCommitted);
    ASSERT_EQ(a_.apply({{}, {{"y" + std::to_string(i), ""}}, {}}).txn, TxnOutcome::kCommitted);
    if (i % 3 == 0) a_.apply({{}, {}, {{"y" + std::to_string(i)}}});
  }
  const auto snapshot = std::get<Snapshot>(b_.poll().news.value());
  EXPECT_EQ(snapshot.revision, Revision(7000));
  EXPECT_EQ(snapshot.entries.size(), 1400u);
}

TEST_F(LocalDatabasePair, SessionIsReapedOnlyWhenItsLockIsFree) {
  a_.apply({{}, {{"x", "", true}}, {}});
  b_.poll();
  EXPECT_FALSE(b_.reap().news.has_value());
  {
    LocalDatabase c(options());
    ASSERT_EQ(c.open(3), LocalStatus::kOk);
    c.poll();
    c.apply({{}, {{"y", "", true}}, {}});
  }
  const LocalOutcome reaped = b_.reap();
  EXPECT_EQ(reaped.status, LocalStatus::kOk);
  EXPECT_EQ(reaped.revision, Revision());
  const auto changes = std::get<Changes>(reaped.news.value());
  ASSERT_EQ(changes.changes.size(), 1u);  // put and deleted since the last look
  EXPECT_EQ(changes.changes[0].key, "y");
  EXPECT_FALSE(changes.changes[0].value.has_value());
  EXPECT_FALSE(b_.reap().news.has_value());
}

TEST_F(LocalDatabasePair, OtherWriterMeansBusyAndNothingElse) {
  sqlite::Connection other;
  ASSERT_TRUE(other.open(directory_.path() + "/borg.db", 1000) && other.run("BEGIN IMMEDIATE"));
  EXPECT_EQ(a_.apply({{}, {{"x", "1"}}, {}}).status, LocalStatus::kBusy);
  EXPECT_FALSE(a_.probe());
  EXPECT_EQ(b_.poll().status, LocalStatus::kOk);
  other.roll_back();
  EXPECT_TRUE(a_.probe());
  EXPECT_EQ(a_.apply({{}, {{"x", "1"}}, {}}).status, LocalStatus::kOk);
}

}  // namespace
}  // namespace borg::coordinators
