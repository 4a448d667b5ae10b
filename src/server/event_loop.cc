// SPDX-License-Identifier: Apache-2.0
#include "server/event_loop.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace borg::server {
namespace {

std::uint32_t events_of(EventLoop::Interest interest) {
  std::uint32_t events = 0;
  if (interest.read) events |= EPOLLIN;
  if (interest.write) events |= EPOLLOUT;
  return events;
}

/// Never earlier than asked for: it would be in vain.
int rounded_up_to_millis(Duration d) {
  constexpr std::int64_t kNanos = 1'000'000;
  const std::int64_t millis = d.as_nanos() / kNanos + (d.as_nanos() % kNanos > 0 ? 1 : 0);
  return static_cast<int>(std::clamp<std::int64_t>(millis, 0, std::numeric_limits<int>::max() / 2));
}

}  // namespace

EventLoop::EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  BORG_CHECK(epoll_.descriptor() >= 0);
}

bool EventLoop::control(int operation, const Socket& socket, Watcher& watcher, Interest interest) {
  epoll_event event{};
  event.events = events_of(interest);
  event.data.ptr = &watcher;
  return epoll_ctl(epoll_.descriptor(), operation, socket.descriptor(), &event) == 0;
}

bool EventLoop::watch(const Socket& socket, Watcher& watcher, Interest interest) {
  return control(EPOLL_CTL_ADD, socket, watcher, interest);
}

void EventLoop::change(const Socket& socket, Watcher& watcher, Interest interest) {
  BORG_CHECK(control(EPOLL_CTL_MOD, socket, watcher, interest));
}

void EventLoop::forget(const Socket& socket, const Watcher& watcher) {
  epoll_ctl(epoll_.descriptor(), EPOLL_CTL_DEL, socket.descriptor(), nullptr);
  for (std::size_t i = next_; i < count_; ++i) {
    if (events_[i].data.ptr == &watcher) events_[i].events = 0;
  }
  if (told_ == &watcher) told_ = nullptr;
}

void EventLoop::wait(Duration at_most) {
  const int n = epoll_wait(epoll_.descriptor(), events_.data(), static_cast<int>(kEventsMax),
                           rounded_up_to_millis(at_most));
  count_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  next_ = 0;
}

void EventLoop::tell() {
  while (next_ < count_) {
    // A copy and past it: while it is told it may be forgotten.
    const epoll_event event = events_[next_];
    ++next_;
    if (event.events != 0) tell_one(event);
  }
  count_ = next_ = 0;
}

void EventLoop::tell_one(const epoll_event& event) {
  told_ = static_cast<Watcher*>(event.data.ptr);
  const bool is_broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool is_writable = (event.events & EPOLLOUT) != 0;
  if ((event.events & EPOLLIN) != 0) told_->on_readable();
  if (told_ == nullptr) return;
  if (is_writable) {
    told_->on_writable();
  } else if (is_broken && (event.events & EPOLLIN) == 0) {
    told_->on_broken();
  }
}

}  // namespace borg::server
