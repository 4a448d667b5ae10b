// SPDX-License-Identifier: Apache-2.0
#include "server/bus_acceptor.h"

#include <chrono>

#include "base/byte_buffer.h"

namespace borg::server {
namespace {

constexpr std::chrono::seconds kHelloTimeout{2};

}  // namespace

/// A connection that has not said who it is.
struct BusAcceptor::Guest {
  explicit Guest(tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {
    ErrorCode ec;
    const auto remote = socket.remote_endpoint(ec);
    address = ec ? "?" : remote.address().to_string() + ":" + std::to_string(remote.port());
  }
  tcp::socket socket;
  asio::steady_timer timer;
  ByteBuffer buffer;
  std::string address;
};

BusAcceptor::BusAcceptor(tcp::acceptor acceptor, std::string cluster, NodeId self,
                         std::uint16_t workers, OnAccepted on_accepted, OnRefused on_refused)
    : acceptor_(std::move(acceptor)),
      cluster_(std::move(cluster)),
      self_(self),
      workers_(workers),
      on_accepted_(std::move(on_accepted)),
      on_refused_(std::move(on_refused)),
      retry_(acceptor_.get_executor()) {}

void BusAcceptor::start() {
  acceptor_.async_accept([this](ErrorCode ec, tcp::socket socket) {
    if (ec == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (ec) {  // out of descriptors: some will be closed
      retry_.expires_after(std::chrono::milliseconds(100));
      retry_.async_wait([this](ErrorCode timer_ec) {
        if (!timer_ec) start();
      });
      return;
    }
    const auto guest = std::make_shared<Guest>(std::move(socket));
    guest->timer.expires_after(kHelloTimeout);
    guest->timer.async_wait([guest](ErrorCode timer_ec) {
      ErrorCode ignored;
      if (!timer_ec) guest->socket.close(ignored);
    });
    read_hello(guest);
    start();
  });
}

void BusAcceptor::stop() {
  ErrorCode ec;
  acceptor_.close(ec);
  retry_.cancel();
}

/// Exactly the greeting's bytes are read: what follows belongs to the link.
void BusAcceptor::read_hello(const std::shared_ptr<Guest>& guest) {
  wire::Frame frame{};
  std::size_t wanted = 0;
  const auto status = wire::read_frame(guest->buffer.view(), wire::kHelloBytesMax, frame, wanted);
  if (status == wire::FrameStatus::kNeedMore) {
    const std::size_t missing = wanted - guest->buffer.size();
    asio::async_read(guest->socket, asio::buffer(guest->buffer.prepare(missing), missing),
                     [this, guest](ErrorCode ec, std::size_t n) {
                       if (ec) {
                         guest->timer.cancel();
                         return;  // it left, or said nothing for too long
                       }
                       guest->buffer.commit(n);
                       read_hello(guest);
                     });
    return;
  }
  wire::Hello hello;
  if (status != wire::FrameStatus::kFrame || frame.type != wire::FrameType::kHello ||
      !wire::decode(frame.payload, hello)) {
    refuse(guest, "it does not speak the bus protocol");
    return;
  }
  const std::string reason = objection(hello);
  if (reason.empty())
    welcome(guest, hello);
  else
    refuse(guest, reason);
}

std::string BusAcceptor::objection(const wire::Hello& hello) const {
  if (hello.version != wire::kProtocolVersion) {
    return "it speaks version " + std::to_string(hello.version) + " of the bus protocol, not " +
           std::to_string(wire::kProtocolVersion);
  }
  if (hello.cluster != cluster_) {
    return "it belongs to cluster '" + std::string(hello.cluster.substr(0, 64)) + "', not '" +
           cluster_ + "'";
  }
  if (hello.to.node != self_) return "it looks for a node that was here before";
  const bool control = hello.to.lane == wire::Endpoint::kControlLane;
  if (!control && hello.to.lane >= workers_) return "it asks for a worker that does not exist";
  if (control != (hello.from.lane == wire::Endpoint::kControlLane)) return "it is confused";
  if (hello.from.node == self_ || hello.from.node == NodeId()) return "it is confused";
  return {};
}

void BusAcceptor::refuse(const std::shared_ptr<Guest>& guest, const std::string& reason) {
  on_refused_("refused a bus connection from " + guest->address + ": " + reason);
  guest->buffer.clear();
  wire::encode(guest->buffer, wire::Refusal{.reason = reason});
  asio::async_write(guest->socket, asio::buffer(guest->buffer.data(), guest->buffer.size()),
                    [guest](ErrorCode, std::size_t) { guest->timer.cancel(); });
}

void BusAcceptor::welcome(const std::shared_ptr<Guest>& guest, const wire::Hello& hello) {
  const wire::Endpoint from = hello.from;
  const wire::Endpoint to = hello.to;
  guest->buffer.clear();
  wire::encode(guest->buffer, wire::Welcome{});
  asio::async_write(guest->socket, asio::buffer(guest->buffer.data(), guest->buffer.size()),
                    [this, guest, from, to](ErrorCode ec, std::size_t) {
                      guest->timer.cancel();
                      if (ec) return;
                      on_accepted_(std::move(guest->socket),
                                   wire::Hello{.cluster = cluster_, .from = from, .to = to});
                    });
}

}  // namespace borg::server
