// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "coordination/schema.h"
#include "membership/liveness.h"
#include "node/sync_pacer.h"
#include "replication/sync_limits.h"

namespace borg::node {

/// What INFO says of the process.
struct ProcessFacts {
  std::int64_t id = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t system_bytes = 0;  ///< the machine's memory
  std::int64_t cpu_system_us = 0;
  std::int64_t cpu_user_us = 0;
  std::string executable;
  std::string system;  ///< the operating system and its version
};

/// How much output a subscriber may leave unread before it is disconnected. As Redis's
/// client-output-buffer-limit pubsub.
struct PubSubLimits {
  std::size_t bytes_max = 32 * 1024 * 1024;
  std::size_t slow_bytes_max = 8 * 1024 * 1024;  ///< for no longer than
  Duration slow_for_max = Duration::seconds(60);
};

/// What one node is told at its start; the same for all its threads.
struct NodeOptions {
  std::string cluster = "borg";
  std::string version;              ///< of Borg, for INFO
  coordination::Member self;        ///< as announced; the node itself sets its id and state
  std::string bind;                 ///< the addresses that it listens on, spaces between them
  std::uint16_t client_port = 0;    ///< that it listens on; self.port is the one announced
  coordination::Settings settings;  ///< used if this node founds the cluster
  // Said explicitly, these must agree with a cluster that exists already.
  std::optional<std::uint32_t> copies;
  std::optional<std::uint32_t> min_copies;
  std::optional<std::uint32_t> scatter_width;
  std::optional<bool> on_loss_empty;

  membership::LivenessOptions liveness;
  /// How long a client's command may wait for a primary or for its copies.
  Duration request_deadline = Duration::seconds(5);
  /// A name that is taken may belong to a process that just died: wait this long for its
  /// session to end. An address that leads to nobody may be that of such a process, too.
  Duration name_wait = Duration::seconds(1);
  std::uint32_t clients_max = 10'000;                 ///< connections to the whole node
  std::size_t memory_bytes_max = 0;                   ///< of the whole node; 0: no limit
  std::size_t client_output_bytes_max = 1024 * 1024;  ///< beyond: its commands wait
  std::size_t client_pending_max = 1024;              ///< commands of one connection under way
  PubSubLimits pubsub_limits;
  replication::SyncLimits sync;
  std::size_t sync_window_bytes = 256 * 1024;  ///< of snapshots in flight to one worker
  SyncPacer::Options pace;                     ///< of moving data beside commands
  std::size_t syncing_partitions_max = 64;     ///< that one primary moves at a time
  std::size_t handovers_max = 32;              ///< under way at a time
  bool debug_enabled = false;                  ///< DEBUG is allowed
  std::string log_level = "info";              ///< for CONFIG GET
  /// Stops the thread for so long (DEBUG SLEEP); null: not at all.
  void (*stand_still)(Duration) = nullptr;
  /// What the system says of this process; null: nothing.
  ProcessFacts (*read_process)() = nullptr;
  /// A counter that runs evenly, and cheap to read: for measuring how long commands take. Null:
  /// they take no time.
  std::uint64_t (*read_ticks)() = nullptr;
  double nanos_per_tick = 1;
  bool death_is_proven = true;  ///< Coordinator::ended_session_proves_death()
  /// Before it joins, a node has the announced addresses tried: see AddressCheck.
  bool tries_addresses = false;
  /// It was a member until the others forgot it: it waits until it can be one again.
  bool joins_again = false;
};

}  // namespace borg::node
