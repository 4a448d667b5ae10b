// SPDX-License-Identifier: Apache-2.0
#include "server/address_prober.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/byte_buffer.h"
#include "server/host_dialer.h"

namespace borg::server {
namespace {

using wire::Found;

constexpr std::chrono::milliseconds kConnectTimeout{800};
constexpr std::chrono::milliseconds kAnswerTimeout{1000};
/// Who is asked to dial back needs time for that, too.
constexpr std::chrono::milliseconds kAnswerTimeoutWithBack{2500};

}  // namespace

struct AddressProber::Probing {
  Probing(asio::io_context& context, NodeId node, std::optional<HostPort> b)
      : expected(node), back(std::move(b)), dialer(context), socket(context), timer(context) {}
  const NodeId expected;
  const std::optional<HostPort> back;
  HostDialer dialer;
  tcp::socket socket;
  asio::steady_timer timer;
  ByteBuffer buffer;
  std::function<void(Finding)> done;
};

AddressProber::AddressProber(asio::io_context& context, std::string cluster, NodeId self)
    : context_(context), cluster_(std::move(cluster)), self_(self) {}

AddressProber::~AddressProber() { stop(); }

void AddressProber::stop() {
  for (const auto& probing : std::exchange(under_way_, {})) {
    ErrorCode ignored;
    probing->done = nullptr;
    probing->dialer.cancel();
    probing->timer.cancel();
    probing->socket.close(ignored);
  }
}

void AddressProber::probe(const HostPort& to, NodeId expected, std::optional<HostPort> back,
                          std::function<void(Finding)> done) {
  const auto timeout = back ? kAnswerTimeoutWithBack : kAnswerTimeout;
  const auto probing = std::make_shared<Probing>(context_, expected, std::move(back));
  probing->done = std::move(done);
  under_way_.push_back(probing);
  probing->timer.expires_after(timeout);
  probing->timer.async_wait([this, probing](ErrorCode ec) {
    if (!ec && probing->done) end(probing, {.found = Found::kSilence});
  });
  probing->dialer.dial(to, 0, kConnectTimeout, [this, probing](ErrorCode ec, tcp::socket socket) {
    if (!probing->done) return;
    if (ec) return end(probing, {.found = Found::kNobody, .detail = ec.message()});
    probing->socket = std::move(socket);
    wire::Probe probe{.cluster = cluster_, .from = self_};
    if (probing->back) {
      probe.host = probing->back->host;
      probe.bus_port = probing->back->port;
    }
    wire::encode(probing->buffer, probe);
    asio::async_write(probing->socket, asio::buffer(probing->buffer.data(), probing->buffer.size()),
                      [this, probing](ErrorCode write_ec, std::size_t) {
                        if (!probing->done) return;
                        probing->buffer.clear();
                        if (write_ec) return end(probing, {.found = Found::kSilence});
                        read_answer(probing);
                      });
  });
}

void AddressProber::read_answer(const std::shared_ptr<Probing>& probing) {
  wire::Frame frame{};
  std::size_t wanted = 0;
  const auto status = wire::read_frame(probing->buffer.view(), wire::kHelloBytesMax, frame, wanted);
  if (status == wire::FrameStatus::kNeedMore) {
    const std::size_t missing = wanted - probing->buffer.size();
    asio::async_read(probing->socket, asio::buffer(probing->buffer.prepare(missing), missing),
                     [this, probing](ErrorCode ec, std::size_t n) {
                       if (!probing->done) return;
                       if (ec) return end(probing, {.found = Found::kSilence});
                       probing->buffer.commit(n);
                       read_answer(probing);
                     });
    return;
  }
  wire::ProbeAnswer answer;
  Finding finding{.found = Found::kSilence};
  if (status == wire::FrameStatus::kFrame && frame.type == wire::FrameType::kProbeAnswer &&
      wire::decode(frame.payload, answer)) {
    finding = {.found = Found::kNode,
               .found_back = answer.found,
               .detail_back = std::string(answer.detail)};
    if (answer.cluster != cluster_) {
      finding = {.found = Found::kStranger, .detail = std::string(answer.cluster)};
    } else if (answer.node != probing->expected) {
      finding = {.found = answer.node == self_ ? Found::kItself : Found::kOtherNode};
    }
  }
  end(probing, std::move(finding));
}

void AddressProber::end(const std::shared_ptr<Probing>& probing, Finding finding) {
  std::erase(under_way_, probing);
  const auto done = std::exchange(probing->done, nullptr);
  ErrorCode ignored;
  probing->timer.cancel();
  probing->dialer.cancel();
  probing->socket.close(ignored);
  done(std::move(finding));
}

void AddressProber::probe_all(const std::vector<coordination::Member>& members,
                              const coordination::Member& self,
                              std::function<void(std::vector<node::AddressFinding>)> done) {
  struct Round {
    std::vector<node::AddressFinding> findings;
    std::size_t missing = 0;
    std::function<void(std::vector<node::AddressFinding>)> done;
  };
  const auto round = std::make_shared<Round>();
  round->missing = members.size() + 1;
  round->done = std::move(done);
  const HostPort own{self.host, self.bus_port};
  const auto add = [round](NodeId node, Finding finding) {
    round->findings.push_back({.node = node,
                               .found = finding.found,
                               .detail = std::move(finding.detail),
                               .found_back = finding.found_back,
                               .detail_back = std::move(finding.detail_back)});
    if (--round->missing == 0) round->done(std::move(round->findings));
  };
  for (const coordination::Member& member : members) {
    probe({member.host, member.bus_port}, member.id, own,
          [add, id = member.id](Finding finding) { add(id, std::move(finding)); });
  }
  probe(own, self_, std::nullopt, [add, id = self_](Finding finding) { add(id, finding); });
}

}  // namespace borg::server
