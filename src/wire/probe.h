// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/ids.h"
#include "wire/frame.h"

namespace borg::wire {

// How a node finds out, before it joins, whether the addresses that are announced lead where they
// should. A probe is the only frame of its connection, where Hello is the first of a link. Encoding
// and decoding are as in messages.h.

/// Asks who listens here, and, if `host` is not empty, what is found at that address.
struct Probe {
  static constexpr FrameType kType = FrameType::kProbe;
  std::uint16_t version = kProtocolVersion;
  std::string_view cluster;
  NodeId from;
  std::string_view host;  ///< the address that `from` announces to other nodes
  std::uint16_t bus_port = 0;
};

/// What was found where a node was expected. On the wire since v2: never renumber.
enum class Found : std::uint8_t {
  kNothing,    ///< nothing was dialled
  kNode,       ///< the node
  kItself,     ///< the one that dialled
  kOtherNode,  ///< another one of its cluster
  kStranger,   ///< a node of another cluster
  kNobody,     ///< no connection: refused, no way there, no answer
  kSilence,    ///< a connection, and no answer: a process that stands still, or another program
};

struct ProbeAnswer {
  static constexpr FrameType kType = FrameType::kProbeAnswer;
  std::string_view cluster;  ///< of the node that answers
  NodeId node;               ///< it
  Found found = Found::kNothing;
  std::string_view detail;  ///< why there was no connection, or the name of the other cluster
};

void encode(ByteBuffer& out, const Probe& m);
void encode(ByteBuffer& out, const ProbeAnswer& m);
[[nodiscard]] bool decode(std::string_view payload, Probe& m);
[[nodiscard]] bool decode(std::string_view payload, ProbeAnswer& m);

}  // namespace borg::wire
