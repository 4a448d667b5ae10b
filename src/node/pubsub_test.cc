// SPDX-License-Identifier: Apache-2.0
#include "node/pubsub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/slot.h"
#include "node/testing/worker_world.h"

namespace borg::node {
namespace {

using testing::command;
using testing::Connection;
using ::testing::HasSubstr;
using testing::WorkerWorld;

std::string push(const std::vector<std::string>& parts, char mark = '*') {
  std::string text = mark + std::to_string(parts.size()) + "\r\n";
  for (const std::string& part : parts) text += testing::bulk(part);
  return text;
}

std::string confirmed(std::string_view what, std::string_view name, int count) {
  return "*3\r\n" + testing::bulk(what) + testing::bulk(name) + ":" + std::to_string(count) +
         "\r\n";
}

/// Channels whose messages come first to different workers, whatever the number of them.
std::vector<std::string> channels() {
  std::vector<std::string> all;
  for (std::uint16_t p = 0; p < 12; ++p) all.push_back(testing::key_of(PartitionId(p), "c"));
  return all;
}

TEST(PubSub, BringsMessagesFromAnyWorkerToAnyWorker) {
  WorkerWorld world(3, 3);
  world.place({1, 2});
  world.publish();
  for (const std::string& channel : channels()) {
    std::vector<Connection*> subscribers;
    for (int node = 1; node <= 3; ++node) {
      for (std::uint16_t lane = 0; lane < 3; ++lane) {
        subscribers.push_back(&world.connect(node, lane));
        EXPECT_EQ(world.ask(*subscribers.back(), {"SUBSCRIBE", channel}),
                  confirmed("subscribe", channel, 1));
      }
    }
    for (int node = 1; node <= 3; ++node) {
      for (std::uint16_t lane = 0; lane < 3; ++lane) {
        Connection& publisher = world.connect(node, lane);
        EXPECT_EQ(world.ask(publisher, {"PUBLISH", channel, "hi"}), ":9\r\n");
        EXPECT_EQ(world.ask(publisher, {"SPUBLISH", channel, "hi"}), ":0\r\n");
      }
    }
    for (Connection* const subscriber : subscribers) {
      std::string all;
      for (int n = 0; n < 9; ++n) all += push({"message", channel, "hi"});
      EXPECT_EQ(subscriber->take(), all);
      world.close(*subscriber);
    }
    world.run();
    EXPECT_EQ(world.ask(world.connect(2), {"PUBLISH", channel, "gone"}), ":0\r\n");
  }
}

TEST(PubSub, WhoLeavesDuringATransactionThatSubscribesIsNoSubscriber) {
  WorkerWorld world(2, 1);
  world.place({2, 1});
  world.publish();
  Connection& client = world.connect(1);
  world.send(client, {"MULTI"});
  world.send(client, {"SET", "k", "v"});
  world.send(client, {"SUBSCRIBE", "ghost"});
  world.send(client, {"EXEC"});
  world.close(client);
  world.run();
  EXPECT_EQ(world.ask(world.connect(1), {"GET", "k"}), testing::bulk("v"));
  EXPECT_EQ(world.ask(world.connect(1), {"PUBLISH", "ghost", "hi"}), ":0\r\n");
}

TEST(PubSub, CountsAClientOnceForTheChannelAndOnceForEachPattern) {
  WorkerWorld world(2, 2);
  world.place({1, 2});
  world.publish();
  Connection& subscriber = world.connect(2, 1);
  world.ask(subscriber, {"SUBSCRIBE", "news"});
  world.ask(subscriber, {"PSUBSCRIBE", "n*", "*s", "x*"});
  EXPECT_EQ(world.ask(world.connect(1), {"PUBLISH", "news", "hi"}), ":3\r\n");
  EXPECT_THAT(subscriber.take(),
              ::testing::AllOf(HasSubstr(push({"message", "news", "hi"})),
                               HasSubstr(push({"pmessage", "n*", "news", "hi"})),
                               HasSubstr(push({"pmessage", "*s", "news", "hi"}))));
}

TEST(PubSub, ConfirmsASubscriptionWhenEverySiblingKnowsOfIt) {
  for (const std::string& channel : channels()) {
    WorkerWorld world(1, 3);
    world.place({1});
    world.publish();
    Connection& subscriber = world.connect(1, 0);
    world.send(subscriber, {"SUBSCRIBE", channel});
    world.send(subscriber, {"PSUBSCRIBE", channel + "*"});
    // However the events are spread over turns, what is published after the answer arrives.
    for (int step = 0; subscriber.output.find("psubscribe") == std::string::npos; ++step) {
      ASSERT_LT(step, 100);
      world.deliver_once(1, 1);
    }
    subscriber.take();
    Connection& publisher = world.connect(1, 1);
    EXPECT_EQ(world.ask(publisher, {"PUBLISH", channel, "x"}), ":2\r\n");
  }
}

TEST(PubSub, KeepsAMessageBehindTheConfirmation) {
  WorkerWorld world(1, 2);
  world.place({1});
  world.publish();
  for (const std::string& channel : channels()) {
    Connection& early = world.connect(1, 0);
    world.ask(early, {"SUBSCRIBE", channel});
    Connection& late = world.connect(1, 0);
    world.send(late, {"SUBSCRIBE", channel});
    EXPECT_EQ(world.ask(world.connect(1, 1), {"PUBLISH", channel, "x"}), ":2\r\n");
    EXPECT_EQ(late.take(), confirmed("subscribe", channel, 1) + push({"message", channel, "x"}));
    world.close(early);
    world.close(late);
  }
}

TEST(PubSub, NeverPutsAMessageIntoAReplyOfParts) {
  WorkerWorld world(2, 2);
  world.place({1, 2});
  world.publish();
  Connection& client = world.connect(1);
  world.ask(client, {"HELLO", "3"});
  world.ask(client, {"SUBSCRIBE", "c"});
  world.ask(client, {"MULTI"});
  world.ask(client, {"PING", "before"});
  world.ask(client, {"PUBLISH", "c", "hi"});
  world.ask(client, {"PING", "behind"});
  EXPECT_EQ(world.ask(client, {"EXEC"}), "*3\r\n" + testing::bulk("before") + ":1\r\n" +
                                             testing::bulk("behind") +
                                             push({"message", "c", "hi"}, '>'));
}

TEST(PubSub, ANodeThatCannotBeReachedDoesNotCount) {
  WorkerWorld world(3);
  world.place({1, 2});
  world.publish();
  Connection& far = world.connect(3);
  world.ask(far, {"SUBSCRIBE", "c"});
  Connection& near = world.connect(2);
  world.ask(near, {"SUBSCRIBE", "c"});
  world.cut(1, 3);
  Connection& publisher = world.connect(1);
  EXPECT_EQ(world.ask(publisher, {"PUBLISH", "c", "lost"}), ":1\r\n");
  world.heal(1, 3);
  world.run();
  EXPECT_EQ(world.ask(publisher, {"PUBLISH", "c", "kept"}), ":2\r\n");
  EXPECT_EQ(far.take(), push({"message", "c", "kept"}));
  EXPECT_EQ(near.take(), push({"message", "c", "lost"}) + push({"message", "c", "kept"}));
}

TEST(PubSub, ALinkThatBreaksOnTheWayEndsTheWaiting) {
  WorkerWorld world(2);
  world.place({1, 2});
  world.publish();
  world.ask(world.connect(2), {"SUBSCRIBE", "c"});
  Connection& publisher = world.connect(1);
  world.send(publisher, {"PUBLISH", "c", "x"});
  Connection& asker = world.connect(1);
  world.send(asker, {"PUBSUB", "NUMSUB", "c"});
  EXPECT_EQ(publisher.output, "");
  world.cut(1, 2);
  world.run();
  EXPECT_EQ(publisher.take(), ":0\r\n");
  EXPECT_EQ(asker.take(), "*2\r\n" + testing::bulk("c") + ":0\r\n");
}

TEST(PubSub, AHungNodeKeepsAPublisherWaitingOnce) {
  WorkerWorld world(2);
  world.place({1, 2});
  world.publish();
  Connection& subscriber = world.connect(2);
  world.ask(subscriber, {"SUBSCRIBE", "c"});
  Connection& publisher = world.connect(1);
  world.send(publisher, {"PUBLISH", "c", "1"});
  EXPECT_EQ(publisher.output, "");
  world.pass(NodeOptions().liveness.silence);
  EXPECT_EQ(publisher.take(), ":0\r\n");
  world.send(publisher, {"PUBLISH", "c", "2"});
  EXPECT_EQ(publisher.take(), ":0\r\n") << "nobody waits for a node that is known to hang";
  world.run();
  EXPECT_EQ(subscriber.take(), push({"message", "c", "1"}) + push({"message", "c", "2"}));
  EXPECT_EQ(world.ask(publisher, {"PUBLISH", "c", "3"}), ":1\r\n") << "it is heard again";
}

TEST(PubSub, AHungNodeKeepsWhoAsksForChannelsWaitingOnce) {
  WorkerWorld world(2);
  world.place({1, 2});
  world.publish();
  world.ask(world.connect(2), {"SUBSCRIBE", "c"});
  Connection& asker = world.connect(1);
  world.send(asker, {"PUBSUB", "CHANNELS"});
  EXPECT_EQ(asker.output, "");
  world.pass(NodeOptions().liveness.silence);
  EXPECT_EQ(asker.take(), "*0\r\n");
  world.send(asker, {"PUBSUB", "CHANNELS"});
  EXPECT_EQ(asker.take(), "*0\r\n");
  world.send(asker, {"PUBSUB", "SHARDNUMSUB", "c"});
  EXPECT_EQ(asker.take(), "*2\r\n" + testing::bulk("c") + ":0\r\n");
  world.send(asker, {"PUBSUB", "NUMPAT"});
  EXPECT_EQ(asker.take(), ":0\r\n");
  world.send(asker, {"PUBLISH", "c", "x"});
  EXPECT_EQ(asker.take(), ":0\r\n") << "nor does a publisher wait for it";
  world.run();
  EXPECT_EQ(world.ask(asker, {"PUBSUB", "NUMSUB", "c"}),
            "*2\r\n" + testing::bulk("c") + ":1\r\n")
      << "it is heard again";
}

TEST(PubSub, ANodeThatAPublisherFoundHungIsNotAskedForChannels) {
  WorkerWorld world(2);
  world.place({1, 2});
  world.publish();
  world.ask(world.connect(2), {"SUBSCRIBE", "c"});
  Connection& client = world.connect(1);
  world.send(client, {"PUBLISH", "c", "x"});
  world.pass(NodeOptions().liveness.silence);
  EXPECT_EQ(client.take(), ":0\r\n");
  world.send(client, {"PUBSUB", "CHANNELS"});
  EXPECT_EQ(client.take(), "*0\r\n");
  world.run();
  EXPECT_EQ(world.ask(client, {"PUBSUB", "CHANNELS"}), "*1\r\n" + testing::bulk("c"));
}

TEST(PubSub, AnswersForTheWholeCluster) {
  WorkerWorld world(2, 2);
  world.place({1, 2});
  world.publish();
  Connection& a = world.connect(1, 0);
  Connection& b = world.connect(2, 1);
  world.ask(a, {"SUBSCRIBE", "both", "one"});
  world.ask(a, {"PSUBSCRIBE", "p*", "q*"});
  world.ask(b, {"SUBSCRIBE", "both", "two"});
  world.ask(b, {"PSUBSCRIBE", "p*"});
  world.ask(b, {"SSUBSCRIBE", "s"});
  Connection& asker = world.connect(1, 1);
  EXPECT_EQ(world.ask(asker, {"PUBSUB", "CHANNELS"}),
            "*3\r\n" + testing::bulk("both") + testing::bulk("one") + testing::bulk("two"));
  EXPECT_EQ(world.ask(asker, {"PUBSUB", "CHANNELS", "t*"}), "*1\r\n" + testing::bulk("two"));
  EXPECT_EQ(world.ask(asker, {"PUBSUB", "NUMSUB", "both", "two", "s"}),
            "*6\r\n" + testing::bulk("both") + ":2\r\n" + testing::bulk("two") + ":1\r\n" +
                testing::bulk("s") + ":0\r\n");
  EXPECT_EQ(world.ask(asker, {"PUBSUB", "NUMPAT"}), ":2\r\n");
  EXPECT_EQ(world.ask(asker, {"PUBSUB", "SHARDCHANNELS"}), "*1\r\n" + testing::bulk("s"));
  EXPECT_EQ(world.ask(asker, {"PUBSUB", "SHARDNUMSUB", "s"}),
            "*2\r\n" + testing::bulk("s") + ":1\r\n");
}

TEST(PubSub, DisconnectsASubscriberThatDoesNotRead) {
  WorkerWorld world(1, 1, [](NodeOptions& options) {
    options.pubsub_limits = {
        .bytes_max = 1000, .slow_bytes_max = 500, .slow_for_max = Duration::seconds(1)};
  });
  world.place({1});
  world.publish();
  Connection& hopeless = world.connect(1);
  world.ask(hopeless, {"SUBSCRIBE", "big"});
  Connection& publisher = world.connect(1);
  EXPECT_EQ(world.ask(publisher, {"PUBLISH", "big", std::string(1000, 'x')}), ":1\r\n");
  EXPECT_TRUE(hopeless.closed);
  EXPECT_EQ(hopeless.take(), "");
}

TEST(PubSub, WhatItKnowsOfASiblingIsRenewedWithTheLink) {
  WorkerWorld world(1, 2);
  world.place({1});
  world.publish();
  for (const std::string& channel : channels()) {
    Connection& subscriber = world.connect(1, 0);
    world.ask(subscriber, {"SUBSCRIBE", channel});
    Connection& waiting = world.connect(1, 0);
    world.send(waiting, {"PSUBSCRIBE", channel});
    world.cut(1, 1);
    world.heal(1, 1);
    world.run();
    EXPECT_THAT(waiting.take(), HasSubstr("psubscribe"));
    EXPECT_EQ(world.ask(world.connect(1, 1), {"PUBLISH", channel, "x"}), ":2\r\n");
    world.close(subscriber);
    world.close(waiting);
  }
}

TEST(PubSub, RefusesWhatOnlyASiblingMaySay) {
  WorkerWorld world(2);
  world.place({1, 2});
  world.publish();
  ByteBuffer interest;
  wire::encode(interest, wire::Interest{.name = "c"});
  EXPECT_FALSE(world.receive(1, 0, {NodeId(2), 0}, interest.view()));
}

TEST(PubSub, RefusesAMessageForOneWorkerFromAnotherNode) {
  WorkerWorld world(2);
  world.place({1, 2});
  world.publish();
  ByteBuffer publish;
  wire::encode(publish, wire::Publish{.id = 1, .channel = "c", .message = "m"});
  EXPECT_FALSE(world.receive(1, 0, {NodeId(2), 0}, publish.view()));
}

}  // namespace
}  // namespace borg::node
