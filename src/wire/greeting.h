// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/codec.h"
#include "wire/frame.h"

namespace borg::wire {

/// With what the first frame of a connection begins.
inline void put_greeting(Encoder& out, std::uint16_t version) {
  out.u32(kMagic);
  out.varint(version);
}

/// False if it is no frame of ours. Of another version than kProtocolVersion nothing more is known:
/// the rest may mean something else.
[[nodiscard]] inline bool get_greeting(Decoder& in, std::uint16_t& version) {
  if (in.u32() != kMagic) return false;
  version = static_cast<std::uint16_t>(std::min<std::uint64_t>(in.varint(), UINT16_MAX));
  return in.ok();
}

}  // namespace borg::wire
