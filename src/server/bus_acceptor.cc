// SPDX-License-Identifier: Apache-2.0
#include "server/bus_acceptor.h"

#include <chrono>

#include "base/address.h"
#include "base/byte_buffer.h"

namespace borg::server {
namespace {

/// Of saying hello, or of a probe and what it asks for.
constexpr std::chrono::seconds kHelloTimeout{2};

std::string other_version(std::uint16_t version) {
  return "it speaks version " + std::to_string(version) + " of the bus protocol, not " +
         std::to_string(wire::kProtocolVersion);
}

}  // namespace

/// A connection that has not said who it is.
struct BusAcceptor::Guest {
  explicit Guest(tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {
    ErrorCode ec;
    const auto remote = socket.remote_endpoint(ec);
    address = ec ? "?" : host_port_text(remote.address().to_string(), remote.port());
  }
  tcp::socket socket;
  asio::steady_timer timer;
  ByteBuffer buffer;
  std::string address;
};

BusAcceptor::BusAcceptor(tcp::acceptor acceptor, std::string cluster, NodeId self,
                         std::uint16_t workers, AddressProber& prober, OnAccepted on_accepted,
                         OnRefused on_refused)
    : acceptor_(std::move(acceptor)),
      cluster_(std::move(cluster)),
      self_(self),
      workers_(workers),
      prober_(prober),
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
  wire::Probe probe;
  const bool is_whole = status == wire::FrameStatus::kFrame;
  if (is_whole && frame.type == wire::FrameType::kHello && wire::decode(frame.payload, hello)) {
    on_hello(guest, hello);
  } else if (is_whole && frame.type == wire::FrameType::kProbe &&
             wire::decode(frame.payload, probe)) {
    on_probe(guest, probe);
  } else {
    refuse(guest, "it does not speak the bus protocol");
  }
}

/// A node of any cluster is told who is here; one of ours may want to be dialled.
void BusAcceptor::on_probe(const std::shared_ptr<Guest>& guest, const wire::Probe& probe) {
  if (probe.version != wire::kProtocolVersion) return refuse(guest, other_version(probe.version));
  if (probe.cluster != cluster_ || probe.host.empty()) return answer_probe(guest, {});
  const HostPort back{std::string(probe.host), probe.bus_port};
  prober_.probe(back, probe.from, std::nullopt,
                [this, guest](const AddressProber::Finding& found) { answer_probe(guest, found); });
}

void BusAcceptor::answer_probe(const std::shared_ptr<Guest>& guest,
                               const AddressProber::Finding& found) {
  guest->buffer.clear();
  wire::encode(
      guest->buffer,
      wire::ProbeAnswer{
          .cluster = cluster_, .node = self_, .found = found.found, .detail = found.detail});
  asio::async_write(guest->socket, asio::buffer(guest->buffer.data(), guest->buffer.size()),
                    [guest](ErrorCode, std::size_t) { guest->timer.cancel(); });
}

void BusAcceptor::on_hello(const std::shared_ptr<Guest>& guest, const wire::Hello& hello) {
  const std::string reason = objection(hello);
  if (reason.empty())
    welcome(guest, hello);
  else
    refuse(guest, reason);
}

std::string BusAcceptor::objection(const wire::Hello& hello) const {
  if (hello.version != wire::kProtocolVersion) return other_version(hello.version);
  if (hello.cluster != cluster_) {
    return "it belongs to cluster '" + std::string(hello.cluster.substr(0, 64)) + "', not '" +
           cluster_ + "'";
  }
  if (hello.from.node == self_) return "it is this node itself: the address of another leads here";
  if (hello.to.node != self_) return "it looks for a node that was here before";
  const bool control = hello.to.lane == wire::Endpoint::kControlLane;
  if (!control && hello.to.lane >= workers_) return "it asks for a worker that does not exist";
  if (control != (hello.from.lane == wire::Endpoint::kControlLane)) return "it is confused";
  if (hello.from.node == NodeId()) return "it is confused";
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
