// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.h"

#include <cstring>

namespace borg::wire {

FrameWriter::FrameWriter(ByteBuffer& out, FrameType type)
    : out_(out), start_(out.size()), encoder_(out) {
  encoder_.u32(0);
  encoder_.u8(static_cast<std::uint8_t>(type));
}

FrameWriter::~FrameWriter() {
  const auto length = static_cast<std::uint32_t>(out_.size() - start_ - sizeof(std::uint32_t));
  std::memcpy(out_.data() + start_, &length, sizeof length);
}

FrameStatus read_frame(std::string_view input, std::uint32_t bytes_max, Frame& frame,
                       std::size_t& wanted) {
  std::uint32_t length = 0;
  wanted = sizeof length;
  if (input.size() < sizeof length) return FrameStatus::kNeedMore;
  std::memcpy(&length, input.data(), sizeof length);
  if (length == 0) return FrameStatus::kEmpty;
  if (length > bytes_max) return FrameStatus::kTooLong;
  wanted = sizeof length + length;
  if (input.size() < wanted) return FrameStatus::kNeedMore;
  frame.type = static_cast<FrameType>(input[sizeof length]);
  frame.payload = input.substr(sizeof length + 1, length - 1);
  frame.consumed = wanted;
  return FrameStatus::kFrame;
}

}  // namespace borg::wire
