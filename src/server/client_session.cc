// SPDX-License-Identifier: Apache-2.0
#include "server/client_session.h"

#include <algorithm>
#include <limits>

namespace borg::server {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kReadBytesMax = 4 * 1024 * 1024;
/// Buffers that one large request made keep their memory no longer than it lasts.
constexpr std::size_t kKeptBytesMax = 1024 * 1024;

std::string text_of(const tcp::endpoint& endpoint) {
  const bool is_v6 = endpoint.address().is_v6();
  const std::string host = endpoint.address().to_string();
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace

ClientSession::ClientSession(tcp::socket socket, ConnectionId id, SessionOwner& owner)
    : socket_(std::move(socket)), id_(id), owner_(owner) {}

std::string ClientSession::remote() const {
  ErrorCode ec;
  const auto endpoint = socket_.remote_endpoint(ec);
  return ec ? "?" : text_of(endpoint);
}

std::string ClientSession::local() const {
  ErrorCode ec;
  const auto endpoint = socket_.local_endpoint(ec);
  return ec ? "?" : text_of(endpoint);
}

void ClientSession::start(node::Client& client) {
  client_ = &client;
  ErrorCode ec;
  socket_.non_blocking(true, ec);
  socket_.set_option(tcp::no_delay(true), ec);
  read();
}

void ClientSession::read() {
  if (reading_ || closed_) return;
  reading_ = true;
  // More room while a large request is arriving: its bytes are then copied at most twice.
  const std::size_t room = std::clamp(input_.size(), kReadBytes, kReadBytesMax);
  char* at = input_.prepare(room);
  socket_.async_read_some(asio::buffer(at, room),
                          [self = shared_from_this()](ErrorCode ec, std::size_t n) {
                            self->reading_ = false;
                            if (self->closed_) return;
                            self->owner_.enter();
                            if (ec) {
                              self->fail();
                              return;
                            }
                            self->input_.commit(n);
                            self->process_input();
                          });
}

void ClientSession::process_input() {
  if (closed_) return;
  if (!input_.empty()) {
    const std::size_t n = owner_.on_client_input(*this, input_.view());
    input_.consume(n);
    if (input_.empty() && input_.capacity() > kKeptBytesMax) input_.release();
  }
  if (!client_->closing && owner_.wants_input(*this)) read();
}

void ClientSession::flush(Instant now) {
  if (closed_) return;
  if (now >= client_->output_valid_until) {
    // Some read in there is no longer known to be the latest: say nothing rather than that.
    fail();
    return;
  }
  client_->output_valid_until = Instant::never();
  send();
}

void ClientSession::send() {
  ByteBuffer& output = client_->output;
  while (!output.empty() && !waiting_to_write_) {
    ErrorCode ec;
    const std::size_t n = socket_.write_some(asio::buffer(output.data(), output.size()), ec);
    if (ec == asio::error::would_block) {
      waiting_to_write_ = true;
      socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](ErrorCode) {
        self->waiting_to_write_ = false;
        if (self->closed_) return;
        self->owner_.enter();
        self->owner_.on_client_writable(*self);
      });
      return;
    }
    if (ec) {
      fail();
      return;
    }
    output.consume(n);
  }
  if (!output.empty()) return;
  if (output.capacity() > kKeptBytesMax) output.release();
  if (client_->closing && client_->nothing_pending()) fail();
}

void ClientSession::close() {
  if (closed_) return;
  closed_ = true;
  ErrorCode ec;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  socket_.close(ec);
}

void ClientSession::fail() {
  const auto self = shared_from_this();
  close();
  owner_.on_client_closed(*this);
}

}  // namespace borg::server
