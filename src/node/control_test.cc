// SPDX-License-Identifier: Apache-2.0
// How clusters form, grow, shrink, and lose nodes.
#include "node/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/testing/control_world.h"

namespace borg::node::testing {
namespace {

using coordination::MemberState;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Node = ControlWorld::Node;

void one_copy(NodeOptions& options) { options.settings.copies = options.settings.min_copies = 1; }
void unproven(NodeOptions& options) { options.death_is_proven = false; }

class ControlTest : public ::testing::Test {
 protected:
  /// Runs until all is where it should be.
  void settle() {
    world_.run(Duration::millis(400));
    EXPECT_TRUE(world_.run_until([&] { return world_.settled(); }));
  }
  ControlWorld world_;
};

TEST_F(ControlTest, TheFirstNodeFoundsTheClusterWithItsSettings) {
  Node& a = world_.start("a", [](NodeOptions& o) { o.settings.scatter_width = 7; });
  settle();
  EXPECT_TRUE(a.core->ready());
  EXPECT_EQ(world_.view().settings, a.options.settings);
  EXPECT_EQ(world_.partitions_of(a, true), kPartitionCount);
}

TEST_F(ControlTest, ANodeJoinsWhenTheAddressesAreFoundGood) {
  const auto tries = [](NodeOptions& o) { o.tries_addresses = true; };
  Node& a = world_.start("a", tries);
  world_.run();
  ASSERT_TRUE(a.addresses_to_try);
  EXPECT_TRUE(a.addresses_to_try->empty()) << "it is the first";
  EXPECT_TRUE(world_.view().members.empty()) << "nothing is written before they were tried";
  world_.tell(a, [&](ControlCore& core) {
    core.on_addresses_tried({{.node = a.id, .found = wire::Found::kNode}});
  });
  settle();
  Node& b = world_.start("b", tries);
  world_.run();
  ASSERT_TRUE(b.addresses_to_try);
  ASSERT_EQ(b.addresses_to_try->size(), 1u);
  EXPECT_EQ(b.addresses_to_try->front().id, a.id);
  world_.tell(b, [&](ControlCore& core) {
    core.on_addresses_tried(
        {{.node = b.id, .found = wire::Found::kStranger, .detail = "elsewhere"}});
  });
  world_.run();
  ASSERT_TRUE(b.exit);
  EXPECT_EQ(b.exit->code, 1);
  EXPECT_THAT(b.exit->message, HasSubstr("cluster 'elsewhere'"));
  EXPECT_EQ(world_.view().members.size(), 1u);
}

TEST_F(ControlTest, TwoNodesOfTheSameInstantFormOneCluster) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  EXPECT_EQ(world_.view().members.size(), 2u);
  EXPECT_EQ(world_.partitions_of(a, true), kPartitionCount / 2);
  EXPECT_EQ(world_.partitions_of(b, true), kPartitionCount / 2);
  EXPECT_TRUE(a.core->ready() && b.core->ready());
}

TEST_F(ControlTest, AJoiningNodeGetsItsShareAndEveryPartitionKeepsItsCopies) {
  world_.start("a");
  world_.start("b");
  settle();
  world_.on_transaction = [](const Node&, const coordination::Txn& txn) {
    for (const auto& put : txn.puts) {
      if (!put.key.starts_with("partitions/")) continue;
      EXPECT_EQ(coordination::partition_from_text(put.value)->in_sync.size() >= 2, true);
    }
  };
  Node& c = world_.start("c");
  settle();
  EXPECT_GE(world_.partitions_of(c, true), kPartitionCount / 3);
  EXPECT_GE(world_.partitions_of(c, false), 2 * kPartitionCount / 3);
}

TEST_F(ControlTest, WhatLacksACopyBeginsOneAtOnceAndWhatOnlyMovesWaitsItsTurn) {
  constexpr std::size_t kMovingMax = 2;
  const auto few = [](NodeOptions& o) { o.syncing_partitions_max = kMovingMax; };
  std::vector<Node*> stay{&world_.start("a", few), &world_.start("b", few)};
  Node& c = world_.start("c", few);
  settle();
  for (Node* node : stay) node->workers_work = false;  // no copy is ever complete
  const auto count_syncing = [&] {
    const membership::ClusterView view = world_.view();
    return std::count_if(view.partitions.begin(), view.partitions.end(),
                         [](const PartitionConfig& p) { return !p.syncing.empty(); });
  };
  world_.kill(c);
  world_.run();
  for (const PartitionConfig& p : world_.view().partitions) {
    EXPECT_EQ(p.in_sync.size() + p.syncing.size(), 2u);
  }
  EXPECT_GT(count_syncing(), static_cast<std::ptrdiff_t>(2 * kMovingMax));
  for (Node* node : stay) {
    node->workers_work = true;
    node->to_workers.clear();
  }
  world_.start("d", few);  // the next view tells the workers to go on
  settle();
  for (Node* node : stay) node->workers_work = false;
  world_.start("e", few);
  world_.run();
  EXPECT_GT(count_syncing(), 0);
  EXPECT_LT(count_syncing(), static_cast<std::ptrdiff_t>(kPartitionCount / 20));
}

TEST_F(ControlTest, WhatIsToChangeWhileTheCoordinatorIsAskedTravelsTogether) {
  Node& a = world_.start("a");
  world_.start("b");
  world_.start("c");
  settle();
  std::size_t transactions = 0;
  world_.on_transaction = [&](const Node& node, const coordination::Txn&) {
    transactions += &node == &a ? 1 : 0;
  };
  a.hears_coordinator = false;
  const membership::ClusterView before = world_.view();
  std::vector<PartitionId> changed;
  for (std::uint16_t p = 0; p < kPartitionCount && changed.size() < 30; ++p) {
    const PartitionConfig& config = before.partitions[p];
    if (config.primary() != a.id) continue;
    changed.emplace_back(p);
    a.from_workers.emplace_back(replication::Report{.kind = replication::Report::Kind::kBroken,
                                                    .partition = PartitionId(p),
                                                    .epoch = config.epoch,
                                                    .node = config.in_sync[1]});
    world_.run(ControlCore::kTick);
  }
  ASSERT_EQ(changed.size(), 30u);
  EXPECT_LE(transactions, 2u);
  a.hears_coordinator = true;
  settle();
  EXPECT_LT(transactions, changed.size());
  const membership::ClusterView after = world_.view();
  for (const PartitionId p : changed) {
    EXPECT_GT(after.partition(p).epoch, before.partition(p).epoch);
  }
}

TEST_F(ControlTest, ANameInUseIsRefused) {
  world_.start("a");
  settle();
  Node& twin = world_.start("a");
  world_.run();
  ASSERT_TRUE(twin.exit);
  EXPECT_EQ(twin.exit->code, 1);
  EXPECT_THAT(twin.exit->message, HasSubstr("'a' is in use"));
  EXPECT_EQ(world_.view().members.size(), 1u);
}

TEST_F(ControlTest, ANameOfAProcessThatDiedAMomentAgoIsFree) {
  world_.start("x");
  Node& a = world_.start("a");
  settle();
  world_.kill(a);
  Node& next = world_.start("a");
  settle();
  EXPECT_FALSE(next.exit);
  EXPECT_EQ(world_.view().member("a")->member.id, next.id);
}

TEST_F(ControlTest, OtherCopiesThanTheClustersAreRefused) {
  world_.start("a");
  settle();
  Node& b = world_.start("b", [](NodeOptions& options) { options.copies = 3; });
  world_.run();
  ASSERT_TRUE(b.exit);
  EXPECT_THAT(b.exit->message, HasSubstr("--copies 2, not 3"));
  Node& c = world_.start("c", [](NodeOptions& options) { options.copies = 2; });
  settle();
  EXPECT_FALSE(c.exit);
}

TEST_F(ControlTest, SettingsThatItCannotReadAreRefusedAndNotReplaced) {
  const auto session = world_.space.begin_session();
  (void)world_.space.apply({{}, {{"settings", "copies=2 of another age"}}, {}}, session);
  Node& a = world_.start("a");
  world_.run();
  ASSERT_TRUE(a.exit);
  EXPECT_EQ(a.exit->code, 1);
  EXPECT_EQ(world_.space.snapshot().entries[0].value, "copies=2 of another age");
}

TEST_F(ControlTest, ALeavingNodeHandsEverythingOverThenExits) {
  Node& a = world_.start("a");
  world_.start("b");
  world_.start("c");
  settle();
  world_.tell(a, [](ControlCore& core) { core.leave(); });
  EXPECT_TRUE(world_.run_until([&] { return a.exit.has_value(); }));
  EXPECT_EQ(a.exit->code, 0);
  EXPECT_EQ(world_.partitions_of(a, false), 0u);
  EXPECT_EQ(world_.view().members.size(), 2u);
  settle();
}

TEST_F(ControlTest, TheLastNodeMayLeave) {
  Node& a = world_.start("a", one_copy);
  settle();
  world_.tell(a, [](ControlCore& core) { core.leave(); });
  EXPECT_TRUE(world_.run_until([&] { return a.exit.has_value(); }));
  EXPECT_EQ(a.exit->code, 0);
  EXPECT_TRUE(a.logged("last node"));
  EXPECT_TRUE(world_.view().members.empty());
}

TEST_F(ControlTest, AfterTheLastNodeLeftTheNextStartsAfresh) {
  Node& a = world_.start("a", one_copy);
  settle();
  world_.tell(a, [](ControlCore& core) { core.leave(); });
  world_.run();
  Node& b = world_.start("b");
  settle();
  EXPECT_TRUE(b.core->ready());
  EXPECT_EQ(world_.view().settings, b.options.settings);
}

TEST_F(ControlTest, ANodeThatHasNotJoinedYetLeavesAtOnce) {
  Node& a = world_.start("a");
  world_.tell(a, [](ControlCore& core) { core.leave(); });
  ASSERT_TRUE(a.exit);
  EXPECT_EQ(a.exit->code, 0);
}

// ---- deaths ----

TEST_F(ControlTest, AProvenDeathIsHealedWithoutWaitingForALease) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  Node& c = world_.start("c");
  settle();
  world_.kill(a);
  world_.run(Duration::millis(200));
  EXPECT_EQ(world_.partitions_of(a, true), 0u) << "taken over";
  settle();
  EXPECT_EQ(world_.partitions_of(b, false), kPartitionCount);
  EXPECT_EQ(world_.partitions_of(c, false), kPartitionCount);
  EXPECT_EQ(world_.view().member(a.id), nullptr) << "forgotten";
}

TEST_F(ControlTest, ADeathWithoutProofIsHealedAfterTheLease) {
  Node& a = world_.start("a", unproven);
  world_.start("b", unproven);
  world_.start("c", unproven);
  settle();
  const Instant died = world_.now.instant;
  world_.kill(a, false);
  const std::size_t held = world_.partitions_of(a, true);
  world_.run(Duration::millis(900));
  EXPECT_EQ(world_.partitions_of(a, true), held) << "it may still serve";
  EXPECT_TRUE(world_.run_until([&] { return world_.partitions_of(a, true) == 0; }));
  EXPECT_LT(world_.now.instant - died, Duration::seconds(2));
  EXPECT_TRUE(world_.run_until(
      [&] { return world_.view().member(a.id)->member.state == MemberState::kDown; }));
  settle();
}

TEST_F(ControlTest, OneBrokenLinkCostsPartitionsAMoveNotANode) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  for (const char* name : {"c", "d", "e"}) world_.start(name, unproven);
  settle();
  world_.cut(a, b);
  world_.run(Duration::seconds(5));
  const membership::ClusterView view = world_.view();
  EXPECT_EQ(view.active_members(), 5u);
  for (const PartitionConfig& c : view.partitions) {
    EXPECT_FALSE(c.in_sync.contains(a.id) && c.in_sync.contains(b.id));
    EXPECT_EQ(c.in_sync.size(), 2u) << "a substitute took the copy";
  }
  world_.heal(a, b);
  settle();
}

TEST_F(ControlTest, OfTwoThatCannotHearEachOtherOneStays) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  settle();
  world_.cut(a, b);
  world_.run(Duration::seconds(5));
  EXPECT_LE(world_.view().active_members(), 2u);
  EXPECT_GE(world_.view().active_members(), 1u);
  for (const PartitionConfig& c : world_.view().partitions) EXPECT_EQ(c.in_sync.size(), 1u);
  world_.heal(a, b);
  EXPECT_TRUE(world_.run_until([&] { return world_.view().active_members() == 2; }));
  settle();
}

TEST_F(ControlTest, ANodeThatHearsNobodyJudgesNobody) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  Node& c = world_.start("c", unproven);
  settle();
  // It could still change things, and be the first to do so.
  b.reaches_coordinator = c.reaches_coordinator = false;
  const membership::ClusterView before = world_.view();
  world_.cut(a, b);
  world_.cut(a, c);
  world_.run(Duration::seconds(4));
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    EXPECT_EQ(world_.view().partitions[p], before.partitions[p]) << p;
  }
  EXPECT_EQ(world_.view().active_members(), 3u);
  b.reaches_coordinator = c.reaches_coordinator = true;
  EXPECT_TRUE(world_.run_until([&] { return world_.view().active_members() == 2; }));
  EXPECT_EQ(world_.view().member(a.id)->member.state, coordination::MemberState::kDown);
}

TEST_F(ControlTest, WhenAllOthersAreDeadTheirSessionsSaySo) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  Node& c = world_.start("c", unproven);
  settle();
  world_.kill(b, false);
  world_.kill(c, false);
  world_.run(Duration::seconds(4));
  EXPECT_EQ(world_.view().active_members(), 3u);
  world_.end_session(b);
  world_.end_session(c);
  EXPECT_TRUE(world_.run_until([&] { return world_.view().active_members() == 1; }));
  EXPECT_TRUE(a.running());
}

TEST_F(ControlTest, ANodeThatWasGivenUpJoinsAgain) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  Node& c = world_.start("c", unproven);
  settle();
  world_.cut(a, b);
  world_.cut(a, c);
  EXPECT_TRUE(world_.run_until([&] { return world_.view().active_members() == 2; }));
  world_.heal(a, b);
  world_.heal(a, c);
  EXPECT_TRUE(world_.run_until([&] { return world_.view().active_members() == 3; }));
  settle();
  EXPECT_TRUE(a.logged("it joins again"));
}

TEST_F(ControlTest, OneCutLinkCostsNoNode) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  Node& c = world_.start("c", unproven);
  settle();
  world_.cut(a, b);
  const std::uint64_t target = world_.view().target.version;
  world_.run(Duration::seconds(5));
  EXPECT_EQ(world_.view().active_members(), 3u);
  EXPECT_EQ(world_.view().target.version, target);
  for (const PartitionConfig& config : world_.view().partitions) {
    EXPECT_FALSE(config.is_replica(a.id) && config.is_replica(b.id)) << "they are no pair now";
    EXPECT_TRUE(config.is_replica(c.id));
  }
}

TEST_F(ControlTest, WhoHasPromisedNothingIsNotFed) {
  Node& a = world_.start("a");
  world_.start("b");
  settle();
  Node& c = world_.start("c");
  world_.cut(a, c);
  world_.run(Duration::millis(400));  // not silent yet
  ASSERT_EQ(world_.view().active_members(), 3u);
  std::size_t by_b = 0;
  for (const PartitionConfig& config : world_.view().partitions) {
    if (!config.is_replica(c.id)) continue;
    ++by_b;
    EXPECT_NE(config.primary(), a.id) << "it could not serve without the lease of c";
  }
  EXPECT_GT(by_b, 0u);
}

TEST_F(ControlTest, ANodeThatWasForgottenEndsSoThatItMayComeBackAsANewOne) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  Node& c = world_.start("c", unproven);
  settle();
  world_.cut(a, b);
  world_.cut(a, c);
  a.hears_coordinator = a.reaches_coordinator = false;
  world_.end_session(a);
  EXPECT_TRUE(world_.run_until([&] { return world_.view().member(a.id) == nullptr; }));
  EXPECT_TRUE(a.running());
  a.hears_coordinator = a.reaches_coordinator = true;
  EXPECT_TRUE(world_.run_until([&] { return !a.running(); }));
  EXPECT_TRUE(a.exit->is_forgotten);
}

TEST_F(ControlTest, WhoHoldsDataOutlivesItsCoordinator) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  const coordination::Fatal fatal{"the database is corrupt"};
  for (Node* node : {&a, &b}) {
    node->reaches_coordinator = false;
    node->events.emplace_back(fatal);
  }
  world_.run();
  EXPECT_TRUE(a.running() && b.running());
  EXPECT_TRUE(a.logged("the database is corrupt") && a.logged("borgctl dump"));
  Node& c = world_.start("c");
  c.events.emplace_back(fatal);
  world_.run();
  ASSERT_FALSE(c.running());
  EXPECT_EQ(c.exit->code, 1);
  EXPECT_THAT(c.exit->message, HasSubstr("the database is corrupt"));
}

TEST_F(ControlTest, ANodeWhoseSessionEndedSaysThatItIsStillThere) {
  Node& a = world_.start("a", unproven);
  world_.start("b", unproven);
  settle();
  world_.end_session(a);
  world_.renew_session(a);
  settle();
  EXPECT_TRUE(world_.view().member(a.id)->has_session);
  EXPECT_EQ(world_.view().member("a")->member.id, a.id);
  EXPECT_EQ(world_.view().active_members(), 2u);
}

TEST_F(ControlTest, ANewSessionProvesNothingUntilTheRecordIsBoundToIt) {
  Node& a = world_.start("a", unproven);
  settle();
  const auto before = a.core->view()->sole;
  EXPECT_EQ(before->until(), Instant::never());
  // The others may see the key of the last one go, whatever becomes of the new one.
  a.reaches_coordinator = false;
  a.events.emplace_back(coordination::SessionLost{});
  world_.renew_session(a);
  world_.run(Duration::seconds(1));
  EXPECT_LT(before->until(), world_.now.instant);
  EXPECT_LT(a.core->view()->sole->until(), world_.now.instant);
  a.reaches_coordinator = true;
  world_.run(Duration::seconds(1));
  EXPECT_EQ(a.core->view()->sole->until(), Instant::never());
  // What the workers know from before may be what others have begun anew since.
  EXPECT_LT(before->until(), world_.now.instant);
  // It is bound to the new one indeed.
  const auto session = world_.space.session_of(coordination::session_key(a.id));
  EXPECT_EQ(session, a.session);
}

TEST_F(ControlTest, WhoAsksToBeAloneSaysSoUntilItIsWithOthersAgain) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  settle();
  const auto asked = [&] {
    return std::ranges::count_if(*a.core->view()->asked_alone,
                                 [](const auto& flag) { return flag.load(); });
  };
  const auto own = static_cast<std::ptrdiff_t>(world_.partitions_of(a, true));
  ASSERT_GT(own, 0);
  EXPECT_EQ(asked(), 0);
  std::ptrdiff_t at_sending = -1;
  world_.on_transaction = [&](const Node& node, const coordination::Txn& txn) {
    const bool is_about_one = txn.puts.front().key.starts_with("partitions/");
    if (&node == &a && is_about_one && at_sending < 0) at_sending = asked();
  };
  a.loses_answers = true;
  a.hears_coordinator = false;
  world_.kill(b, false);
  EXPECT_TRUE(world_.run_until([&] { return at_sending >= 0; }));
  EXPECT_EQ(at_sending, own) << "before anything can come of it";
  world_.run();
  EXPECT_EQ(asked(), own) << "while the outcome is unknown";
  a.loses_answers = false;
  a.hears_coordinator = true;
  world_.run();
  EXPECT_EQ(world_.view().partition(PartitionId(0)).in_sync, NodeList{a.id});
  EXPECT_GE(asked(), own) << "the workers may not have heard of it";
  world_.start("c", unproven);
  settle();
  EXPECT_EQ(asked(), 0);
}

TEST_F(ControlTest, WhoCouldNotAskToBeAloneIsAsBefore) {
  Node& a = world_.start("a", unproven);
  Node& b = world_.start("b", unproven);
  settle();
  a.reaches_coordinator = false;
  world_.cut(a, b);
  world_.run();
  world_.heal(a, b);
  world_.run();
  EXPECT_TRUE(std::ranges::none_of(*a.core->view()->asked_alone,
                                   [](const auto& flag) { return flag.load(); }));
}

TEST_F(ControlTest, ANameThatAnotherTookMeanwhileIsNotTakenBack) {
  Node& a = world_.start("a", unproven);
  world_.start("b", unproven);
  settle();
  a.hears_coordinator = false;
  world_.end_session(a);
  Node& twin = world_.start("a", unproven);
  EXPECT_TRUE(world_.run_until([&] { return world_.view().member(twin.id) != nullptr; }));
  // What it hears next is its session's end and its new session, and of the twin only later.
  std::erase_if(a.events, [&](const coordination::Event& event) {
    const auto* changes = std::get_if<coordination::Changes>(&event);
    if (changes == nullptr) return false;
    return std::any_of(changes->changes.begin(), changes->changes.end(), [&](const auto& change) {
      return change.key == coordination::name_key("a") && change.value;
    });
  });
  world_.renew_session(a);
  a.hears_coordinator = true;
  world_.run(Duration::millis(100));
  EXPECT_EQ(world_.view().names.at("a"), twin.id);
}

TEST_F(ControlTest, WhenAllAreDeadTheNextStartsAfreshAndSaysSo) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  world_.kill(a);
  world_.kill(b);
  world_.end_session(a);
  world_.end_session(b);
  Node& next = world_.start("a");
  settle();
  EXPECT_TRUE(next.logged("starting afresh"));
  EXPECT_EQ(world_.view().members.size(), 1u);
  EXPECT_EQ(world_.partitions_of(next, true), kPartitionCount);
}

TEST_F(ControlTest, AFreshStartIsWholeEvenIfTheCoordinatorFailsMeanwhile) {
  Node& a = world_.start("a");
  settle();
  world_.kill(a);
  world_.end_session(a);
  Node& next = world_.start("b");
  next.reaches_coordinator = false;
  world_.run(Duration::millis(100));
  next.reaches_coordinator = true;
  settle();
  EXPECT_EQ(world_.view().members.size(), 1u);
  EXPECT_EQ(world_.partitions_of(next, true), kPartitionCount);
}

TEST_F(ControlTest, EndedSessionsAloneResetNothing) {
  Node& a = world_.start("a", unproven);
  settle();
  world_.kill(a);
  world_.end_session(a);
  Node& b = world_.start("b", unproven);
  world_.run(Duration::seconds(5));
  EXPECT_FALSE(b.logged("starting afresh"));
  EXPECT_TRUE(world_.view().is_lost(PartitionId(0)));
  EXPECT_EQ(world_.partitions_of(b, false), 0u);
}

/// Two of three nodes know that a worker of the third is in one turn for long.
class ControlBusyTest : public ControlTest {
 protected:
  static void patient(NodeOptions& options) {
    options.death_is_proven = false;
    options.liveness.busy_max = Duration::seconds(5);
  }
  ControlBusyTest() {
    settle();
    epochs_ = epochs();
  }
  [[nodiscard]] std::vector<Epoch> epochs() const {
    std::vector<Epoch> epochs;
    for (const PartitionConfig& config : world_.view().partitions) epochs.push_back(config.epoch);
    return epochs;
  }
  static bool hears_of_busy(const Node& node, NodeId whom) {
    return std::ranges::any_of(node.to_workers, [&](const ToWorker& message) {
      const auto* busy = std::get_if<WorkersBusy>(&message);
      return busy != nullptr && busy->node == whom && busy->lanes == std::vector<std::uint16_t>{0};
    });
  }
  Node& a_ = world_.start("a", patient);
  Node& b_ = world_.start("b", patient);
  Node& c_ = world_.start("c", patient);
  std::vector<Epoch> epochs_;
};

TEST_F(ControlBusyTest, AControlThreadVouchesForItsWorkers) {
  a_.core->note_worker(WorkerIndex(0), world_.now.instant);
  world_.run(Duration::seconds(4));
  EXPECT_TRUE(hears_of_busy(b_, a_.id));
  EXPECT_TRUE(hears_of_busy(a_, a_.id)) << "its own workers may wait for each other";
  EXPECT_FALSE(hears_of_busy(b_, c_.id));
  EXPECT_EQ(epochs(), epochs_) << "nothing moved";
}

TEST_F(ControlBusyTest, ShortTurnsAreNotSpokenOf) {
  for (int i = 0; i < 100; ++i) {
    a_.core->note_worker(WorkerIndex(0), world_.now.instant);
    world_.run(Duration::millis(30));
  }
  EXPECT_FALSE(hears_of_busy(b_, a_.id));
}

TEST_F(ControlBusyTest, ANodeWithAWorkerThatHangsIsSilent) {
  a_.core->note_worker(WorkerIndex(0), world_.now.instant);
  world_.run(Duration::seconds(10));
  EXPECT_TRUE(a_.logged("worker 0 hangs"));
  EXPECT_TRUE(b_.logged("node a is silent") || c_.logged("node a is silent"));
  EXPECT_EQ(world_.partitions_of(a_, true), 0u);
  EXPECT_EQ(world_.partitions_of(b_, true) + world_.partitions_of(c_, true), kPartitionCount);
  a_.core->note_worker(WorkerIndex(0), std::nullopt);
  EXPECT_TRUE(world_.run_until([&] { return world_.view().active_members() == 3; }));
  settle();
  EXPECT_TRUE(a_.logged("no worker hangs any more"));
  EXPECT_GT(world_.partitions_of(a_, true), 0u);
}

}  // namespace
}  // namespace borg::node::testing
