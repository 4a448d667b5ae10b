// SPDX-License-Identifier: Apache-2.0
#include "coordinators/memory.h"

#include <condition_variable>
#include <deque>
#include <thread>
#include <utility>

#include "base/check.h"

namespace borg::coordinators {

using coordination::Changes;
using coordination::Event;
using coordination::SessionId;
using coordination::Txn;
using coordination::TxnId;
using coordination::TxnResult;

SessionId MemoryStore::join(Listener listener) {
  const std::lock_guard lock(mutex_);
  const SessionId session = space_.begin_session();
  listener(coordination::SessionAlive{Instant::never()});
  listener(space_.snapshot());
  listeners_.emplace(session, std::move(listener));
  return session;
}

void MemoryStore::leave(SessionId session) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(session);
  publish(space_.end_session(session));
}

void MemoryStore::apply(SessionId session, TxnId id, const Txn& txn) {
  const std::lock_guard lock(mutex_);
  const TxnResult result = space_.apply(txn, session);
  publish(result.changes);
  const auto it = listeners_.find(session);
  if (it == listeners_.end()) return;
  it->second(coordination::TxnDone{id, result.outcome, result.revision});
}

void MemoryStore::publish(const Changes& changes) {
  if (changes.changes.empty()) return;
  for (const auto& [session, listener] : listeners_) listener(changes);
}

/// The events that one client has yet to be given.
class MemoryCoordinator::Mailbox {
 public:
  explicit Mailbox(Delivery delivery) : is_threaded_(delivery == Delivery::kThread) {}

  void open(Sink sink) {
    sink_ = std::move(sink);
    if (is_threaded_) thread_ = std::thread([this] { run(); });
  }
  void push(const Event& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    wake_.notify_one();
  }
  std::size_t deliver() {
    std::deque<Event> batch;
    {
      const std::lock_guard lock(mutex_);
      batch.swap(events_);
    }
    for (Event& event : batch) {
      if (is_closed()) break;
      sink_(std::move(event));
    }
    return batch.size();
  }
  void close() {
    {
      const std::lock_guard lock(mutex_);
      is_closed_ = true;
      wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  bool is_closed() {
    const std::lock_guard lock(mutex_);
    return is_closed_;
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return is_closed_ || !events_.empty(); });
    return !is_closed_;
  }
  void run() {
    while (wait()) deliver();
  }

  const bool is_threaded_;
  Sink sink_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Event> events_;
  bool is_closed_ = false;
};

MemoryCoordinator::MemoryCoordinator(std::shared_ptr<MemoryStore> store, Delivery delivery)
    : store_(std::move(store)), mailbox_(std::make_shared<Mailbox>(delivery)) {}

MemoryCoordinator::~MemoryCoordinator() { stop(); }

void MemoryCoordinator::start(Sink sink) {
  BORG_CHECK(session_ == SessionId());
  mailbox_->open(std::move(sink));
  session_ = store_->join([mailbox = mailbox_](const Event& event) { mailbox->push(event); });
}

void MemoryCoordinator::submit(TxnId id, Txn txn) {
  if (session_ != SessionId()) store_->apply(session_, id, txn);
}

void MemoryCoordinator::stop() {
  if (session_ != SessionId()) store_->leave(session_);
  session_ = SessionId();
  mailbox_->close();
}

std::size_t MemoryCoordinator::pump() { return mailbox_->deliver(); }

}  // namespace borg::coordinators
