// SPDX-License-Identifier: Apache-2.0
// Lost partitions, hand-overs that go wrong, and what operators ask and say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/control.h"
#include "node/testing/control_world.h"

namespace borg::node::testing {
namespace {

using replication::Report;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Node = ControlWorld::Node;

class ControlAdminTest : public ::testing::Test {
 protected:
  void settle() {
    world_.run(Duration::millis(400));
    EXPECT_TRUE(world_.run_until([&] { return world_.settled(); }));
  }
  std::size_t lost() const {
    const membership::ClusterView view = world_.view();
    std::size_t n = 0;
    for (std::uint16_t p = 0; p < kPartitionCount; ++p) n += view.is_lost(PartitionId(p)) ? 1 : 0;
    return n;
  }
  /// Four nodes, of which the two that hold partition 0 die at once.
  void lose_some(bool on_loss_empty = false) {
    std::vector<Node*> nodes;
    for (const char* name : {"a", "b", "c", "d"}) {
      nodes.push_back(
          &world_.start(name, [&](NodeOptions& o) { o.settings.on_loss_empty = on_loss_empty; }));
    }
    settle();
    const NodeList doomed = world_.view().partitions[0].in_sync;
    for (Node* node : nodes) {
      if (!doomed.contains(node->id)) (c_ == nullptr ? c_ : d_) = node;
    }
    for (Node* node : nodes) {
      if (!doomed.contains(node->id)) continue;
      world_.kill(*node);
      world_.end_session(*node);
    }
    world_.run();
  }
  ControlWorld world_;
  Node* c_ = nullptr;
  Node* d_ = nullptr;
};

TEST_F(ControlAdminTest, LostPartitionsStayLostUntilSomebodyAcceptsIt) {
  lose_some();
  EXPECT_GT(lost(), 0u);
  EXPECT_TRUE(c_->logged("DATALOSS"));
  const std::size_t before = lost();
  world_.run(Duration::seconds(10));
  EXPECT_EQ(lost(), before);
  EXPECT_EQ(world_.ask(*c_, {"BORG", "ACCEPT-LOSS"}),
            "+OK " + std::to_string(before * kSlotsPerPartition) +
                " slots go on with what is left of them\r\n");
  EXPECT_EQ(lost(), 0u) << "it is answered when it is so";
  EXPECT_EQ(world_.ask(*c_, {"BORG", "ACCEPT-LOSS"}), "+OK nothing is lost\r\n");
  settle();
  EXPECT_EQ(lost(), 0u) << "of all nodes, not only of the one that was told";
}

TEST_F(ControlAdminTest, AnAcceptedLossIsNotThoseToCome) {
  lose_some();
  world_.ask(*c_, {"BORG", "ACCEPT-LOSS"});
  settle();
  Node& e = world_.start("e");
  Node& f = world_.start("f");
  settle();
  world_.kill(*d_);
  world_.kill(e);
  world_.kill(f);
  for (Node* node : {d_, &e, &f}) world_.end_session(*node);
  world_.run();
  EXPECT_GT(lost(), 0u);
}

TEST_F(ControlAdminTest, WithOnLossEmptyNobodyNeedsToAccept) {
  lose_some(true);
  settle();
  EXPECT_EQ(lost(), 0u);
}

TEST_F(ControlAdminTest, ASecondDeathAfterTheRepairLosesNothing) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  world_.start("c");
  world_.start("d");
  settle();
  for (Node* node : {&a, &b}) {
    world_.kill(*node);
    settle();
  }
  EXPECT_EQ(lost(), 0u);
}

// ---- reports of workers ----

TEST_F(ControlAdminTest, WhateverLacksACopyIsSyncedAtOnce) {
  const auto few_at_a_time = [](NodeOptions& o) { o.syncing_partitions_max = 2; };
  Node& a = world_.start("a", few_at_a_time);
  Node& b = world_.start("b", few_at_a_time);
  Node& c = world_.start("c", few_at_a_time);
  settle();
  b.workers_work = c.workers_work = false;  // nothing gets in sync
  world_.kill(a);
  world_.run();
  for (const PartitionConfig& config : world_.view().partitions) {
    EXPECT_EQ(config.in_sync.size() + config.syncing.size(), 2u) << "writes would wait for it";
  }
}

/// Targets that change faster than the data moves: of each only some replicas get in sync.
TEST_F(ControlAdminTest, NoConfigurationGrowsBeyondWhatItCanList) {
  std::vector<Node*> nodes;
  const auto start = [&](int count) {
    for (int i = 0; i < count; ++i) {
      nodes.push_back(&world_.start("n" + std::to_string(nodes.size()), [](NodeOptions& o) {
        o.settings.copies = o.settings.min_copies = 4;
        o.syncing_partitions_max = kPartitionCount;
      }));
    }
  };
  start(4);
  settle();
  std::size_t listed_max = 0;
  world_.on_transaction = [&](const Node&, const coordination::Txn& txn) {
    for (const auto& put : txn.puts) {
      if (!put.key.starts_with("partitions/")) continue;
      const auto config = coordination::partition_from_text(put.value);
      EXPECT_GE(config->in_sync.size(), 4u);
      listed_max = std::max(listed_max, config->in_sync.size() + config->syncing.size());
    }
  };
  for (int round = 0; round < 3; ++round) {
    for (Node* node : nodes) node->workers_work = false;
    start(4 << round);
    for (std::size_t i = nodes.size() - (4u << round); i < nodes.size(); ++i) {
      nodes[i]->workers_work = false;
    }
    world_.run(Duration::millis(1500));
    // All but the last that are wanted have caught up.
    const membership::ClusterView view = world_.view();
    for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
      const PartitionConfig& config = view.partitions[p];
      for (std::size_t i = 0; i + 1 < config.syncing.size(); ++i) {
        for (Node* node : nodes) {
          if (node->id != config.primary()) continue;
          node->from_workers.emplace_back(Report{.kind = Report::Kind::kCaughtUp,
                                                 .partition = PartitionId(p),
                                                 .epoch = config.epoch,
                                                 .node = config.syncing[i]});
        }
      }
    }
    world_.run(Duration::millis(300));
  }
  EXPECT_EQ(listed_max, NodeList::kCapacity) << "the test has not come to the point";
}

TEST_F(ControlAdminTest, AReplicaThatLostStepIsSyncedAnew) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  PartitionId p(0);
  while (world_.view().partition(p).primary() != a.id) p = p.next();
  const Epoch before = world_.view().partition(p).epoch;
  for (int i = 0; i < 3; ++i) {
    world_.tell(a, [&](ControlCore& core) {
      core.on_worker(
          Report{.kind = Report::Kind::kBroken, .partition = p, .epoch = before, .node = b.id});
    });
    world_.run(Duration::millis(40));
  }
  settle();
  EXPECT_GT(world_.view().partition(p).epoch, before);
  EXPECT_TRUE(world_.view().partition(p).in_sync.contains(b.id));
}

TEST_F(ControlAdminTest, WhatWasSaidOfAnOlderEpochMakesNobodyInSync) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  a.workers_work = false;
  PartitionId p(0);
  while (world_.view().partition(p).primary() != a.id) p = p.next();
  const Epoch before = world_.view().partition(p).epoch;
  const auto report = [&](Report::Kind kind, Epoch epoch) {
    world_.tell(a, [&](ControlCore& core) {
      core.on_worker(Report{.kind = kind, .partition = p, .epoch = epoch, .node = b.id});
    });
  };
  report(Report::Kind::kBroken, before);
  ASSERT_TRUE(world_.run_until([&] { return world_.view().partition(p).syncing.contains(b.id); }));
  report(Report::Kind::kCaughtUp, before);
  world_.run();
  EXPECT_FALSE(world_.view().partition(p).in_sync.contains(b.id));
  report(Report::Kind::kCaughtUp, world_.view().partition(p).epoch);
  world_.run();
  EXPECT_TRUE(world_.view().partition(p).in_sync.contains(b.id));
}

// ---- hand-overs ----

TEST_F(ControlAdminTest, AHandOverWhoseOutcomeWasLostIsSettled) {
  Node& a = world_.start("a");
  settle();
  a.loses_answers = true;
  world_.start("b");
  world_.run();
  a.loses_answers = false;
  settle();
  EXPECT_EQ(world_.partitions_of(a, true), kPartitionCount / 2);
}

TEST_F(ControlAdminTest, WithTheCoordinatorAwayOneHandOverAtATimeIsTried) {
  Node& a = world_.start("a");
  settle();
  std::set<PartitionId> parked;
  const auto count_parked = [&] {
    std::size_t most = 0;
    parked.clear();
    for (const ToWorker& message : a.to_workers) {
      if (const auto* park = std::get_if<Park>(&message)) parked.insert(park->partition);
      if (const auto* unpark = std::get_if<Unpark>(&message)) parked.erase(unpark->partition);
      most = std::max(most, parked.size());
    }
    return most;
  };
  world_.on_transaction = [&](const Node& node, const coordination::Txn&) {
    // It goes away when the first hand-overs are proposed.
    if (&node == &a && count_parked() > 0) a.reaches_coordinator = false;
  };
  world_.start("b");
  ASSERT_TRUE(world_.run_until([&] { return !a.reaches_coordinator; }));
  world_.on_transaction = {};
  world_.run();
  a.to_workers.clear();
  world_.run(Duration::seconds(10));
  EXPECT_EQ(count_parked(), 1u);
  a.reaches_coordinator = true;
  settle();
}

TEST_F(ControlAdminTest, WithTheCoordinatorAwayNothingChangesAndThenAllDoes) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  a.reaches_coordinator = b.reaches_coordinator = false;
  Node& c = world_.start("c");
  world_.run(Duration::seconds(5));
  EXPECT_EQ(world_.partitions_of(c, true), 0u);
  EXPECT_EQ(world_.partitions_of(a, false), kPartitionCount);
  a.reaches_coordinator = b.reaches_coordinator = true;
  settle();
  EXPECT_GE(world_.partitions_of(c, true), kPartitionCount / 3);
}

// ---- operators ----

TEST_F(ControlAdminTest, LeaveEmptiesAnotherNode) {
  Node& a = world_.start("a");
  world_.start("b");
  world_.start("c");
  settle();
  Node& c = world_.start("d");
  settle();
  EXPECT_EQ(world_.ask(a, {"BORG", "LEAVE", "d"}), "+OK d hands its data over and leaves\r\n");
  EXPECT_TRUE(world_.run_until([&] { return c.exit.has_value(); }));
  EXPECT_EQ(c.exit->code, 0);
  settle();
}

TEST_F(ControlAdminTest, ForgetIsForNodesThatAreNotAlive) {
  Node& a = world_.start("a");
  world_.start("b");
  settle();
  EXPECT_THAT(world_.ask(a, {"BORG", "FORGET", "b"}), StartsWith("-ERR the node is alive"));
  EXPECT_THAT(world_.ask(a, {"BORG", "FORGET", "a"}), StartsWith("-ERR a node cannot forget"));
  EXPECT_THAT(world_.ask(a, {"BORG", "FORGET", "x"}), StartsWith("-ERR no such node"));
}

TEST_F(ControlAdminTest, OperatorsHearOkOnlyOfWhatTheCoordinatorHas) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  world_.start("c");
  world_.start("d");
  settle();
  const auto state_of_c = [&] { return world_.view().member("c")->member.state; };
  a.reaches_coordinator = false;
  EXPECT_THAT(world_.ask(a, {"BORG", "DRAIN", "c"}), StartsWith("-ERR the coordinator is out of"));
  EXPECT_EQ(state_of_c(), coordination::MemberState::kActive);
  a.reaches_coordinator = true;
  a.hears_coordinator = b.hears_coordinator = false;  // the answers of both wait
  a.loses_answers = true;
  world_.tell(a, [](ControlCore& core) {
    core.on_worker(AdminRequest{WorkerIndex(0), 1, {"BORG", "DRAIN", "c"}});
  });
  EXPECT_TRUE(
      world_.run_until([&] { return state_of_c() == coordination::MemberState::kDraining; }));
  a.loses_answers = false;
  world_.tell(b, [](ControlCore& core) {
    core.on_worker(AdminRequest{WorkerIndex(0), 1, {"BORG", "LEAVE", "c"}});
  });
  world_.run(Duration::millis(200));
  a.hears_coordinator = b.hears_coordinator = true;
  world_.run();
  const auto reply = [](const Node& node) {
    for (const ToWorker& message : node.to_workers) {
      const auto* answer = std::get_if<AdminReply>(&message);
      if (answer != nullptr && answer->token == 1) return answer->reply;
    }
    return std::string();
  };
  EXPECT_THAT(reply(a), StartsWith("-INDOUBT"));
  EXPECT_THAT(reply(b), StartsWith("-TRYAGAIN"));
  EXPECT_EQ(state_of_c(), coordination::MemberState::kDraining);
  EXPECT_EQ(world_.ask(b, {"BORG", "DRAIN", "c"}), "+OK c is draining already\r\n");
}

class FullClusterTest : public ControlAdminTest {
 protected:
  /// Three nodes that use so much of 320 MB, of which 300 count as full.
  void fill(std::uint64_t bytes) {
    for (const char* name : {"a", "b", "c"}) nodes_.push_back(&world_.start(name));
    settle();
    for (Node* node : nodes_) use(*node, 320 << 20, bytes);
    world_.run(Duration::seconds(1));
  }
  static void use(Node& node, std::uint64_t limit, std::uint64_t bytes) {
    NodeMemory& memory = *node.core->view()->memory;
    memory.set_limit(limit);
    memory.replace(memory.used(), bytes);
    memory.look(true);
    node.holds = Stats{.memory_bytes = bytes, .primary_partitions = 341, .backup_partitions = 342};
  }
  coordination::MemberState state_of(const char* name) {
    return world_.view().member(std::string_view(name))->member.state;
  }
  std::vector<Node*> nodes_;
};

TEST_F(ControlAdminTest, AnOrderIsCheckedWithoutBeingCarriedOut) {
  Node& a = world_.start("a");
  world_.start("b");
  world_.start("c");
  settle();
  EXPECT_THAT(world_.ask(a, {"BORG", "FORGET", "c", "CHECK"}),
              StartsWith("-ERR the node is alive"));
  EXPECT_EQ(world_.ask(a, {"BORG", "DRAIN", "c", "CHECK"}), "+OK nothing stands in the way\r\n");
  EXPECT_EQ(world_.view().member("c")->member.state, coordination::MemberState::kActive);
  EXPECT_FALSE(a.logged("an operator says"));
}

TEST_F(FullClusterTest, WhatTheOthersHaveNoMemoryForIsNotDrained) {
  fill(280 << 20);
  for (const std::string order : {"DRAIN", "LEAVE"}) {
    EXPECT_THAT(world_.ask(*nodes_[0], {"BORG", order, "c"}),
                AllOf(StartsWith("-ERR the other members have no memory for what c holds, "),
                      HasSubstr("a has room for 20.0 MB of 1"), HasSubstr(", b has room for 20.0"),
                      HasSubstr("BORG " + order + " c FORCE begins and waits for memory")));
  }
  EXPECT_EQ(state_of("c"), coordination::MemberState::kActive);
  for (Node* node : nodes_) use(*node, 320 << 20, 100 << 20);
  EXPECT_THAT(world_.ask(*nodes_[0], {"BORG", "DRAIN", "c"}), StartsWith("+OK c hands its data"));
}

TEST_F(FullClusterTest, ANodeThatWasToldToGoByASignalSaysThatItWaitsForMemory) {
  fill(310 << 20);
  Node& c = *nodes_[2];
  world_.tell(c, [](ControlCore& core) { core.leave(); });
  world_.run(Duration::seconds(5));
  const auto said = [&c] {
    return std::count_if(c.log.begin(), c.log.end(), [](const LogLine& line) {
      return line.text.starts_with("leaving: this node still holds ") &&
             line.text.find("the others have no memory for them, ") != std::string::npos;
    });
  };
  EXPECT_EQ(said(), 1);
  EXPECT_THAT(world_.ask(*nodes_[0], {"BORG", "INFO"}),
              Not(HasSubstr("\"state\": \"leaving\", \"members_missing\": 0, "
                            "\"memory_missing_bytes\": 0,")));
  world_.run(Duration::seconds(60));
  EXPECT_EQ(said(), 3) << "twice a minute";
  EXPECT_TRUE(c.running());
  for (Node* node : {nodes_[0], nodes_[1]}) use(*node, 0, 310 << 20);
  EXPECT_TRUE(world_.run_until([&c] { return !c.running(); }));
}

TEST_F(ControlAdminTest, ADrainedNodeTakesTheDataOfTheLastThatLeaves) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  EXPECT_THAT(world_.ask(b, {"BORG", "DRAIN", "a"}), StartsWith("-ERR only 1 other member"));
  EXPECT_THAT(world_.ask(b, {"BORG", "DRAIN", "a", "FORCE"}), StartsWith("+OK a hands"));
  settle();
  EXPECT_EQ(world_.partitions_of(a, false), 0u);
  world_.tell(b, [](ControlCore& core) { core.leave(); });
  EXPECT_TRUE(world_.run_until([&] { return b.exit.has_value(); }));
  EXPECT_EQ(world_.partitions_of(a, true), kPartitionCount);
  EXPECT_EQ(world_.ask(a, {"BORG", "UNDRAIN", "a"}), "+OK a takes data again\r\n");
  settle();
}

TEST_F(ControlAdminTest, ALeaveThatWasOrderedCanBeTakenBack) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  Node& c = world_.start("c");
  settle();
  EXPECT_THAT(world_.ask(a, {"BORG", "LEAVE", "c"}), StartsWith("+OK"));
  EXPECT_TRUE(world_.run_until([&] { return c.logged("leaving"); }));
  EXPECT_GT(world_.partitions_of(c, false), 0u) << "it is still on its way out";
  EXPECT_THAT(world_.ask(b, {"BORG", "UNDRAIN", "c"}), StartsWith("+OK"));
  settle();
  EXPECT_TRUE(c.running());
  EXPECT_TRUE(c.logged("told to stay after all"));
  EXPECT_EQ(world_.view().active_members(), 3u);
}

TEST_F(ControlAdminTest, AllThatAreToldBySignalGoAtOnceAndSayThatTheDataEnds) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  for (Node* node : {&a, &b}) world_.tell(*node, [](ControlCore& core) { core.leave(); });
  EXPECT_TRUE(world_.run_until([&] { return a.exit.has_value() && b.exit.has_value(); }));
  EXPECT_TRUE(a.logged("its data ends here") || b.logged("its data ends here"));
  Node& c = world_.start("c");
  settle();
  EXPECT_EQ(world_.partitions_of(c, true), kPartitionCount);
}

TEST_F(ControlAdminTest, WhoJoinsWhileTheLastLeavesTakesTheDataOrWaits) {
  // Every moment of the last one's way out, in steps of the coordinator.
  for (int moment = 0; moment < 12; ++moment) {
    ControlWorld world;
    Node& a = world.start("a");
    ASSERT_TRUE(world.run_until([&] { return world.settled(); }));
    const Epoch before = world.view().partitions[0].epoch;
    world.tell(a, [](ControlCore& core) { core.leave(); });
    world.run(ControlCore::kTick * moment);
    Node& b = world.start("b");
    ASSERT_TRUE(world.run_until([&] { return a.exit.has_value() && world.settled(); }));
    const PartitionConfig c = world.view().partitions[0];
    EXPECT_EQ(c.primary(), b.id);
    // It has it from a, or begins anew: never a member of a cluster whose slots are lost.
    EXPECT_FALSE(world.view().is_lost(PartitionId(0)));
    EXPECT_TRUE(c.epoch > before);
  }
}

TEST_F(ControlAdminTest, WhoseOtherHoldersAreSilentIsNotSafeToStop) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  const auto safe_nodes = [&] {
    const std::string info = world_.ask(a, {"BORG", "INFO"});
    std::size_t n = 0;
    for (auto at = info.find("\"safe_to_stop\": true"); at != std::string::npos;
         at = info.find("\"safe_to_stop\": true", at + 1)) {
      ++n;
    }
    return n;
  };
  EXPECT_EQ(safe_nodes(), 2u);
  // The configurations go on naming both: nobody can change them.
  a.reaches_coordinator = false;
  world_.kill(b, false);
  world_.run();
  ASSERT_EQ(world_.view().partitions[0].in_sync.size(), 2u);
  EXPECT_EQ(safe_nodes(), 1u) << "to stop the dead one costs nothing";
}

TEST_F(ControlAdminTest, InfoAsksEveryNodeAndItsEveryWorkerOnce) {
  const auto three_workers = [](NodeOptions& o) { o.self.workers = 3; };
  Node& a = world_.start("a", three_workers);
  world_.start("b", three_workers);
  settle();
  const std::string reply = world_.ask(a, {"BORG", "INFO"});
  EXPECT_THAT(reply, HasSubstr("\"keys\": 14"));
  EXPECT_THAT(reply, HasSubstr("\"primary_keys\": 7"));
}

TEST_F(ControlAdminTest, TwoQuestionsAtOnceBothGetWholeAnswers) {
  Node& a = world_.start("a", [](NodeOptions& o) { o.self.workers = 2; });
  settle();
  a.workers_work = false;
  world_.tell(a, [](ControlCore& core) {
    core.on_worker(AdminRequest{WorkerIndex(0), 1, {"BORG", "INFO"}});
    core.on_worker(AdminRequest{WorkerIndex(1), 2, {"BORG", "INFO"}});
    // Worker 0 answers both before worker 1 answers either.
    for (const std::uint16_t w : {0, 0, 1, 1}) {
      Stats stats;
      stats.primary_keys = w == 0 ? 1 : 100;
      core.on_worker(WorkerStats{WorkerIndex(w), stats});
    }
  });
  int answers = 0;
  for (const ToWorker& message : a.to_workers) {
    const auto* answer = std::get_if<AdminReply>(&message);
    if (answer == nullptr) continue;
    ++answers;
    EXPECT_THAT(answer->reply, HasSubstr("\"keys\": 101"));
  }
  EXPECT_EQ(answers, 2);
}

TEST_F(ControlAdminTest, InfoDoesNotWaitForTheDeadForLong) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  b.workers_work = false;
  EXPECT_THAT(world_.ask(a, {"BORG", "INFO"}), HasSubstr("\"answered\": false"));
}

TEST_F(ControlAdminTest, InfoOfThisNodeHasRedisSections) {
  Node& a = world_.start("a");
  settle();
  const std::string all = world_.ask(a, {"INFO"});
  EXPECT_THAT(all, HasSubstr("# Server\r\n"));
  EXPECT_THAT(all, HasSubstr("db0:keys=1,"));
  EXPECT_EQ(world_.ask(a, {"INFO", "keyspace"}).find("# Server"), std::string::npos);
  EXPECT_THAT(all, Not(HasSubstr("# Commandstats")));
  for (const char* section : {"commandstats", "all", "EVERYTHING"}) {
    EXPECT_THAT(world_.ask(a, {"INFO", section}), HasSubstr("\r\ncmdstat_get:calls=3,usec=0,"));
  }
  EXPECT_THAT(world_.ask(a, {"INFO", "all"}), Not(HasSubstr("# Modules")));
  EXPECT_THAT(world_.ask(a, {"INFO", "cpu", "modules", "nothing"}),
              AllOf(HasSubstr("# CPU"), HasSubstr("# Modules"), Not(HasSubstr("# Memory"))));
}

TEST_F(ControlAdminTest, CountsBeginAnewWhenSomebodyWantsIt) {
  Node& a = world_.start("a");
  settle();
  EXPECT_THAT(world_.ask(a, {"INFO"}), HasSubstr("total_commands_processed:10\r\n"));
  EXPECT_EQ(world_.ask(a, {"CONFIG", "RESETSTAT"}), "+OK\r\n");
  EXPECT_THAT(world_.ask(a, {"INFO"}), HasSubstr("total_commands_processed:0\r\n"));
}

TEST_F(ControlAdminTest, SettingsGoToTheWorkersAndToInfo) {
  Node& a = world_.start("a");
  settle();
  EXPECT_EQ(world_.ask(a, {"CONFIG", "SET", "maxmemory", "1mb"}), "+OK\r\n");
  EXPECT_THAT(world_.ask(a, {"INFO", "memory"}), HasSubstr("maxmemory:1048576\r\n"));
  EXPECT_THAT(world_.ask(a, {"CONFIG", "SET", "maxmemory", "x"}), StartsWith("-ERR CONFIG SET"));
}

// ---- the links between control threads ----

TEST_F(ControlAdminTest, FramesThatAreNoControlLinksAreRefused) {
  Node& a = world_.start("a");
  Node& b = world_.start("b");
  settle();
  ByteBuffer ack;
  wire::encode(ack, wire::Ack{.count = 1});
  for (const std::string_view bytes : {ack.view(), std::string_view("\x02\x00\x00\x00\x1e\xff", 6),
                                       std::string_view("\xff\xff\xff\xff\x1e", 5)}) {
    world_.tell(a, [&](ControlCore& core) {
      std::size_t consumed = 0;
      EXPECT_FALSE(core.on_link_data(b.id, bytes, consumed));
    });
  }
}

}  // namespace
}  // namespace borg::node::testing
