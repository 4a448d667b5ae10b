// SPDX-License-Identifier: Apache-2.0
#include "wire/pubsub.h"

namespace borg::wire {
namespace {

bool get_bool(Decoder& in) {
  const std::uint8_t value = in.u8();
  if (value > 1) in.fail();
  return value == 1;
}

template <class E>
E get_enum(Decoder& in, E last) {
  const std::uint8_t value = in.u8();
  if (value > static_cast<std::uint8_t>(last)) in.fail();
  return static_cast<E>(value);
}

}  // namespace

void encode(ByteBuffer& out, const Publish& m) {
  FrameWriter frame(out, Publish::kType);
  frame->varint(m.id);
  frame->u8(m.spreads ? 1 : 0);
  frame->u8(m.is_sharded ? 1 : 0);
  frame->bytes(m.channel);
  frame->bytes(m.message);
}

void encode(ByteBuffer& out, const Published& m) {
  FrameWriter frame(out, Published::kType);
  frame->varint(m.id);
  frame->varint(m.receivers);
}

void encode(ByteBuffer& out, const Interest& m) {
  FrameWriter frame(out, Interest::kType);
  frame->u8(static_cast<std::uint8_t>(m.change));
  frame->u8(static_cast<std::uint8_t>(m.kind));
  frame->varint(m.id);
  frame->bytes(m.name);
}

void encode(ByteBuffer& out, const InterestTaken& m) {
  FrameWriter frame(out, InterestTaken::kType);
  frame->varint(m.id);
}

void encode(ByteBuffer& out, const PubsubQuery& m) {
  FrameWriter frame(out, PubsubQuery::kType);
  frame->varint(m.id);
  frame->u8(static_cast<std::uint8_t>(m.kind));
  frame->u8(m.counts ? 1 : 0);
  frame->bytes(m.names);
}

void encode(ByteBuffer& out, const PubsubAnswer& m) {
  FrameWriter frame(out, PubsubAnswer::kType);
  frame->varint(m.id);
  frame->bytes(m.items);
}

bool decode(std::string_view payload, Publish& m) {
  Decoder in(payload);
  m.id = in.varint();
  m.spreads = get_bool(in);
  m.is_sharded = get_bool(in);
  m.channel = in.bytes();
  m.message = in.bytes();
  return in.done();
}

bool decode(std::string_view payload, Published& m) {
  Decoder in(payload);
  m.id = in.varint();
  m.receivers = in.varint();
  return in.done();
}

bool decode(std::string_view payload, Interest& m) {
  Decoder in(payload);
  m.change = get_enum(in, InterestChange::kSync);
  m.kind = get_enum(in, ChannelKind::kShard);
  m.id = in.varint();
  m.name = in.bytes();
  return in.done();
}

bool decode(std::string_view payload, InterestTaken& m) {
  Decoder in(payload);
  m.id = in.varint();
  return in.done();
}

bool decode(std::string_view payload, PubsubQuery& m) {
  Decoder in(payload);
  m.id = in.varint();
  m.kind = get_enum(in, ChannelKind::kShard);
  m.counts = get_bool(in);
  m.names = in.bytes();
  return in.done();
}

bool decode(std::string_view payload, PubsubAnswer& m) {
  Decoder in(payload);
  m.id = in.varint();
  m.items = in.bytes();
  return in.done();
}

void encode_names(Encoder& out, std::span<const std::string_view> names) {
  for (const std::string_view name : names) out.bytes(name);
}

bool decode_names(Decoder& in, std::vector<std::string_view>& names) {
  names.clear();
  while (!in.rest().empty()) names.push_back(in.bytes());
  return in.done();
}

}  // namespace borg::wire
