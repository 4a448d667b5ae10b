// SPDX-License-Identifier: Apache-2.0
#include "server/client_session.h"

#include <algorithm>

#include "base/memory_reserve.h"

namespace borg::server {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kReadBytesMax = 4 * 1024 * 1024;
/// Of what a request says that it will be, as much gets room before it is there.
constexpr std::size_t kTrustedBytesMax = 16 * 1024 * 1024;
/// More than a few packets is worth a system call in any case.
constexpr std::size_t kHeldBytesMax = 16 * 1024;
/// Of what a client sends while it waits: as Redis's client-query-buffer-limit.
constexpr std::size_t kWaitingBytesMax = std::size_t{1} << 30;
/// Of one request.
constexpr std::size_t kRequestBytesMax = std::size_t{4} << 30;
/// Buffers that one large request made keep their memory no longer than it lasts.
constexpr std::size_t kKeptBytesMax = 1024 * 1024;

}  // namespace

ClientSession::ClientSession(Socket socket, ClientPlaces::Place place, ConnectionId id,
                             EventLoop& loop, SessionOwner& owner)
    : socket_(std::move(socket)), place_(std::move(place)), id_(id), loop_(loop), owner_(owner) {
  socket_.prepare();
  socket_.probe_when_idle();
}

void ClientSession::start(node::Client& client) {
  client_ = &client;
  client_->descriptor = socket_.descriptor();
  interest_ = {.read = true};
  if (!loop_.watch(socket_, *this, interest_)) fail();
}

void ClientSession::want(EventLoop::Interest interest) {
  if (closed_ || interest == interest_) return;
  interest_ = interest;
  loop_.change(socket_, *this, interest);
}

void ClientSession::want_input() {
  // Nothing may be taken for a client that waits and has left. What it has sent before it left has
  // to be read, or its end is not seen.
  const bool waits = client_->waits();
  if (input_.size() > (waits ? kWaitingBytesMax : kRequestBytesMax)) return fail();
  const bool read = !client_->closing && (waits || owner_.wants_input(*this));
  want({.read = read, .write = interest_.write});
}

void ClientSession::on_readable() {
  owner_.enter();
  if (input_.empty()) {
    read_through();
  } else {
    read_on();
  }
}

void ClientSession::on_broken() {
  owner_.enter();
  fail();
}

/// Most requests are whole when they arrive: then nothing is kept here.
void ClientSession::read_through() {
  const std::span<char> room = owner_.read_room();
  const Socket::Outcome got = socket_.receive(room.data(), room.size());
  if (got.status == Socket::Status::kBroken) return fail();
  if (got.status == Socket::Status::kWouldBlock) return;
  ++client_->counts->reads;
  owner_.on_client_arrival(*this, {room.data(), got.bytes});
}

void ClientSession::execute(std::string_view bytes) {
  if (closed_) return;
  const std::size_t used = owner_.on_client_input(*this, bytes);
  if (closed_) return;
  if (used < bytes.size()) {
    if (refuse_for_memory()) return;
    const std::string_view rest = bytes.substr(used);
    // What must wait for memory gets its room when it may come.
    const std::size_t missing = std::min(client_->parser.bytes_wanted(), kTrustedBytesMax);
    input_.prepare(rest.size() + (owner_.wants_input(*this) ? missing : 0));
    input_.append(rest);
  }
  want_input();
}

/// For the request that has begun to arrive. With room for all of it at once its bytes are not
/// copied again and again while it grows.
void ClientSession::make_room() {
  const std::size_t missing = std::min(client_->parser.bytes_wanted(), kTrustedBytesMax);
  if (input_.writable() < missing) input_.prepare(std::max(missing, kReadBytes));
}

/// What the system has no memory for is refused before it comes, with all that executing it would
/// take. The rest of it cannot be told from the next request: the connection ends.
bool ClientSession::refuse_for_memory() {
  constexpr std::size_t kLargeBytes = 1024 * 1024;
  constexpr std::size_t kTimesTaken = 4;
  const std::size_t missing = client_->parser.bytes_wanted();
  if (missing < kLargeBytes || input_.writable() >= missing || client_->closing ||
      can_allocate(missing * kTimesTaken)) {
    return false;
  }
  client_->silenced = false;
  client_->answers = nullptr;
  client_->reply_now("-OOM the system refuses this node the memory for so large a request\r\n");
  client_->closing = true;
  owner_.on_client_writable(*this);
  want_input();
  return true;
}

void ClientSession::read_on() {
  if (refuse_for_memory()) return;
  make_room();
  const std::size_t room = std::min(input_.writable(), kReadBytesMax);
  const Socket::Outcome got = socket_.receive(input_.prepare(room), room);
  if (got.status == Socket::Status::kBroken) return fail();
  if (got.status == Socket::Status::kWouldBlock) return;
  ++client_->counts->reads;
  input_.commit(got.bytes);
  process_input();
}

void ClientSession::process_input() {
  if (closed_) return;
  if (!input_.empty()) {
    const std::size_t n = owner_.on_client_input(*this, input_.view());
    if (closed_) return;
    input_.consume(n);
    if (input_.empty()) input_.release();
  }
  want_input();
}

bool ClientSession::may_hold(Instant now) {
  const std::size_t bytes = client_->output.size();
  if (bytes == 0 || bytes > kHeldBytesMax || client_->nothing_pending() || client_->closing) {
    return false;
  }
  if (held_since_ == Instant::never()) held_since_ = now;
  return now - held_since_ < kHoldMax;
}

void ClientSession::flush(Instant now) {
  if (closed_) return;
  if (now >= client_->output_valid_until || client_->killed) {
    // Some read in there is no longer known to be the latest: say nothing rather than that.
    fail();
    return;
  }
  client_->output_valid_until = Instant::never();
  if (may_hold(now)) return owner_.on_client_held(*this);
  held_since_ = Instant::never();
  if (!interest_.write) send();
}

void ClientSession::on_writable() {
  owner_.enter();
  want({.read = interest_.read, .write = false});
  owner_.on_client_writable(*this);
}

void ClientSession::send() {
  ByteBuffer& output = client_->output;
  while (!output.empty()) {
    const Socket::Outcome sent = socket_.send(output.view());
    if (sent.status == Socket::Status::kBroken) return fail();
    if (sent.status == Socket::Status::kWouldBlock) {
      return want({.read = interest_.read, .write = true});
    }
    output.consume(sent.bytes);
    client_->counts->output_bytes += sent.bytes;
    ++client_->counts->writes;
  }
  output.clear(kKeptBytesMax);
  if (client_->closing && client_->nothing_pending()) fail();
}

void ClientSession::close() {
  if (closed_) return;
  closed_ = true;
  loop_.forget(socket_, *this);
  socket_.end();
}

void ClientSession::fail() {
  close();
  owner_.on_client_closed(*this);
}

}  // namespace borg::server
