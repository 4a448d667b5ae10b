// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/strong_id.h"

namespace borg {

/// A node's identity: random, new at each start without data. 0 is no node.
using NodeId = StrongId<struct NodeIdTag, std::uint64_t>;
/// 16384 of them, as in Redis Cluster.
using SlotId = StrongId<struct SlotIdTag, std::uint16_t>;
/// 16 consecutive slots: the unit that is placed, replicated and moved.
using PartitionId = StrongId<struct PartitionIdTag, std::uint16_t>;
/// The version of a partition's configuration; it never goes back.
using Epoch = StrongId<struct EpochTag, std::uint64_t>;
/// The position of a command in a partition's history.
using Seq = StrongId<struct SeqTag, std::uint64_t>;
/// One thread of a node that holds data.
using WorkerIndex = StrongId<struct WorkerIndexTag, std::uint16_t>;
/// The coordinator's version of its whole key space.
using Revision = StrongId<struct RevisionTag, std::uint64_t>;
/// A client connection, unique within a node's life.
using ConnectionId = StrongId<struct ConnectionIdTag, std::uint64_t>;

#ifndef BORG_SLOT_COUNT
#define BORG_SLOT_COUNT 16384  // the simulator has fewer, which makes it faster
#endif
inline constexpr std::uint16_t kSlotCount = BORG_SLOT_COUNT;
inline constexpr std::uint16_t kSlotsPerPartition = 16;
inline constexpr std::uint16_t kPartitionCount = kSlotCount / kSlotsPerPartition;

[[nodiscard]] constexpr PartitionId partition_of(SlotId slot) {
  return PartitionId(static_cast<std::uint16_t>(slot.value() / kSlotsPerPartition));
}
/// The first of the partition's 16 slots.
[[nodiscard]] constexpr SlotId first_slot(PartitionId partition) {
  return SlotId(static_cast<std::uint16_t>(partition.value() * kSlotsPerPartition));
}

}  // namespace borg
