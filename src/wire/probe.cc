// SPDX-License-Identifier: Apache-2.0
#include "wire/probe.h"

#include "base/codec.h"
#include "wire/greeting.h"

namespace borg::wire {
namespace {

/// So that an answer always is one of a first frame's length.
constexpr std::size_t kDetailBytesMax = 256;

}  // namespace

void encode(ByteBuffer& out, const Probe& m) {
  FrameWriter w(out, m.kType);
  put_greeting(*w, m.version);
  w->bytes(m.cluster);
  w->u64(m.from.value());
  w->bytes(m.host);
  w->varint(m.bus_port);
}
bool decode(std::string_view payload, Probe& m) {
  Decoder in(payload);
  if (!get_greeting(in, m.version)) return false;
  if (m.version != kProtocolVersion) return true;
  m.cluster = in.bytes();
  m.from = NodeId(in.u64());
  m.host = in.bytes();
  const std::uint64_t port = in.varint();
  if (port > UINT16_MAX) in.fail();
  m.bus_port = static_cast<std::uint16_t>(port);
  return in.done();
}

void encode(ByteBuffer& out, const ProbeAnswer& m) {
  FrameWriter w(out, m.kType);
  w->u32(kMagic);
  w->bytes(m.cluster);
  w->u64(m.node.value());
  w->u8(static_cast<std::uint8_t>(m.found));
  w->bytes(m.detail.substr(0, kDetailBytesMax));
}
bool decode(std::string_view payload, ProbeAnswer& m) {
  Decoder in(payload);
  if (in.u32() != kMagic) return false;
  m.cluster = in.bytes();
  m.node = NodeId(in.u64());
  const std::uint8_t found = in.u8();
  if (found > static_cast<std::uint8_t>(Found::kSilence)) in.fail();
  m.found = static_cast<Found>(found);
  m.detail = in.bytes();
  return in.done();
}

}  // namespace borg::wire
