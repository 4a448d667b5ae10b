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

/// What a client has been told so far.
struct Record {
  std::size_t events = 0;
  View view;
  Revision revision;
  int snapshots = 0;
  int sessions_begun = 0;
  int sessions_lost = 0;
  int troubles = 0;
  bool is_troubled = false;
  Instant valid_until;
  std::map<std::string, int> deletions;
  std::map<coordination::TxnId, coordination::TxnDone> done;
  std::vector<std::string> fatal;
  /// Each breach of the order that Coordinator promises.
  std::vector<std::string> breaches;
};

/// One client: a coordinator, and the record of all that it said.
///
/// Runs: on one thread, beside the coordinator's.
class Client {
 public:
  using Condition = std::function<bool(const Record&)>;

  explicit Client(std::unique_ptr<coordination::Coordinator> coordinator);
  ~Client() { stop(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start();
  /// start(), and waits for the session and the first Snapshot.
  bool join();
  void stop() { coordinator_->stop(); }
  coordination::Coordinator& coordinator() { return *coordinator_; }

  coordination::TxnId submit(coordination::Txn txn);
  /// Submits and waits for the answer.
  coordination::TxnDone commit(coordination::Txn txn);
  /// Puts it unconditionally. True if committed.
  bool put(const std::string& key, const std::string& value, bool is_bound = false);

  /// Waits until it holds, at most 30 s.
  bool wait_until(const Condition& condition);
  bool wait_for_key(const std::string& key);
  bool wait_for_absence(const std::string& key);
  bool wait_for_revision(Revision revision);

  Record record();
  View view() { return record().view; }
  Revision revision() { return record().revision; }
  /// REQUIRES: it has come.
  coordination::TxnDone answer(coordination::TxnId id) { return record().done.at(id); }

 private:
  void take(const coordination::Event& event);
  void on(const coordination::TxnDone& done);
  void on(const coordination::Snapshot& snapshot);
  void on(const coordination::Changes& changes);
  void on(const coordination::SessionAlive& alive);
  void on(const coordination::SessionLost& lost);
  void on(const coordination::Trouble& trouble);
  void on(const coordination::Fatal& fatal);
  void breach(const std::string& what) { record_.breaches.push_back(what); }

  std::unique_ptr<coordination::Coordinator> coordinator_;
  coordination::TxnId last_id_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  Record record_;
  bool is_in_sink_ = false;
};

}  // namespace borg::coordinators::testing
