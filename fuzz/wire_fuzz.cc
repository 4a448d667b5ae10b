// SPDX-License-Identifier: Apache-2.0
// What another node sends is read without harm; what is understood is written and read again the
// same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/check.h"
#include "wire/frame.h"
#include "wire/messages.h"
#include "wire/pubsub.h"

namespace {

namespace wire = borg::wire;

template <class Message>
bool read(std::string_view payload, Message& message) {
  return wire::decode(payload, message);
}
// The arguments are views into the payload and live as long as the next call.
template <>
bool read(std::string_view payload, wire::Request& message) {
  static wire::Args args;
  return wire::decode(payload, message, args);
}

// Of another version nothing is understood but which it is.
template <>
bool read(std::string_view payload, wire::Hello& message) {
  return wire::decode(payload, message) && message.version == wire::kProtocolVersion;
}

template <class Message>
std::string written_form(const Message& message) {
  borg::ByteBuffer out;
  wire::encode(out, message);
  return std::string(out.view());
}

template <class Message>
void check(std::string_view payload) {
  Message first;
  if (!read(payload, first)) return;
  const std::string written = written_form(first);
  wire::Frame frame{};
  std::size_t wanted = 0;
  const auto status = wire::read_frame(written, wire::kFrameBytesMax, frame, wanted);
  BORG_CHECK(status == wire::FrameStatus::kFrame);
  BORG_CHECK(frame.type == Message::kType && frame.consumed == written.size());
  // Numbers may be longer on the wire than they need to be, but nothing may be added.
  BORG_CHECK(frame.payload.size() <= payload.size());
  Message second;
  BORG_CHECK(read(frame.payload, second));
  BORG_CHECK(written_form(second) == written);
}

template <class... Messages>
void check_as_its_type(const wire::Frame& frame) {
  ((frame.type == Messages::kType ? check<Messages>(frame.payload) : void()), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  wire::Frame frame{};
  std::size_t wanted = 0;
  while (wire::read_frame(input, wire::kFrameBytesMax, frame, wanted) ==
         wire::FrameStatus::kFrame) {
    BORG_CHECK(frame.consumed > 0 && frame.consumed <= input.size());
    check_as_its_type<wire::Hello, wire::Welcome, wire::Refusal, wire::Ping, wire::Pong,
                      wire::Request, wire::Reply, wire::Operation, wire::TermStart, wire::SyncStart,
                      wire::SyncChunk, wire::SyncEnd, wire::Ack, wire::Nack, wire::Heartbeat,
                      wire::HeartbeatAck, wire::StatsRequest, wire::StatsReply, wire::Publish,
                      wire::Published, wire::Interest, wire::InterestTaken, wire::PubsubQuery,
                      wire::PubsubAnswer>(frame);
    input.remove_prefix(frame.consumed);
  }
  BORG_CHECK(input.empty() || wanted > 0);
  return 0;
}
