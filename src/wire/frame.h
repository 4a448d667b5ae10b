// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/codec.h"

namespace borg::wire {

/// The version of everything in wire/. Nodes of another version are refused.
inline constexpr std::uint16_t kProtocolVersion = 2;
/// A frame holds at most one command of one 512 MB value and its key, and a little more.
inline constexpr std::uint32_t kFrameBytesMax = 1100u * 1024 * 1024;
/// The first frame of a link comes from anybody: it is short.
inline constexpr std::uint32_t kHelloBytesMax = 1024;

/// Begins the first frame of every connection, behind its type: "BORG".
inline constexpr std::uint32_t kMagic = 0x47524f42;

/// What a frame holds. On the wire since v1: never renumber.
enum class FrameType : std::uint8_t {
  kHello = 1,
  kWelcome = 2,
  kRefusal = 3,
  kPing = 4,
  kPong = 5,
  kProbe = 6,
  kProbeAnswer = 7,
  kRequest = 10,
  kReply = 11,
  kTermStart = 20,
  kOperation = 21,
  kSyncStart = 22,
  kSyncChunk = 23,
  kSyncEnd = 24,
  kAck = 25,
  kNack = 26,
  kMemory = 27,
  kHeartbeat = 30,
  kHeartbeatAck = 31,
  kStatsRequest = 32,
  kStatsReply = 33,
  kPublish = 40,
  kPublished = 41,
  kInterest = 42,
  kInterestTaken = 43,
  kPubsubQuery = 44,
  kPubsubAnswer = 45,
};

/// Writes one frame: a 32-bit length of what follows, a type byte, the payload.
/// The length is filled in when the object ends.
class FrameWriter {
 public:
  FrameWriter(ByteBuffer& out, FrameType type);
  ~FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;
  Encoder& operator*() { return encoder_; }
  Encoder* operator->() { return &encoder_; }

 private:
  ByteBuffer& out_;
  std::size_t start_;
  Encoder encoder_;
};

struct Frame {
  FrameType type;
  std::string_view payload;
  std::size_t consumed;  ///< bytes of the input that the frame took
};

enum class FrameStatus : std::uint8_t { kFrame, kNeedMore, kTooLong, kEmpty };

/// Reads the first frame of `input`, at most `bytes_max` long. `wanted` says how many bytes the
/// whole frame needs, as far as that is known.
FrameStatus read_frame(std::string_view input, std::uint32_t bytes_max, Frame& frame,
                       std::size_t& wanted);

}  // namespace borg::wire
