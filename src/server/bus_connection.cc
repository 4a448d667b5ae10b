// SPDX-License-Identifier: Apache-2.0
#include "server/bus_connection.h"

#include <netinet/tcp.h>

#include <algorithm>

namespace borg::server {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kReadBytesMax = 4 * 1024 * 1024;
/// Buffers that one large frame made keep their memory no longer than it lasts.
constexpr std::size_t kKeptBytesMax = 8 * 1024 * 1024;
/// Sent bytes that nobody acknowledges for so long break the connection.
constexpr unsigned kUserTimeoutMs = 10'000;

}  // namespace

void prepare_bus_socket(tcp::socket& socket) {
  ErrorCode ec;
  socket.non_blocking(true, ec);
  socket.set_option(tcp::no_delay(true), ec);
  socket.set_option(asio::socket_base::keep_alive(true), ec);
  setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs,
             sizeof kUserTimeoutMs);
}

BusConnection::BusConnection(tcp::socket socket, wire::Endpoint peer, BusOwner& owner)
    : socket_(std::move(socket)), peer_(peer), owner_(owner) {}

void BusConnection::start() { read(); }

void BusConnection::read() {
  // More room while a large frame is arriving.
  const std::size_t room = std::clamp(input_.size(), kReadBytes, kReadBytesMax);
  char* at = input_.prepare(room);
  socket_.async_read_some(
      asio::buffer(at, room), [self = shared_from_this()](ErrorCode ec, std::size_t n) {
        if (self->closed_) return;
        self->owner_.enter();
        if (ec) {
          self->fail();
          return;
        }
        self->input_.commit(n);
        std::size_t consumed = 0;
        const bool ok = self->owner_.on_bus_data(*self, self->input_.view(), consumed);
        if (self->closed_) return;
        if (!ok) {
          self->fail();
          return;
        }
        self->input_.consume(consumed);
        if (self->input_.empty()) self->input_.clear(kKeptBytesMax);
        self->read();
      });
}

void BusConnection::send(ByteBuffer& output) {
  while (!output.empty() && !waiting_to_write_ && !closed_) {
    ErrorCode ec;
    const std::size_t n = socket_.write_some(asio::buffer(output.data(), output.size()), ec);
    if (ec == asio::error::would_block) {
      waiting_to_write_ = true;
      socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](ErrorCode) {
        self->waiting_to_write_ = false;
        if (self->closed_) return;
        self->owner_.enter();
        self->owner_.on_bus_writable(*self);
      });
      return;
    }
    if (ec) return;  // the pending read reports it
    output.consume(n);
  }
  if (output.empty()) output.clear(kKeptBytesMax);
}

void BusConnection::close() {
  if (closed_) return;
  closed_ = true;
  ErrorCode ec;
  socket_.close(ec);
}

void BusConnection::fail() {
  close();
  owner_.on_bus_closed(*this);
}

}  // namespace borg::server
