// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.h"

#include <algorithm>

#include "wire/greeting.h"

namespace borg::wire {
namespace {

/// Of the shortest that a frame has place for.
constexpr std::size_t kArgsMax = 128u * 1024 * 1024;
constexpr std::size_t kNodesMax = 4096;

void put(Encoder& out, const Endpoint& e) {
  out.u64(e.node.value());
  out.varint(e.lane);
}
std::uint16_t get_lane(Decoder& in) {
  const std::uint64_t lane = in.varint();
  if (lane > UINT16_MAX) in.fail();
  return static_cast<std::uint16_t>(lane);
}
void put_nodes(Encoder& out, const std::vector<NodeId>& nodes) {
  out.varint(nodes.size());
  for (const NodeId node : nodes) out.u64(node.value());
}
bool get_nodes(Decoder& in, std::vector<NodeId>& nodes) {
  const std::uint64_t n = in.varint();
  if (n > kNodesMax) return false;
  nodes.clear();
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) nodes.push_back(NodeId(in.u64()));
  return true;
}
Endpoint get_endpoint(Decoder& in) {
  Endpoint e;
  e.node = NodeId(in.u64());
  e.lane = get_lane(in);
  return e;
}
PartitionId get_partition(Decoder& in) {
  const std::uint64_t value = in.varint();
  if (value >= kPartitionCount) {
    in.fail();
    return PartitionId();
  }
  return PartitionId(static_cast<std::uint16_t>(value));
}
void put(Encoder& out, const NodeList& nodes) {
  out.varint(nodes.size());
  for (const NodeId node : nodes) out.u64(node.value());
}
NodeList get_nodes(Decoder& in) {
  NodeList nodes;
  const std::uint64_t n = in.varint();
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    const NodeId node(in.u64());
    if (!in.ok() || nodes.full() || nodes.contains(node)) {
      in.fail();
      break;
    }
    nodes.push_back(node);
  }
  return nodes;
}
void put(Encoder& out, const PartitionTime& time) {
  out.u64(static_cast<std::uint64_t>(time.now_ms));
  out.signed_varint(time.wall_offset_ms);
}
PartitionTime get_time(Decoder& in) {
  PartitionTime time;
  time.now_ms = static_cast<std::int64_t>(in.u64());
  time.wall_offset_ms = in.signed_varint();
  return time;
}
template <class E>
E get_enum(Decoder& in, E last) {
  const std::uint8_t value = in.u8();
  if (value > static_cast<std::uint8_t>(last)) in.fail();
  return static_cast<E>(value);
}
void put_finished(Encoder& out, std::uint64_t seq, std::uint64_t finished) {
  if (is_long_lived(seq)) out.varint(finished & ~kLongLivedBit);
}
std::uint64_t get_finished(Decoder& in, std::uint64_t seq) {
  const std::uint64_t finished = is_long_lived(seq) ? in.varint() : 0;
  if (is_long_lived(finished)) in.fail();
  return finished == 0 ? 0 : finished | kLongLivedBit;
}
void put(Encoder& out, const Origin& o) {
  out.u64(o.gateway.node.value());
  if (!o.is_request()) return;
  out.varint(o.gateway.lane);
  out.varint(o.seq);
  out.varint(o.seq - o.floor);
  out.u8(o.resp);
  put_finished(out, o.seq, o.finished);
}
std::uint8_t get_resp(Decoder& in) {
  const std::uint8_t resp = in.u8();
  if (resp != 2 && resp != 3) in.fail();
  return resp;
}
Origin get_origin(Decoder& in) {
  Origin o;
  o.gateway.node = NodeId(in.u64());
  if (!o.is_request()) return o;
  o.gateway.lane = get_lane(in);
  o.seq = in.varint();
  const std::uint64_t behind = in.varint();
  if (behind > o.seq) in.fail();
  o.floor = o.seq - behind;
  o.resp = get_resp(in);
  o.finished = get_finished(in, o.seq);
  return o;
}

void put_head(Encoder& out, const Operation& m) {
  out.varint(m.partition.value());
  out.varint(m.term.value());
  out.varint(m.seq.value());
  out.u8(static_cast<std::uint8_t>(m.kind));
  put(out, m.time);
  out.u64(m.random);
  put(out, m.origin);
}
void put_head(Encoder& out, const Request& m) {
  out.varint(m.partition.value());
  out.varint(m.seq);
  out.varint(m.seq - m.floor);
  out.varint(m.term.value());
  out.u8(static_cast<std::uint8_t>(m.resp | (m.any_replica ? 0x80 : 0)));
  put_finished(out, m.seq, m.finished);
}
std::size_t varint_size(std::uint64_t v) {
  std::size_t n = 1;
  while (v >= 0x80) {
    v >>= 7;
    ++n;
  }
  return n;
}

}  // namespace

void encode_args(Encoder& out, std::span<const std::string_view> args) { out.byte_strings(args); }
bool decode_args(Decoder& in, Args& args) {
  args.clear();
  const std::uint64_t n = in.varint();
  if (n == 0 || n > kArgsMax || n > in.rest().size()) return false;
  args.reserve(n);
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) args.push_back(in.bytes());
  return in.ok();
}

void encode_config(Encoder& out, const PartitionConfig& config) {
  out.varint(config.epoch.value());
  out.varint(config.term.value());
  put(out, config.in_sync);
  put(out, config.syncing);
}
bool decode_config(Decoder& in, PartitionConfig& config) {
  config.epoch = Epoch(in.varint());
  config.term = Epoch(in.varint());
  config.in_sync = get_nodes(in);
  config.syncing = get_nodes(in);
  for (const NodeId node : config.syncing) {
    if (config.in_sync.contains(node)) in.fail();
  }
  return in.ok();
}

void encode(ByteBuffer& out, const Hello& m) {
  FrameWriter w(out, m.kType);
  put_greeting(*w, m.version);
  w->bytes(m.cluster);
  put(*w, m.from);
  put(*w, m.to);
}
bool decode(std::string_view payload, Hello& m) {
  Decoder in(payload);
  if (!get_greeting(in, m.version)) return false;
  if (m.version != kProtocolVersion) return true;
  m.cluster = in.bytes();
  m.from = get_endpoint(in);
  m.to = get_endpoint(in);
  return in.done();
}

void encode(ByteBuffer& out, const Welcome& m) { FrameWriter w(out, m.kType); }
bool decode(std::string_view payload, Welcome&) { return payload.empty(); }

void encode(ByteBuffer& out, const Ping& m) { FrameWriter w(out, m.kType); }
bool decode(std::string_view payload, Ping&) { return payload.empty(); }
void encode(ByteBuffer& out, const Pong& m) { FrameWriter w(out, m.kType); }
bool decode(std::string_view payload, Pong&) { return payload.empty(); }

void encode(ByteBuffer& out, const Refusal& m) { FrameWriter(out, m.kType)->bytes(m.reason); }
bool decode(std::string_view payload, Refusal& m) {
  Decoder in(payload);
  m.reason = in.bytes();
  return in.done();
}

void encode(ByteBuffer& out, const Request& m) {
  FrameWriter w(out, m.kType);
  put_head(*w, m);
  encode_args(*w, m.args);
}
void encode(ByteBuffer& out, const Request& m, std::string_view encoded_args) {
  FrameWriter w(out, m.kType);
  put_head(*w, m);
  out.append(encoded_args);
}
bool decode(std::string_view payload, Request& m, Args& args) {
  Decoder in(payload);
  m.partition = get_partition(in);
  m.seq = in.varint();
  const std::uint64_t behind = in.varint();
  if (behind > m.seq) return false;
  m.floor = m.seq - behind;
  m.term = Epoch(in.varint());
  const std::uint8_t bits = in.u8();
  m.any_replica = (bits & 0x80) != 0;
  m.resp = bits & 0x7f;
  m.finished = get_finished(in, m.seq);
  if (!in.ok() || (m.resp != 2 && m.resp != 3) || !decode_args(in, args)) return false;
  m.args = args;
  return in.done();
}

void encode(ByteBuffer& out, const Reply& m) {
  FrameWriter w(out, m.kType);
  w->varint(m.seq);
  w->varint(m.partition.value());
  w->u8(static_cast<std::uint8_t>(m.status));
  w->bytes(m.bytes);
}
bool decode(std::string_view payload, Reply& m) {
  Decoder in(payload);
  m.seq = in.varint();
  m.partition = get_partition(in);
  m.status = get_enum(in, ReplyStatus::kWaiting);
  m.bytes = in.bytes();
  return in.done();
}

void encode(ByteBuffer& out, const Operation& m, std::span<const std::string_view> args) {
  FrameWriter w(out, m.kType);
  put_head(*w, m);
  std::size_t body = varint_size(args.size());
  for (const std::string_view arg : args) body += varint_size(arg.size()) + arg.size();
  w->varint(body);
  encode_args(*w, args);
}
void encode(ByteBuffer& out, const Operation& m) {
  FrameWriter w(out, m.kType);
  put_head(*w, m);
  if (m.kind != OperationKind::kCommand) w->bytes(m.reply);
  w->bytes(m.body);
}
void peek_args(const Operation& m, std::size_t count_max, Args& args) {
  args.clear();
  if (m.kind != OperationKind::kCommand) return;
  Decoder in(m.body);
  std::uint64_t n = in.varint();
  for (n = std::min<std::uint64_t>(n, count_max); n > 0 && in.ok(); --n) args.push_back(in.bytes());
}
bool decode(std::string_view payload, Operation& m) {
  Decoder in(payload);
  m.partition = get_partition(in);
  m.term = Epoch(in.varint());
  m.seq = Seq(in.varint());
  m.kind = get_enum(in, OperationKind::kRepeat);
  m.time = get_time(in);
  m.random = in.u64();
  m.origin = get_origin(in);
  m.reply = m.kind != OperationKind::kCommand ? in.bytes() : std::string_view();
  m.body = in.bytes();
  return in.done();
}

void encode(ByteBuffer& out, const TermStart& m) {
  FrameWriter w(out, m.kType);
  w->varint(m.partition.value());
  encode_config(*w, m.config);
  w->varint(m.base_term.value());
  w->varint(m.base_seq.value());
}
bool decode(std::string_view payload, TermStart& m) {
  Decoder in(payload);
  m.partition = get_partition(in);
  if (!decode_config(in, m.config)) return false;
  m.base_term = Epoch(in.varint());
  m.base_seq = Seq(in.varint());
  return in.done();
}

void encode(ByteBuffer& out, const SyncStart& m) {
  FrameWriter w(out, m.kType);
  w->varint(m.partition.value());
  encode_config(*w, m.config);
  w->varint(m.sync);
  w->varint(m.base_seq.value());
  put(*w, m.time);
}
bool decode(std::string_view payload, SyncStart& m) {
  Decoder in(payload);
  m.partition = get_partition(in);
  if (!decode_config(in, m.config)) return false;
  m.sync = in.varint();
  m.base_seq = Seq(in.varint());
  m.time = get_time(in);
  return in.done();
}

void encode(ByteBuffer& out, const SyncChunk& m) {
  FrameWriter w(out, m.kType);
  w->varint(m.partition.value());
  w->varint(m.term.value());
  w->varint(m.sync);
  w->bytes(m.entries);
}
bool decode(std::string_view payload, SyncChunk& m) {
  Decoder in(payload);
  m.partition = get_partition(in);
  m.term = Epoch(in.varint());
  m.sync = in.varint();
  m.entries = in.bytes();
  return in.done();
}

void encode(ByteBuffer& out, const SyncEnd& m) {
  FrameWriter w(out, m.kType);
  w->varint(m.partition.value());
  w->varint(m.term.value());
  w->varint(m.sync);
  w->varint(m.seq.value());
  w->varint(m.last_term.value());
  put(*w, m.time);
  w->bytes(m.records);
}
bool decode(std::string_view payload, SyncEnd& m) {
  Decoder in(payload);
  m.partition = get_partition(in);
  m.term = Epoch(in.varint());
  m.sync = in.varint();
  m.seq = Seq(in.varint());
  m.last_term = Epoch(in.varint());
  m.time = get_time(in);
  m.records = in.bytes();
  return in.done();
}

void encode(ByteBuffer& out, const Ack& m) { FrameWriter(out, m.kType)->varint(m.count); }
bool decode(std::string_view payload, Ack& m) {
  Decoder in(payload);
  m.count = in.varint();
  return in.done();
}

void encode(ByteBuffer& out, const Nack& m) {
  FrameWriter w(out, m.kType);
  w->varint(m.partition.value());
  w->varint(m.term.value());
  w->u8(static_cast<std::uint8_t>(m.reason));
  encode_config(*w, m.config);
}
bool decode(std::string_view payload, Nack& m) {
  Decoder in(payload);
  m.partition = get_partition(in);
  m.term = Epoch(in.varint());
  m.reason = get_enum(in, NackReason::kNotHere);
  return decode_config(in, m.config) && in.done();
}

namespace {

void put_memory(Encoder& out, const MemoryState& state) {
  out.varint(state.version);
  out.u8(static_cast<std::uint8_t>(state.level));
  out.varint(state.room == UINT64_MAX ? 0 : state.room + 1);
}

MemoryState get_memory(Decoder& in) {
  MemoryState state;
  state.version = in.varint();
  state.level = get_enum(in, MemoryLevel::kClosed);
  state.room = in.varint() - 1;  // 0: there is no limit
  return state;
}

}  // namespace

void encode(ByteBuffer& out, const Memory& m) {
  FrameWriter w(out, m.kType);
  put_memory(*w, m.state);
}
bool decode(std::string_view payload, Memory& m) {
  Decoder in(payload);
  m.state = get_memory(in);
  return in.done();
}

void encode(ByteBuffer& out, const Heartbeat& m) {
  FrameWriter w(out, m.kType);
  w->u64(static_cast<std::uint64_t>(m.sent_at));
  w->varint(m.revision.value());
  w->u64(static_cast<std::uint64_t>(m.wall_ms));
  w->u64(static_cast<std::uint64_t>(m.believed_ms));
  put_nodes(*w, m.silent);
  put_nodes(*w, m.unheard);
  w->varint(m.busy.size());
  for (const std::uint16_t lane : m.busy) w->varint(lane);
  put_memory(*w, m.memory);
}
bool decode(std::string_view payload, Heartbeat& m) {
  Decoder in(payload);
  m.sent_at = static_cast<std::int64_t>(in.u64());
  m.revision = Revision(in.varint());
  m.wall_ms = static_cast<std::int64_t>(in.u64());
  m.believed_ms = static_cast<std::int64_t>(in.u64());
  if (!get_nodes(in, m.silent) || !get_nodes(in, m.unheard)) return false;
  const std::uint64_t busy = in.varint();
  if (busy > UINT16_MAX) return false;
  m.busy.clear();
  for (std::uint64_t i = 0; i < busy && in.ok(); ++i) m.busy.push_back(get_lane(in));
  m.memory = get_memory(in);
  return in.done();
}

void encode(ByteBuffer& out, const HeartbeatAck& m) {
  FrameWriter w(out, m.kType);
  w->u64(static_cast<std::uint64_t>(m.sent_at));
  w->varint(m.revision.value());
  w->u8(m.grants ? 1 : 0);
  w->u8(m.reaches ? 1 : 0);
  w->varint(m.needed.value());
  w->u64(static_cast<std::uint64_t>(m.lease_ns));
}
bool decode(std::string_view payload, HeartbeatAck& m) {
  Decoder in(payload);
  m.sent_at = static_cast<std::int64_t>(in.u64());
  m.revision = Revision(in.varint());
  const std::uint8_t grants = in.u8();
  const std::uint8_t reaches = in.u8();
  m.grants = grants == 1;
  m.reaches = reaches == 1;
  m.needed = Revision(in.varint());
  m.lease_ns = static_cast<std::int64_t>(in.u64());
  return grants <= 1 && reaches <= 1 && m.lease_ns >= 0 && in.done();
}

void encode(ByteBuffer& out, const StatsRequest& m) { FrameWriter(out, m.kType)->varint(m.id); }
bool decode(std::string_view payload, StatsRequest& m) {
  Decoder in(payload);
  m.id = in.varint();
  return in.done();
}

void encode(ByteBuffer& out, const StatsReply& m) {
  FrameWriter w(out, m.kType);
  w->varint(m.id);
  w->bytes(m.stats);
}
bool decode(std::string_view payload, StatsReply& m) {
  Decoder in(payload);
  m.id = in.varint();
  m.stats = in.bytes();
  return in.done();
}

}  // namespace borg::wire
