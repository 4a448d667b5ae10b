// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "base/ids.h"
#include "base/partition_config.h"
#include "base/time.h"
#include "wire/frame.h"

namespace borg::wire {

// The messages between nodes. encode() appends a whole frame; decode() reads a payload and is
// false for anything that encode() does not write. Decoded views point into the payload.

/// One end of a link: a worker of a node, or its control thread.
struct Endpoint {
  static constexpr std::uint16_t kControlLane = 0xffff;
  NodeId node;
  std::uint16_t lane = kControlLane;  ///< a worker's index, or kControlLane
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

using Args = std::vector<std::string_view>;

/// Asks the other end of a link for a sign of life: it answers with a Pong.
struct Ping {
  static constexpr FrameType kType = FrameType::kPing;
};
struct Pong {
  static constexpr FrameType kType = FrameType::kPong;
};

/// The first frame of a link, sent by the side that connects.
struct Hello {
  static constexpr FrameType kType = FrameType::kHello;
  std::uint16_t version = kProtocolVersion;
  std::string_view cluster;
  Endpoint from;
  Endpoint to;
};
/// The answer to Hello when the link stands.
struct Welcome {
  static constexpr FrameType kType = FrameType::kWelcome;
};
/// The answer to Hello when it does not; the link is closed behind it.
struct Refusal {
  static constexpr FrameType kType = FrameType::kRefusal;
  std::string_view reason;
};

/// The numbers of requests that may wait for hours have this bit: they are a class of their own, to
/// which no floor applies, as one that waits would keep it from rising. On the wire and in the
/// records of a partition since v1.
inline constexpr std::uint64_t kLongLivedBit = 1ull << 63;
[[nodiscard]] constexpr bool is_long_lived(std::uint64_t seq) { return (seq & kLongLivedBit) != 0; }

/// A gateway asks a partition's primary to execute a command.
/// (sender, seq) names the request for good: sent again after a failure it keeps its seq.
struct Request {
  static constexpr FrameType kType = FrameType::kRequest;
  PartitionId partition;
  std::uint64_t seq = 0;
  std::uint64_t floor = 0;   ///< the sender has its answer to every request below
  Epoch term;                ///< of the partition, as the sender knows it
  std::uint8_t resp = 2;     ///< the version in which the reply is written
  bool any_replica = false;  ///< whoever holds the partition may answer (BORG LOCAL)
  /// With a long-lived seq: another such request to this partition, to which the sender has its
  /// answer; 0: none.
  std::uint64_t finished = 0;
  std::span<const std::string_view> args;
};

enum class ReplyStatus : std::uint8_t {
  kDone = 0,     ///< bytes: the reply in RESP
  kMoved = 1,    ///< not executed here; bytes: the partition's configuration as known here
  kWaiting = 2,  ///< of a long-lived request: it blocks, the answer comes later; no bytes
};
struct Reply {
  static constexpr FrameType kType = FrameType::kReply;
  std::uint64_t seq = 0;
  PartitionId partition;
  ReplyStatus status = ReplyStatus::kDone;
  std::string_view bytes;
};

/// Which request caused an operation: what makes it happen exactly once.
struct Origin {
  Endpoint gateway;  ///< node 0: no request (expiry)
  std::uint64_t seq = 0;
  std::uint64_t floor = 0;
  std::uint8_t resp = 2;
  std::uint64_t finished = 0;  ///< as Request::finished
  [[nodiscard]] bool is_request() const { return gateway.node != NodeId(); }
  friend bool operator==(const Origin&, const Origin&) = default;
};

enum class OperationKind : std::uint8_t {
  kCommand = 0,  ///< body: the arguments; the replica executes them
  kState = 1,    ///< body: the keys that the command touched, as they are after it
  kSkip = 2,     ///< no body: the snapshot under way will carry the effect
  /// An operation from before the snapshot under way, or one that was skipped, once more; body:
  /// those of its keys that the replica lacks, as they are now.
  kRepeat = 3,
};
/// One change of a partition, from its primary to a replica.
struct Operation {
  static constexpr FrameType kType = FrameType::kOperation;
  PartitionId partition;
  Epoch term;
  Seq seq;
  OperationKind kind = OperationKind::kCommand;
  PartitionTime time;  ///< at which it was executed
  std::uint64_t random = 0;
  Origin origin;
  std::string_view reply;  ///< of all but kCommand, of a request: its reply, for its record
  std::string_view body;
};

/// A new primary, or one whose link broke, tells an in-sync replica where its stream stands.
struct TermStart {
  static constexpr FrameType kType = FrameType::kTermStart;
  PartitionId partition;
  PartitionConfig config;
  Epoch base_term;  ///< the term of the last operation before this term
  Seq base_seq;     ///< its position
};
/// A replica begins anew, empty, behind base_seq.
struct SyncStart {
  static constexpr FrameType kType = FrameType::kSyncStart;
  PartitionId partition;
  PartitionConfig config;
  std::uint64_t sync = 0;  ///< names this attempt
  Seq base_seq;
  PartitionTime time;  ///< when it was sent
};
struct SyncChunk {
  static constexpr FrameType kType = FrameType::kSyncChunk;
  PartitionId partition;
  Epoch term;
  std::uint64_t sync = 0;
  std::string_view entries;
};
struct SyncEnd {
  static constexpr FrameType kType = FrameType::kSyncEnd;
  PartitionId partition;
  Epoch term;
  std::uint64_t sync = 0;
  Seq seq;             ///< the primary's last operation
  Epoch last_term;     ///< its term
  PartitionTime time;  ///< when it was sent
  std::string_view records;
};
/// The first `count` replication frames of this link's life (TermStart to SyncEnd) were dealt with.
struct Ack {
  static constexpr FrameType kType = FrameType::kAck;
  std::uint64_t count = 0;
};
enum class NackReason : std::uint8_t {
  kStale = 0,    ///< the sender is not primary any more: see config
  kNotHere = 1,  ///< the receiver does not hold what this frame builds on
};
/// A replication frame was refused. Precedes the Ack that covers it.
struct Nack {
  static constexpr FrameType kType = FrameType::kNack;
  PartitionId partition;
  Epoch term;  ///< of the refused frame
  NackReason reason = NackReason::kStale;
  PartitionConfig config;
};

/// Whether a node has memory for more. On the wire since v2: never renumber.
enum class MemoryLevel : std::uint8_t {
  kRoom = 0,
  kFull = 1,    ///< writes that need memory are refused wherever this node would hold them
  kClosed = 2,  ///< and copies on their way to it wait
};
struct MemoryState {
  std::uint64_t version = 0;  ///< the newest counts; 0: the level has never been another
  MemoryLevel level = MemoryLevel::kRoom;
  /// Bytes that it takes until it is full; UINT64_MAX: it has no limit. Of one version the latest
  /// that came counts.
  std::uint64_t room = UINT64_MAX;
  friend bool operator==(const MemoryState&, const MemoryState&) = default;
};
/// A node's level changed. Heartbeats say the same a little later, should this get lost.
struct Memory {
  static constexpr FrameType kType = FrameType::kMemory;
  MemoryState state;
};

/// Asks for a lease, and says what this node knows. Sent every heartbeat interval.
struct Heartbeat {
  static constexpr FrameType kType = FrameType::kHeartbeat;
  std::int64_t sent_at = 0;      ///< the sender's clock: echoed, never compared
  Revision revision;             ///< of the sender's view
  std::int64_t wall_ms = 0;      ///< what the sender's wall clock shows
  std::int64_t believed_ms = 0;  ///< what it takes to be right; 0: it does not know yet
  std::vector<NodeId> silent;    ///< nodes that have not answered the sender for too long
  /// Nodes from which the sender hears nothing, or heard nothing for a while a moment ago.
  std::vector<NodeId> unheard;
  /// Workers of the sender that have been executing something for long, and will answer then.
  std::vector<std::uint16_t> busy;
  MemoryState memory;  ///< of the sender
};
/// Answers, and grants the lease unless the sender is about to replace the receiver.
struct HeartbeatAck {
  static constexpr FrameType kType = FrameType::kHeartbeatAck;
  std::int64_t sent_at = 0;
  Revision revision;
  bool grants = true;
  bool reaches = true;  ///< the sender finds the receiver in reach, by its own silence
  Revision needed;      ///< the lease is void for views older than this: they miss a take-over
  std::int64_t lease_ns = INT64_MAX;  ///< how long the sender keeps its promise at least
};
struct StatsRequest {
  static constexpr FrameType kType = FrameType::kStatsRequest;
  std::uint64_t id = 0;
};
struct StatsReply {
  static constexpr FrameType kType = FrameType::kStatsReply;
  std::uint64_t id = 0;
  std::string_view stats;  ///< node/stats.h
};

void encode(ByteBuffer& out, const Hello& m);
void encode(ByteBuffer& out, const Welcome& m);
void encode(ByteBuffer& out, const Refusal& m);
void encode(ByteBuffer& out, const Ping& m);
void encode(ByteBuffer& out, const Pong& m);
void encode(ByteBuffer& out, const Request& m);
/// The same with arguments that encode_args() has written before: m.args is not looked at.
void encode(ByteBuffer& out, const Request& m, std::string_view encoded_args);
void encode(ByteBuffer& out, const Reply& m);
void encode(ByteBuffer& out, const Operation& m);
/// A kCommand whose body is these arguments: m.body is not looked at.
void encode(ByteBuffer& out, const Operation& m, std::span<const std::string_view> args);
void encode(ByteBuffer& out, const TermStart& m);
void encode(ByteBuffer& out, const SyncStart& m);
void encode(ByteBuffer& out, const SyncChunk& m);
void encode(ByteBuffer& out, const SyncEnd& m);
void encode(ByteBuffer& out, const Ack& m);
void encode(ByteBuffer& out, const Nack& m);
void encode(ByteBuffer& out, const Memory& m);
void encode(ByteBuffer& out, const Heartbeat& m);
void encode(ByteBuffer& out, const HeartbeatAck& m);
void encode(ByteBuffer& out, const StatsRequest& m);
void encode(ByteBuffer& out, const StatsReply& m);

[[nodiscard]] bool decode(std::string_view payload, Hello& m);
[[nodiscard]] bool decode(std::string_view payload, Welcome& m);
[[nodiscard]] bool decode(std::string_view payload, Refusal& m);
[[nodiscard]] bool decode(std::string_view payload, Ping& m);
[[nodiscard]] bool decode(std::string_view payload, Pong& m);
/// `args` receives the arguments, and m.args refers to it.
[[nodiscard]] bool decode(std::string_view payload, Request& m, Args& args);
[[nodiscard]] bool decode(std::string_view payload, Reply& m);
[[nodiscard]] bool decode(std::string_view payload, Operation& m);
/// The first arguments of a command, as many as can be read, up to `count_max`.
void peek_args(const Operation& m, std::size_t count_max, Args& args);
[[nodiscard]] bool decode(std::string_view payload, TermStart& m);
[[nodiscard]] bool decode(std::string_view payload, SyncStart& m);
[[nodiscard]] bool decode(std::string_view payload, SyncChunk& m);
[[nodiscard]] bool decode(std::string_view payload, SyncEnd& m);
[[nodiscard]] bool decode(std::string_view payload, Ack& m);
[[nodiscard]] bool decode(std::string_view payload, Nack& m);
[[nodiscard]] bool decode(std::string_view payload, Memory& m);
[[nodiscard]] bool decode(std::string_view payload, Heartbeat& m);
[[nodiscard]] bool decode(std::string_view payload, HeartbeatAck& m);
[[nodiscard]] bool decode(std::string_view payload, StatsRequest& m);
[[nodiscard]] bool decode(std::string_view payload, StatsReply& m);

/// A command's arguments as one byte string, and back.
void encode_args(Encoder& out, std::span<const std::string_view> args);
[[nodiscard]] bool decode_args(Decoder& in, Args& args);

void encode_config(Encoder& out, const PartitionConfig& config);
[[nodiscard]] bool decode_config(Decoder& in, PartitionConfig& config);

}  // namespace borg::wire
