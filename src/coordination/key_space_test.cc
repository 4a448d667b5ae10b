// SPDX-License-Identifier: Apache-2.0
#include "coordination/key_space.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/random.h"

namespace borg::coordination {
namespace {

Txn put(std::string key, std::string value, bool is_bound = false) {
  return {{}, {{std::move(key), std::move(value), is_bound}}, {}};
}

TEST(KeySpace, ComparesAgainstTheLastWrite) {
  KeySpace space;
  const SessionId session = space.begin_session();
  EXPECT_EQ(space.apply({{{"a", Revision(0)}}, {{"a", "1"}}, {}}, session).revision, Revision(1));
  EXPECT_EQ(space.apply({{{"a", Revision(0)}}, {{"a", "2"}}, {}}, session).outcome,
            TxnOutcome::kConflict);
  const TxnResult second = space.apply({{{"a", Revision(1)}}, {{"a", "2"}}, {}}, session);
  EXPECT_EQ(second.outcome, TxnOutcome::kCommitted);
  ASSERT_EQ(second.changes.changes.size(), 1u);
  EXPECT_EQ(second.changes.changes[0].modified, Revision(2));
  EXPECT_EQ(second.changes.changes[0].created, Revision(1));
}

TEST(KeySpace, ConflictLeavesNoTrace) {
  KeySpace space;
  const SessionId session = space.begin_session();
  space.apply(put("a", "1"), session);
  const Txn txn{{{"a", Revision(1)}, {"b", Revision(9)}}, {{"a", "2"}, {"c", "3"}}, {}};
  EXPECT_EQ(space.apply(txn, session).outcome, TxnOutcome::kConflict);
  EXPECT_EQ(space.revision(), Revision(1));
  EXPECT_EQ(space.snapshot().entries.size(), 1u);
}

TEST(KeySpace, RevisionStaysWhenNothingChanges) {
  KeySpace space;
  const SessionId session = space.begin_session();
  const TxnResult result = space.apply({{}, {}, {{"absent"}}}, session);
  EXPECT_EQ(result.outcome, TxnOutcome::kCommitted);
  EXPECT_EQ(space.revision(), Revision(0));
  EXPECT_TRUE(space.end_session(session).changes.empty());
  EXPECT_EQ(space.revision(), Revision(0));
}

TEST(KeySpace, EndedSessionTakesItsKeysAndMayBindNoMore) {
  KeySpace space;
  const SessionId mine = space.begin_session();
  const SessionId other = space.begin_session();
  space.apply(put("a", "1", true), mine);
  space.apply(put("b", "1", true), mine);
  space.apply(put("b", "2"), other);  // no longer bound
  space.apply(put("c", "1", true), other);
  EXPECT_EQ(space.session_of("a"), mine);
  EXPECT_EQ(space.session_of("b"), std::nullopt);
  const Changes ended = space.end_session(mine);
  ASSERT_EQ(ended.changes.size(), 1u);
  EXPECT_EQ(ended.changes[0].key, "a");
  EXPECT_FALSE(ended.changes[0].value.has_value());
  EXPECT_EQ(ended.revision, Revision(5));
  EXPECT_TRUE(space.end_session(mine).changes.empty());
  EXPECT_EQ(space.apply(put("d", "1", true), mine).outcome, TxnOutcome::kUnavailable);
  EXPECT_EQ(space.apply(put("d", "1"), mine).outcome, TxnOutcome::kCommitted);
}

TEST(KeySpace, RefusesMalformedTransactions) {
  EXPECT_FALSE(is_well_formed({{}, {{"a", "1"}, {"a", "2"}}, {}}));
  EXPECT_FALSE(is_well_formed({{}, {{"a", "1"}}, {{"a"}}}));
  EXPECT_FALSE(is_well_formed({{}, {{"", "1"}}, {}}));
  Txn txn;
  for (std::size_t i = 0; i < kTxnOperationsMax; ++i) txn.deletes.push_back({std::to_string(i)});
  EXPECT_TRUE(is_well_formed(txn));
  txn.puts.push_back({"one more", ""});
  EXPECT_FALSE(is_well_formed(txn));
}

using Contents = std::map<std::string, std::string>;

void replay(const Changes& changes, Contents& out) {
  for (const Change& change : changes.changes) {
    if (change.value) {
      out[change.key] = *change.value;
    } else {
      out.erase(change.key);
    }
  }
}

TEST(KeySpace, ChangesSinceAnyRevisionLeadToTheSnapshot) {
  Random random(7);
  KeySpace space(50);
  const SessionId session = space.begin_session();
  Contents at_revision[121];
  for (std::uint64_t step = 1; step <= 120; ++step) {
    const std::string key = std::to_string(random.below(8));
    Txn txn = put(key, std::to_string(step));
    if (random.chance(1, 3) && at_revision[step - 1].contains(key)) txn = {{}, {}, {{key}}};
    const TxnResult result = space.apply(txn, session);
    ASSERT_EQ(result.revision, Revision(step));
    at_revision[step] = at_revision[step - 1];
    replay(result.changes, at_revision[step]);
  }
  for (std::uint64_t seen = 0; seen <= 120; ++seen) {
    const auto changes = space.changes_since(Revision(seen));
    ASSERT_EQ(changes.has_value(), seen >= 70) << seen;
    if (!changes) continue;
    Contents contents = at_revision[seen];
    replay(*changes, contents);
    EXPECT_EQ(contents, at_revision[120]);
    EXPECT_EQ(changes->revision, Revision(120));
  }
}

}  // namespace
}  // namespace borg::coordination
