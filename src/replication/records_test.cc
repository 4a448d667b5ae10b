// SPDX-License-Identifier: Apache-2.0
#include "replication/records.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>

namespace borg::replication {
namespace {

using Status = Records::Status;

wire::Origin origin(std::uint64_t seq, std::uint64_t floor = 0, std::uint64_t node = 7,
                    std::uint16_t lane = 0) {
  return {.gateway = {NodeId(node), lane}, .seq = seq, .floor = floor};
}

std::string encoded(const Records& records) {
  ByteBuffer buffer;
  Encoder encoder(buffer);
  records.encode(encoder);
  return std::string(buffer.view());
}

TEST(Records, AnUnknownRequestIsNew) {
  Records records;
  EXPECT_EQ(records.find(origin(5)).status, Status::kNew);
  records.add(origin(5), Seq(1), "x");
  EXPECT_EQ(records.find(origin(6)).status, Status::kNew);
}

TEST(Records, AnExecutedRequestHasItsFirstResult) {
  Records records;
  records.add(origin(5), Seq(40), "+OK\r\n");
  const auto found = records.find(origin(5));
  EXPECT_EQ(found.status, Status::kDone);
  EXPECT_EQ(found.seq, Seq(40));
  EXPECT_EQ(found.result, "+OK\r\n");
}

TEST(Records, GatewaysAndTheirLanesCountByThemselves) {
  Records records;
  records.add(origin(5, 0, 7, 0), Seq(1), "x");
  EXPECT_EQ(records.find(origin(5, 0, 8, 0)).status, Status::kNew);
  EXPECT_EQ(records.find(origin(5, 0, 7, 1)).status, Status::kNew);
}

TEST(Records, LongLivedRequestsHaveNoFloor) {
  Records records;
  const std::uint64_t first = wire::kLongLivedBit | 1;
  records.add(origin(first, 3), Seq(1), "x");
  records.add(origin(9, 8), Seq(2), "y");
  EXPECT_EQ(records.find(origin(first, 9)).status, Status::kDone);
  EXPECT_EQ(records.find(origin(first + 1, 9)).status, Status::kNew);
  EXPECT_EQ(records.newest(), Seq(2));
  Records copy;
  ASSERT_TRUE(copy.decode(encoded(records)));
  EXPECT_EQ(copy.find(origin(first)).result, "x");
  EXPECT_EQ(encoded(copy), encoded(records));
}

TEST(Records, ALongLivedRequestGoesWhenItsGatewaySaysSoOrByAge) {
  Records records;
  const std::uint64_t first = wire::kLongLivedBit | 1;
  for (const std::uint64_t n : {0, 1, 2}) records.add(origin(first + n), Seq(n + 1), "x");
  auto next = origin(first + 3);
  next.finished = first + 1;
  records.add(next, Seq(4), "x");
  EXPECT_EQ(records.find(origin(first + 1)).status, Status::kNew);
  next.finished = first;
  records.drop_finished(next);
  EXPECT_EQ(records.size(), 2u);
  records.age();
  EXPECT_EQ(records.size(), 2u);
  records.age();
  EXPECT_EQ(records.size(), 0u);
}

TEST(Records, WhatTheGatewayHasItsAnswerToIsDroppedAndNeverNewAgain) {
  Records records;
  for (const std::uint64_t seq : {1, 2, 3}) records.add(origin(seq), Seq(seq), "x");
  records.add(origin(4, 3), Seq(4), "x");
  EXPECT_EQ(records.size(), 2u);
  EXPECT_EQ(records.find(origin(1)).status, Status::kStale);
  EXPECT_EQ(records.find(origin(2)).status, Status::kStale);
  EXPECT_EQ(records.find(origin(3)).status, Status::kDone);
}

TEST(Records, TheFloorNeverGoesBack) {
  Records records;
  records.add(origin(10, 10), Seq(1), "x");
  records.add(origin(12, 4), Seq(2), "x");
  EXPECT_EQ(records.find(origin(5)).status, Status::kStale);
}

TEST(Records, RequestsMayComeOutOfOrder) {
  Records records;
  for (const std::uint64_t seq : {9, 3, 6, 4}) {
    records.add(origin(seq), Seq(seq), std::to_string(seq));
  }
  for (const std::uint64_t seq : {9, 3, 6, 4}) {
    EXPECT_EQ(records.find(origin(seq)).result, std::to_string(seq));
  }
  EXPECT_EQ(records.find(origin(5)).status, Status::kNew);
}

TEST(Records, OldOnesExpireAndAreNeverNewAgain) {
  Records records;
  records.add(origin(1), Seq(1), "x");
  records.age();
  records.add(origin(2), Seq(2), "x");
  EXPECT_EQ(records.find(origin(1)).status, Status::kDone);
  records.age();
  EXPECT_EQ(records.find(origin(1)).status, Status::kStale);
  EXPECT_EQ(records.find(origin(2)).status, Status::kDone);
}

TEST(Records, AGatewayThatIsGoneIsForgottenWhenNothingOfItIsKept) {
  Records records;
  records.add(origin(1, 0, 7), Seq(1), "x");
  records.add(origin(1, 0, 8), Seq(2), "x");
  records.age();
  records.age();
  records.forget_gateways([](NodeId node) { return node == NodeId(8); });
  EXPECT_EQ(records.find(origin(1, 0, 7)).status, Status::kNew);
  EXPECT_EQ(records.find(origin(1, 0, 8)).status, Status::kStale);
}

TEST(Records, AGatewayThatTheViewDoesNotKnowYetKeepsItsResults) {
  Records records;
  records.add(origin(1), Seq(1), "x");
  records.forget_gateways([](NodeId) { return false; });
  EXPECT_EQ(records.find(origin(1)).status, Status::kDone);
}

TEST(Records, ReadBackAsTheyWere) {
  Records records;
  records.add(origin(3, 2, 7, 0), Seq(30), std::string("\0\r\n", 3));
  records.add(origin(4, 2, 7, 0), Seq(31), "");
  records.add(origin(1, 1, 8, 3), Seq(32), "x");
  Records read;
  read.add(origin(99), Seq(1), "gone");
  ASSERT_TRUE(read.decode(encoded(records)));
  EXPECT_EQ(encoded(read), encoded(records));
  EXPECT_EQ(read.find(origin(3)).result, std::string_view("\0\r\n", 3));
  EXPECT_EQ(read.find(origin(1)).status, Status::kStale);
  EXPECT_EQ(read.find(origin(99)).status, Status::kNew);
}

TEST(Records, NoneReadBackAsNone) {
  Records read;
  EXPECT_TRUE(read.decode(encoded(Records())));
  EXPECT_EQ(read.size(), 0u);
}

TEST(Records, RequestsThatDoNotAscendAreDamage) {
  ByteBuffer buffer;
  Encoder out(buffer);
  out.varint(1);
  out.u64(7);
  out.varint(0);
  out.varint(0);
  out.varint(2);
  for (int i = 0; i < 2; ++i) {
    out.varint(5);
    out.varint(1);
    out.bytes("x");
  }
  Records records;
  EXPECT_FALSE(records.decode(buffer.view()));
  EXPECT_EQ(records.size(), 0u);
}

RC_GTEST_PROP(Records, DamageLeavesThemEmptyOrReadable, ()) {
  Records records;
  const auto seqs =
      *rc::gen::container<std::set<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(1, 500));
  for (const std::uint64_t seq : seqs) records.add(origin(seq), Seq(seq), "result");
  std::string bytes = encoded(records);
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  if (*rc::gen::arbitrary<bool>()) {
    bytes.resize(at);
  } else {
    bytes[at] = *rc::gen::arbitrary<char>();
  }
  Records read;
  if (!read.decode(bytes)) RC_ASSERT(read.size() == 0u);
}

/// Against a plain model: a result is kept until its gateway says that it has it.
RC_GTEST_PROP(Records, KeepWhatIsNotBelowTheFloor, ()) {
  Records records;
  std::map<std::uint64_t, std::string> model;
  std::uint64_t floor = 0;
  for (int i = 0; i < 60; ++i) {
    const auto seq = *rc::gen::inRange<std::uint64_t>(1, 80);
    const auto said = *rc::gen::inRange<std::uint64_t>(0, seq + 1);
    const auto found = records.find(origin(seq));
    if (seq < floor) {
      RC_ASSERT(found.status == Status::kStale);
    } else if (model.contains(seq)) {
      RC_ASSERT(found.status == Status::kDone);
      RC_ASSERT(std::string(found.result) == model[seq]);
    } else {
      RC_ASSERT(found.status == Status::kNew);
      model[seq] = std::to_string(i);
      records.add(origin(seq, said), Seq(static_cast<std::uint64_t>(i)), model[seq]);
      floor = std::max(floor, said);
    }
  }
}

}  // namespace
}  // namespace borg::replication
