// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "node/client.h"
#include "server/client_places.h"
#include "server/event_loop.h"
#include "server/socket.h"

namespace borg::server {

class ClientSession;

/// The worker that a client's connection belongs to.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  /// Called before anything else when the event loop gives control to a handler.
  virtual void enter() = 0;
  /// Room to read into: of all sessions of a thread together, so that an idle one needs none.
  virtual std::span<char> read_room() = 0;
  /// Of that room this much was used. Gives it to execute(), at once or later in this turn.
  virtual void on_client_arrival(ClientSession& session, std::string_view bytes) = 0;
  /// Executes requests at the front of `input`, returns how many bytes they took.
  virtual std::size_t on_client_input(ClientSession& session, std::string_view input) = 0;
  virtual bool wants_input(const ClientSession& session) = 0;
  virtual void on_client_writable(ClientSession& session) = 0;
  /// Some replies wait for others that are about to come: to be flushed again at the end of the
  /// next turn, and within about kHoldMax.
  virtual void on_client_held(ClientSession& session) = 0;
  /// The connection is closed. The session must live until the loop's turn is over.
  virtual void on_client_closed(ClientSession& session) = 0;
};

/// The socket of one client.
///
/// Runs: on its worker's thread.
/// Owns: the socket and the input that is not executed yet. Borrows the node::Client.
class ClientSession final : private EventLoop::Watcher {
 public:
  ClientSession(Socket socket, ClientPlaces::Place place, ConnectionId id, EventLoop& loop,
                SessionOwner& owner);
  ~ClientSession() override { close(); }
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  void start(node::Client& client);
  /// Executes what has arrived in the owner's room, and keeps what is left of it.
  void execute(std::string_view bytes);
  /// Executes what was kept, then reads on if the client may send more.
  void process_input();
  /// Sends what the socket takes now; closes when all is sent and the client is done. Of a pipeline
  /// whose other replies are still to come it waits with the first of them for kHoldMax at most:
  /// commands of other workers and nodes are answered together, a little later.
  void flush(Instant now);
  static constexpr Duration kHoldMax = Duration::millis(1);
  void close();
  [[nodiscard]] node::Client* client() const { return client_; }
  [[nodiscard]] ConnectionId id() const { return id_; }

 private:
  void on_readable() override;
  void on_writable() override;
  void on_broken() override;

  void read_through();
  void read_on();
  void make_room();
  [[nodiscard]] bool refuse_for_memory();
  void want(EventLoop::Interest interest);
  void want_input();
  [[nodiscard]] bool may_hold(Instant now);
  void send();
  void fail();

  Socket socket_;
  const ClientPlaces::Place place_;
  const ConnectionId id_;
  EventLoop& loop_;
  SessionOwner& owner_;
  node::Client* client_ = nullptr;
  ByteBuffer input_;
  EventLoop::Interest interest_;
  Instant held_since_ = Instant::never();
  bool closed_ = false;
};

}  // namespace borg::server
