// SPDX-License-Identifier: Apache-2.0
#include "wire/pubsub.h"

#include <gtest/gtest.h>

#include <string>

namespace borg::wire {
namespace {

template <class Message>
Message read_back(const Message& message, std::string& kept) {
  ByteBuffer buffer;
  encode(buffer, message);
  kept = buffer.view();
  Frame frame{};
  std::size_t wanted = 0;
  EXPECT_EQ(read_frame(kept, kFrameBytesMax, frame, wanted), FrameStatus::kFrame);
  EXPECT_EQ(frame.type, Message::kType);
  Message read;
  EXPECT_TRUE(decode(frame.payload, read));
  for (std::size_t n = 0; n < frame.payload.size(); ++n) {
    Message part;
    EXPECT_FALSE(decode(frame.payload.substr(0, n), part)) << n;
  }
  Message longer;
  EXPECT_FALSE(decode(std::string(frame.payload) + "x", longer));
  return read;
}

TEST(PubSubMessages, ReadBack) {
  std::string kept;
  const Publish publish = read_back(
      Publish{.id = 300, .spreads = true, .is_sharded = true, .channel = "c", .message = "m"},
      kept);
  EXPECT_EQ(publish.id, 300u);
  EXPECT_TRUE(publish.spreads && publish.is_sharded);
  EXPECT_EQ(publish.channel, "c");
  EXPECT_EQ(publish.message, "m");
  const Published published = read_back(Published{.id = 7, .receivers = 1'000'000}, kept);
  EXPECT_EQ(published.id, 7u);
  EXPECT_EQ(published.receivers, 1'000'000u);
  const Interest interest = read_back(
      Interest{.change = InterestChange::kSync, .kind = ChannelKind::kShard, .id = 9, .name = "n"},
      kept);
  EXPECT_EQ(interest.change, InterestChange::kSync);
  EXPECT_EQ(interest.kind, ChannelKind::kShard);
  EXPECT_EQ(interest.id, 9u);
  EXPECT_EQ(interest.name, "n");
  EXPECT_EQ(read_back(InterestTaken{.id = 11}, kept).id, 11u);
  const PubsubQuery query = read_back(
      PubsubQuery{.id = 4, .kind = ChannelKind::kPattern, .counts = true, .names = "x"}, kept);
  EXPECT_EQ(query.kind, ChannelKind::kPattern);
  EXPECT_TRUE(query.counts);
  EXPECT_EQ(query.names, "x");
  EXPECT_EQ(read_back(PubsubAnswer{.id = 5, .items = "y"}, kept).items, "y");
}

TEST(PubSubMessages, AnyNumberOfNamesReadsBack) {
  const std::vector<std::vector<std::string_view>> lists{{}, {""}, {"a", "", "b"}};
  for (const auto& names : lists) {
    ByteBuffer buffer;
    Encoder out(buffer);
    encode_names(out, names);
    Decoder in(buffer.view());
    std::vector<std::string_view> read{"left from before"};
    EXPECT_TRUE(decode_names(in, read));
    EXPECT_EQ(read, names);
  }
  Decoder in(std::string_view("\5ab", 3));
  std::vector<std::string_view> read;
  EXPECT_FALSE(decode_names(in, read));
}

TEST(PubSubMessages, RefuseWhatIsNotTheirs) {
  Publish publish;
  EXPECT_FALSE(decode(std::string_view("\1\2\0\0\0", 5), publish)) << "a bool of 2";
  Interest interest;
  EXPECT_FALSE(decode(std::string_view("\4\0\0\0", 4), interest)) << "a change that is none";
  EXPECT_FALSE(decode(std::string_view("\0\3\0\0", 4), interest)) << "a kind that is none";
}

}  // namespace
}  // namespace borg::wire
