// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "wire/messages.h"

namespace borg::wire {

// Publish/subscribe between workers, as node/pubsub.h uses it. None of it is ever sent again.

/// Three name spaces that have nothing to do with each other.
enum class ChannelKind : std::uint8_t { kChannel = 0, kPattern = 1, kShard = 2 };

/// A message to all subscribers of a channel on the receiver's node, or on the receiver alone.
struct Publish {
  static constexpr FrameType kType = FrameType::kPublish;
  std::uint64_t id = 0;     ///< names it among those of the sender
  bool spreads = false;     ///< the receiver passes it on to its siblings that have subscribers
  bool is_sharded = false;  ///< SPUBLISH
  std::string_view channel;
  std::string_view message;
};
/// The subscribers that the message `id` of this link was given to have it in their output.
struct Published {
  static constexpr FrameType kType = FrameType::kPublished;
  std::uint64_t id = 0;
  std::uint64_t receivers = 0;
};

enum class InterestChange : std::uint8_t {
  kAdded = 0,      ///< the sender has a subscriber of this name now
  kRemoved = 1,    ///< it has none any more
  kForgotten = 2,  ///< it begins anew: whatever it said before is void
  kSync = 3,       ///< InterestTaken is to be answered
};
/// Which messages a worker wants of a sibling.
struct Interest {
  static constexpr FrameType kType = FrameType::kInterest;
  InterestChange change = InterestChange::kAdded;
  ChannelKind kind = ChannelKind::kChannel;
  std::uint64_t id = 0;  ///< of kSync
  std::string_view name;
};
/// Everything up to the kSync of this id counts for what is published from here on.
struct InterestTaken {
  static constexpr FrameType kType = FrameType::kInterestTaken;
  std::uint64_t id = 0;
};

/// Asks a worker for what it has subscribers of.
struct PubsubQuery {
  static constexpr FrameType kType = FrameType::kPubsubQuery;
  std::uint64_t id = 0;
  ChannelKind kind = ChannelKind::kChannel;
  bool counts = false;     ///< how many subscribers each name has; else all names that there are
  std::string_view names;  ///< encode_names(): to be counted; else the pattern, or none for all
};
struct PubsubAnswer {
  static constexpr FrameType kType = FrameType::kPubsubAnswer;
  std::uint64_t id = 0;
  std::string_view items;  ///< encode_names(): the numbers in decimal, or the names
};

void encode(ByteBuffer& out, const Publish& m);
void encode(ByteBuffer& out, const Published& m);
void encode(ByteBuffer& out, const Interest& m);
void encode(ByteBuffer& out, const InterestTaken& m);
void encode(ByteBuffer& out, const PubsubQuery& m);
void encode(ByteBuffer& out, const PubsubAnswer& m);

[[nodiscard]] bool decode(std::string_view payload, Publish& m);
[[nodiscard]] bool decode(std::string_view payload, Published& m);
[[nodiscard]] bool decode(std::string_view payload, Interest& m);
[[nodiscard]] bool decode(std::string_view payload, InterestTaken& m);
[[nodiscard]] bool decode(std::string_view payload, PubsubQuery& m);
[[nodiscard]] bool decode(std::string_view payload, PubsubAnswer& m);

/// Any number of names, up to the end of the input, and back.
void encode_names(Encoder& out, std::span<const std::string_view> names);
[[nodiscard]] bool decode_names(Decoder& in, std::vector<std::string_view>& names);

}  // namespace borg::wire
