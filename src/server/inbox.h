// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "server/event_loop.h"

namespace borg::server {

/// Messages of other threads to one that runs an event loop.
///
/// Runs:      post() on any thread, the rest on the loop's.
/// Invariant: a thread that sleeps is woken by the first message; one that is awake costs its
///            senders no system call.
template <typename Message>
class Inbox final : private EventLoop::Watcher {
 public:
  explicit Inbox(EventLoop& loop) : loop_(loop), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    BORG_CHECK(wake_.descriptor() >= 0);
    BORG_CHECK(loop_.watch(wake_, *this, {.read = true}));
  }
  ~Inbox() override { loop_.forget(wake_, *this); }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  void post(Message message) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
      wake = std::exchange(is_asleep_, false);
    }
    if (wake) eventfd_write(wake_.descriptor(), 1);
  }
  /// The loop is about to wait. False: it must not, there are messages.
  [[nodiscard]] bool fall_asleep() {
    const std::lock_guard lock(mutex_);
    is_asleep_ = messages_.empty();
    return is_asleep_;
  }
  /// All that there are, in the order of each sender. `out` must be empty: its memory is reused.
  void take(std::vector<Message>& out) {
    BORG_CHECK(out.empty());
    const std::lock_guard lock(mutex_);
    is_asleep_ = false;
    out.swap(messages_);
  }

 private:
  void on_readable() override {
    eventfd_t ignored = 0;
    eventfd_read(wake_.descriptor(), &ignored);
  }
  void on_writable() override {}
  void on_broken() override {}

  EventLoop& loop_;
  const Socket wake_;
  std::mutex mutex_;
  std::vector<Message> messages_;
  bool is_asleep_ = false;
};

}  // namespace borg::server
