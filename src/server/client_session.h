// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/byte_buffer.h"
#include "node/client.h"
#include "server/asio.h"

namespace borg::server {

class ClientSession;

/// The worker that a client's connection belongs to.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  /// Called before anything else when the event loop gives control to a handler.
  virtual void enter() = 0;
  /// Executes requests at the front of `input`, returns how many bytes they took.
  virtual std::size_t on_client_input(ClientSession& session, std::string_view input) = 0;
  virtual bool wants_input(const ClientSession& session) = 0;
  virtual void on_client_writable(ClientSession& session) = 0;
  /// The connection is closed; the session ends when this returns.
  virtual void on_client_closed(ClientSession& session) = 0;
};

/// The socket of one client.
///
/// Runs: on its worker's thread.
/// Owns: the socket and the input that is not executed yet. Borrows the node::Client.
class ClientSession : public std::enable_shared_from_this<ClientSession> {
 public:
  ClientSession(tcp::socket socket, ConnectionId id, SessionOwner& owner);
  void start(node::Client& client);
  /// Executes what has arrived, then reads on if the client may send more.
  void process_input();
  /// Sends what the socket takes now; closes when all is sent and the client is done.
  void flush(Instant now);
  void close();
  [[nodiscard]] node::Client* client() const { return client_; }
  [[nodiscard]] ConnectionId id() const { return id_; }
  [[nodiscard]] std::string remote() const;
  [[nodiscard]] std::string local() const;

 private:
  void read();
  void send();
  void fail();

  tcp::socket socket_;
  const ConnectionId id_;
  SessionOwner& owner_;
  node::Client* client_ = nullptr;
  ByteBuffer input_;
  bool reading_ = false;
  bool waiting_to_write_ = false;
  bool closed_ = false;
};

}  // namespace borg::server
