// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

#include "base/byte_buffer.h"
#include "base/time.h"
#include "membership/link_watch.h"
#include "replication/replica.h"
#include "wire/messages.h"

namespace borg::node {

/// A worker's end of the connection to one other worker, of this node or another.
///
/// Frames arrive in order or not at all: after a break everything in flight is void, and both
/// sides hear link_down before link_up.
/// Runs: on its worker.
struct Link {
  explicit Link(wire::Endpoint to) : peer(to) {}

  const wire::Endpoint peer;
  bool up = false;
  bool dirty = false;  ///< listed as having output
  ByteBuffer output;
  /// The output may leave only before this moment (leases); else the link is broken.
  Instant output_valid_until = Instant::never();

  // Replication frames sent, awaiting the cumulative ack.
  std::deque<replication::SentFrame> in_flight;
  std::uint64_t acked = 0;
  std::size_t chunk_bytes_in_flight = 0;
  Instant waiting_since = Instant::never();  ///< for the ack of the oldest of them
  std::size_t unsent = 0;                    ///< of the output, when it was last looked at
  bool stalled = false;
  membership::LinkWatch watch;  ///< of a link to another node

  // Replication frames received.
  std::uint64_t received = 0;
  std::uint64_t received_acked = 0;
  std::size_t input_bytes = 0;  ///< that have come of a frame which is not whole yet

  void reset() {
    up = false;
    output.clear();
    output_valid_until = Instant::never();
    in_flight.clear();
    acked = received = received_acked = 0;
    chunk_bytes_in_flight = 0;
    input_bytes = 0;
    waiting_since = Instant::never();
  }
};

}  // namespace borg::node
