// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>

#include "base/time.h"
#include "server/socket.h"

namespace borg::server {

/// Tells of sockets that are ready, with one system call for all of them.
///
/// Level-triggered and without a queue of operations of its own: to read what a ready socket has
/// costs one call, where a general reactor first tries a read that finds nothing.
/// Runs:      on one thread.
/// Invariant: nobody is told anything after forget().
class EventLoop {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    /// There is something to read, or the connection is broken: a read says which.
    virtual void on_readable() = 0;
    virtual void on_writable() = 0;
    /// Broken, and neither of the two was asked for.
    virtual void on_broken() = 0;
  };
  struct Interest {
    bool read = false;
    bool write = false;
    bool operator==(const Interest&) const = default;
  };

  EventLoop();
  /// The watcher must outlive the watch. False if the system has no room for it.
  [[nodiscard]] bool watch(const Socket& socket, Watcher& watcher, Interest interest);
  void change(const Socket& socket, Watcher& watcher, Interest interest);
  void forget(const Socket& socket, const Watcher& watcher);
  /// Waits until something is ready, or for this time.
  void wait(Duration at_most);
  /// Tells of what wait() has found.
  void tell();
  /// Readable when somebody has to be told: for use within another loop.
  [[nodiscard]] int descriptor() const { return epoll_.descriptor(); }

 private:
  [[nodiscard]] bool control(int operation, const Socket& socket, Watcher& watcher,
                             Interest interest);
  void tell_one(const epoll_event& event);

  static constexpr std::size_t kEventsMax = 256;
  Socket epoll_;
  std::array<epoll_event, kEventsMax> events_{};
  std::size_t count_ = 0;  // of events_ being told
  std::size_t next_ = 0;
  Watcher* told_ = nullptr;
};

}  // namespace borg::server
