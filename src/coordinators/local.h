// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "coordination/coordinator.h"

namespace borg::coordinators {

struct LocalOptions {
  std::string directory;  ///< empty: default_local_directory(cluster)
  std::string cluster = "borg";
  std::int64_t size_bytes_max = 1 << 30;
  /// A transaction that has not begun by then is answered kUnavailable.
  Duration answer_within = Duration::seconds(4);
  /// How often changes, and the deaths of other processes, are looked for unasked.
  Duration poll_every = Duration::millis(100);
  /// The same where nothing has happened, and nobody asked, for some time.
  Duration poll_every_calm = Duration::millis(400);
};

/// The nodes of one machine agree through an SQLite database in a directory that they share.
///
/// A session is a lock that the kernel frees when its process dies, so an ended session proves
/// a death, and a death shows at the next look.
///
/// Runs:   as Coordinator; one thread of its own does everything and gives the events.
/// Order:  TxnDone comes after the Changes or the Snapshot that hold its revision.
/// Errors: Trouble while other processes keep the database locked or the disk is full; Fatal
///         when it is corrupt, was deleted or replaced, or belongs to somebody else. After
///         Fatal every transaction is answered kUnavailable.
class LocalCoordinator final : public coordination::Coordinator {
 public:
  explicit LocalCoordinator(LocalOptions options);
  ~LocalCoordinator() override;
  LocalCoordinator(const LocalCoordinator&) = delete;
  LocalCoordinator& operator=(const LocalCoordinator&) = delete;

  void start(Sink sink) override;
  void submit(coordination::TxnId id, coordination::Txn txn) override;
  void hint(Revision revision) override;
  void suspect(std::string_view key) override;
  /// What was submitted and has not begun gets no answer. REQUIRES: not called from the sink.
  void stop() override;
  [[nodiscard]] bool ended_session_proves_death() const override { return true; }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace borg::coordinators
