// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "coordination/coordinator.h"

namespace borg::coordinators::testing {

/// A key as a client that replays the events sees it.
struct Seen {
  std::string value;
  Revision modified;
  Revision created;
  friend bool operator==(const Seen&, const Seen&) = default;
};
using View = std::map<std::string, Seen>;

/// One client: a coordinator, all that it said, and the key space replayed from that.
///
/// Replaying notes each breach of the promised order in `breaches`.
class Client {
 public:
  explicit Client(std::unique_ptr<coordination::Coordinator> coordinator);
  ~Client() { stop(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start();
  /// start(), and waits for the session and the first Snapshot.
  bool join();
  void stop() { coordinator_->stop(); }
  coordination::Coordinator& coordinator() { return *coordinator_; }

  /// Submits and waits for the answer.
  coordination::TxnDone commit(coordination::Txn txn);
  coordination::TxnId submit(coordination::Txn txn);
  std::optional<coordination::TxnDone> answer(coordination::TxnId id);
  /// put(), unconditionally. True if committed.
  bool put(const std::string& key, const std::string& value, bool is_bound = false);

  /// Waits until it holds, at most 30 s; called with the client locked.
  bool wait_until(const std::function<bool()>& condition);
  bool wait_for_key(const std::string& key);
  bool wait_for_absence(const std::string& key);
  bool wait_for_revision(Revision revision);

  View view();
  Revision revision();
  std::size_t events();
  std::vector<std::string> breaches();

  // Under the lock of wait_until().
  View view_;
  Revision revision_;
  int snapshots_ = 0;
  int sessions_begun_ = 0;
  int sessions_lost_ = 0;
  int troubles_ = 0;
  bool is_troubled_ = false;
  std::optional<Instant> valid_until_;
  std::map<std::string, int> deletions_;
  std::vector<std::string> fatal_;
  std::map<coordination::TxnId, coordination::TxnDone> done_;

 private:
  void take(const coordination::Event& event);
  void on(const coordination::TxnDone& done);
  void on(const coordination::Snapshot& snapshot);
  void on(const coordination::Changes& changes);
  void on(const coordination::SessionAlive& alive);
  void on(const coordination::SessionLost& lost);
  void on(const coordination::Trouble& trouble);
  void on(const coordination::Fatal& fatal);
  void breach(const std::string& what) { breaches_.push_back(what); }

  std::unique_ptr<coordination::Coordinator> coordinator_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t events_ = 0;
  bool is_in_sink_ = false;
  coordination::TxnId last_id_ = 0;
  std::vector<std::string> breaches_;
};

}  // namespace borg::coordinators::testing
