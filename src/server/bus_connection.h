// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/byte_buffer.h"
#include "server/event_loop.h"
#include "server/socket.h"
#include "wire/messages.h"

namespace borg::server {

class BusConnection;

/// The thread whose link a connection carries.
class BusOwner {
 public:
  virtual ~BusOwner() = default;
  /// Called before anything else when the event loop gives control to a handler.
  virtual void enter() = 0;
  /// Takes the whole frames at the front of `input`; false: close the connection.
  virtual bool on_bus_data(BusConnection& connection, std::string_view input,
                           std::size_t& consumed) = 0;
  virtual void on_bus_writable(BusConnection& connection) = 0;
  /// The connection must live until the loop's turn is over.
  virtual void on_bus_closed(BusConnection& connection) = 0;
};

/// A connected bus socket, after the greeting.
///
/// Runs:  on the thread of its owner, which must outlive it.
/// Owns:  the socket and what arrived of an incomplete frame; output stays with the caller.
class BusConnection final : private EventLoop::Watcher {
 public:
  BusConnection(Socket socket, wire::Endpoint peer, EventLoop& loop, BusOwner& owner);
  ~BusConnection() override { close(); }
  BusConnection(const BusConnection&) = delete;
  BusConnection& operator=(const BusConnection&) = delete;

  void start();
  /// Sends from the front of `output` what the socket takes now; when it takes no more,
  /// on_bus_writable() follows once it does.
  void send(ByteBuffer& output);
  /// Closes without on_bus_closed().
  void close();
  [[nodiscard]] const wire::Endpoint& peer() const { return peer_; }

 private:
  void on_readable() override;
  void on_writable() override;
  void on_broken() override;
  void wait_to_write(bool wait);
  void fail();

  Socket socket_;
  const wire::Endpoint peer_;
  EventLoop& loop_;
  BusOwner& owner_;
  ByteBuffer input_;
  bool waiting_to_write_ = false;
  bool closed_ = false;
};

}  // namespace borg::server
