// SPDX-License-Identifier: Apache-2.0
#include "server/bus_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace borg::server {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kReadBytesMax = 4 * 1024 * 1024;
/// Buffers that one large frame made keep their memory no longer than it lasts.
constexpr std::size_t kKeptBytesMax = 8 * 1024 * 1024;
/// Sent bytes that nobody acknowledges for so long break the connection.
constexpr unsigned kUserTimeoutMs = 10'000;

void set_options(const Socket& socket) {
  constexpr int kOn = 1;
  const int descriptor = socket.descriptor();
  socket.prepare();
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof kUserTimeoutMs);
}

}  // namespace

BusConnection::BusConnection(Socket socket, wire::Endpoint peer, EventLoop& loop, BusOwner& owner)
    : socket_(std::move(socket)), peer_(peer), loop_(loop), owner_(owner) {
  set_options(socket_);
}

void BusConnection::start() {
  if (!loop_.watch(socket_, *this, {.read = true})) fail();
}

void BusConnection::on_readable() {
  owner_.enter();
  // More room while a large frame is arriving.
  const std::size_t room = std::clamp(input_.size(), kReadBytes, kReadBytesMax);
  const Socket::Outcome got = socket_.receive(input_.prepare(room), room);
  if (got.status == Socket::Status::kBroken) return fail();
  if (got.status == Socket::Status::kWouldBlock) return;
  input_.commit(got.bytes);
  std::size_t consumed = 0;
  const bool ok = owner_.on_bus_data(*this, input_.view(), consumed);
  if (closed_) return;
  if (!ok) return fail();
  input_.consume(consumed);
  if (input_.empty()) input_.clear(kKeptBytesMax);
}

void BusConnection::on_writable() {
  owner_.enter();
  wait_to_write(false);
  owner_.on_bus_writable(*this);
}

void BusConnection::on_broken() {
  owner_.enter();
  fail();
}

void BusConnection::wait_to_write(bool wait) {
  waiting_to_write_ = wait;
  loop_.change(socket_, *this, {.read = true, .write = wait});
}

void BusConnection::send(ByteBuffer& output) {
  while (!output.empty() && !waiting_to_write_ && !closed_) {
    const Socket::Outcome sent = socket_.send(output.view());
    if (sent.status == Socket::Status::kBroken) return;  // to read will report it
    if (sent.status == Socket::Status::kWouldBlock) return wait_to_write(true);
    output.consume(sent.bytes);
  }
  if (output.empty()) output.clear(kKeptBytesMax);
}

void BusConnection::close() {
  if (closed_) return;
  closed_ = true;
  loop_.forget(socket_, *this);
  socket_.close();
}

void BusConnection::fail() {
  close();
  owner_.on_bus_closed(*this);
}

}  // namespace borg::server
