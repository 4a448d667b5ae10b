// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace borg::sim {

/// Virtual time, and what happens when. Nothing else makes time pass.
///
/// Invariant: of two events at one moment the one that was added first happens first.
class EventQueue {
 public:
  using Action = std::function<void()>;

  [[nodiscard]] Duration now() const { return now_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }

  void after(Duration delay, Action action) {
    heap_.push_back({now_ + std::max(delay, Duration()), next_++, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end(), is_later);
  }

  /// The next event, if there is one before `end`; else time goes on to `end`: false.
  bool run_one(Duration end) {
    if (heap_.empty() || heap_.front().at >= end) {
      now_ = std::max(now_, end);
      return false;
    }
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Event event = std::move(heap_.back());
    heap_.pop_back();
    now_ = event.at;
    ++events_;
    event.action();
    return true;
  }

 private:
  struct Event {
    Duration at;
    std::uint64_t order = 0;
    Action action;
  };
  static bool is_later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  Duration now_;
  std::uint64_t next_ = 0;
  std::uint64_t events_ = 0;
  std::vector<Event> heap_;
};

}  // namespace borg::sim
