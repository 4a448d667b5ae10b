// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/byte_buffer.h"
#include "server/asio.h"
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
  virtual void on_bus_closed(BusConnection& connection) = 0;
};

/// A connected bus socket, after the greeting.
///
/// Runs:  on the thread of its owner, which must outlive it.
/// Owns:  the socket and what arrived of an incomplete frame; output stays with the caller.
class BusConnection : public std::enable_shared_from_this<BusConnection> {
 public:
  BusConnection(tcp::socket socket, wire::Endpoint peer, BusOwner& owner);
  void start();
  /// Sends from the front of `output` what the socket takes now; when it takes no more,
  /// on_bus_writable() follows once it does.
  void send(ByteBuffer& output);
  /// Closes without on_bus_closed().
  void close();
  [[nodiscard]] const wire::Endpoint& peer() const { return peer_; }

 private:
  void read();
  void fail();

  tcp::socket socket_;
  const wire::Endpoint peer_;
  BusOwner& owner_;
  ByteBuffer input_;
  bool waiting_to_write_ = false;
  bool closed_ = false;
};

/// Options for every bus socket.
void prepare_bus_socket(tcp::socket& socket);

}  // namespace borg::server
