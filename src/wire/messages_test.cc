// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace borg::wire {
namespace {

Frame only_frame(const ByteBuffer& buffer) {
  Frame frame{};
  std::size_t wanted = 0;
  EXPECT_EQ(read_frame(buffer.view(), kFrameBytesMax, frame, wanted), FrameStatus::kFrame);
  EXPECT_EQ(frame.consumed, buffer.size());
  return frame;
}

PartitionConfig sample_config() {
  PartitionConfig config;
  config.epoch = Epoch(9);
  config.term = Epoch(7);
  config.in_sync = {NodeId(1), NodeId(2)};
  config.syncing = {NodeId(3)};
  return config;
}

TEST(Messages, RequestReadsBack) {
  const std::array<std::string_view, 3> args{"SET", "k", std::string_view("\0\r\n", 3)};
  Request request;
  request.partition = PartitionId(1023);
  request.seq = 500;
  request.floor = 480;
  request.term = Epoch(3);
  request.resp = 3;
  request.args = args;
  ByteBuffer buffer;
  encode(buffer, request);
  Request read;
  Args read_args;
  ASSERT_TRUE(decode(only_frame(buffer).payload, read, read_args));
  EXPECT_EQ(read.partition, PartitionId(1023));
  EXPECT_EQ(read.seq, 500u);
  EXPECT_EQ(read.floor, 480u);
  EXPECT_EQ(read.resp, 3);
  EXPECT_FALSE(read.any_replica);
  ASSERT_EQ(read_args.size(), 3u);
  EXPECT_EQ(read_args[2], args[2]);
}

TEST(Messages, OperationReadsBack) {
  Operation op;
  op.partition = PartitionId(5);
  op.term = Epoch(7);
  op.seq = Seq(1234567);
  op.kind = OperationKind::kState;
  op.time = {.now_ms = 1'700'000'000'000, .wall_offset_ms = -2'592'000'000};
  op.origin = Origin{.gateway = {NodeId(77), 1}, .seq = 10, .floor = 8, .resp = 2};
  op.reply = "+OK\r\n";
  op.body = "body";
  ByteBuffer buffer;
  encode(buffer, op);
  Operation read;
  ASSERT_TRUE(decode(only_frame(buffer).payload, read));
  EXPECT_EQ(read.seq, op.seq);
  EXPECT_EQ(read.time, op.time);
  EXPECT_EQ(read.origin, op.origin);
  EXPECT_EQ(read.reply, "+OK\r\n");
  EXPECT_EQ(read.body, "body");
}

TEST(Messages, WhatALongLivedRequestSaysReadsBack) {
  const std::array<std::string_view, 3> args{"BLPOP", "k", "0"};
  for (const std::uint64_t finished : {std::uint64_t{0}, kLongLivedBit | 6}) {
    ByteBuffer buffer;
    encode(buffer,
           Request{.seq = kLongLivedBit | 7, .floor = 4, .finished = finished, .args = args});
    Request request;
    Args read_args;
    ASSERT_TRUE(decode(only_frame(buffer).payload, request, read_args));
    EXPECT_EQ(request.seq, kLongLivedBit | 7);
    EXPECT_EQ(request.floor, 4u);
    EXPECT_EQ(request.finished, finished);
    EXPECT_EQ(read_args.size(), 3u);
    const Origin origin{.gateway = {NodeId(77), 1},
                        .seq = kLongLivedBit | 7,
                        .floor = 4,
                        .resp = 3,
                        .finished = finished};
    buffer.clear();
    encode(buffer, Operation{.seq = Seq(1), .origin = origin, .body = "body"});
    Operation op;
    ASSERT_TRUE(decode(only_frame(buffer).payload, op));
    EXPECT_EQ(op.origin, origin);
  }
  ByteBuffer buffer;
  encode(buffer, Reply{.seq = kLongLivedBit | 7, .status = ReplyStatus::kWaiting});
  Reply reply;
  ASSERT_TRUE(decode(only_frame(buffer).payload, reply));
  EXPECT_EQ(reply.status, ReplyStatus::kWaiting);
}

TEST(Messages, TimesReadBack) {
  const PartitionTime time{.now_ms = 1'700'000'000'000, .wall_offset_ms = 3'000'000'000};
  ByteBuffer buffer;
  encode(buffer, SyncStart{.sync = 3, .time = time});
  SyncStart start;
  ASSERT_TRUE(decode(only_frame(buffer).payload, start));
  EXPECT_EQ(start.time, time);
  buffer.clear();
  encode(buffer, SyncEnd{.sync = 3, .time = time, .records = "abc"});
  SyncEnd end;
  ASSERT_TRUE(decode(only_frame(buffer).payload, end));
  EXPECT_EQ(end.time, time);
  EXPECT_EQ(end.records, "abc");
  buffer.clear();
  encode(buffer, Heartbeat{.sent_at = 5, .wall_ms = 7, .believed_ms = 9, .busy = {1}});
  Heartbeat heartbeat;
  ASSERT_TRUE(decode(only_frame(buffer).payload, heartbeat));
  EXPECT_EQ(heartbeat.wall_ms, 7);
  EXPECT_EQ(heartbeat.believed_ms, 9);
  EXPECT_EQ(heartbeat.busy.size(), 1u);
}

TEST(Messages, ConfigurationsReadBack) {
  TermStart start;
  start.partition = PartitionId(2);
  start.config = sample_config();
  start.base_term = Epoch(5);
  start.base_seq = Seq(99);
  ByteBuffer buffer;
  encode(buffer, start);
  TermStart read;
  ASSERT_TRUE(decode(only_frame(buffer).payload, read));
  EXPECT_EQ(read.config, start.config);
  EXPECT_EQ(read.base_seq, Seq(99));
}

template <class M, class... Extra>
void every_truncation_is_refused(const M& message, Extra&... extra) {
  ByteBuffer buffer;
  encode(buffer, message);
  const std::string payload(only_frame(buffer).payload);
  for (std::size_t n = 0; n < payload.size(); ++n) {
    M read;
    EXPECT_FALSE(decode(std::string_view(payload).substr(0, n), read, extra...)) << n;
  }
  M read;
  EXPECT_FALSE(decode(payload + "x", read, extra...)) << "trailing bytes";
}

TEST(Messages, EveryTruncationIsRefused) {
  Args args;
  const std::array<std::string_view, 2> get{"GET", "key"};
  every_truncation_is_refused(Request{.seq = 1, .args = get}, args);
  every_truncation_is_refused(Hello{.cluster = "borg", .from = {NodeId(1), 2}, .to = {}});
  every_truncation_is_refused(Reply{.seq = 300, .bytes = "+OK\r\n"});
  every_truncation_is_refused(SyncStart{.time = {.now_ms = 1, .wall_offset_ms = -300}});
  every_truncation_is_refused(SyncEnd{.records = "abc"});
  every_truncation_is_refused(Nack{.config = sample_config()});
  every_truncation_is_refused(
      Heartbeat{.sent_at = 5, .silent = {NodeId(4)}, .unheard = {NodeId(6)}, .busy = {0, 300}});
  every_truncation_is_refused(Memory{.state = {.version = 300, .level = MemoryLevel::kClosed}});
}

TEST(Messages, RefusesPartitionsThatDoNotExist) {
  ByteBuffer buffer;
  encode(buffer, Reply{.seq = 1, .partition = PartitionId(1024), .bytes = "x"});
  Reply read;
  EXPECT_FALSE(decode(only_frame(buffer).payload, read));
}

TEST(Frames, RefusesEmptyAndOversizedOnesBeforeTheyArrive) {
  Frame frame{};
  std::size_t wanted = 0;
  EXPECT_EQ(read_frame(std::string_view("\0\0\0\0", 4), 100, frame, wanted), FrameStatus::kEmpty);
  EXPECT_EQ(read_frame(std::string_view("\x65\0\0\0", 4), 100, frame, wanted),
            FrameStatus::kTooLong);
  EXPECT_EQ(read_frame(std::string_view("\x05\0\0\0a", 5), 100, frame, wanted),
            FrameStatus::kNeedMore);
  EXPECT_EQ(wanted, 9u);
}

}  // namespace
}  // namespace borg::wire
