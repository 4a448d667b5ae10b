// SPDX-License-Identifier: Apache-2.0
#include "server/dialer.h"

#include <algorithm>
#include <chrono>

#include "base/byte_buffer.h"
#include "server/host_dialer.h"

namespace borg::server {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{20};
constexpr std::chrono::milliseconds kRetryMax{250};
/// Of connecting and greeting together. Behind a way that was cut it is better to begin anew than
/// to wait for the system, which tries again later and later.
constexpr std::chrono::milliseconds kDialTimeout{1000};

}  // namespace

/// One peer that is wanted: being dialled, waiting for the next try, or connected.
struct Dialer::Attempt {
  Attempt(asio::io_context& context, Wanted w)
      : wanted(std::move(w)), dialer(context), socket(context), timer(context) {}
  void stop() {
    ErrorCode ignored;
    dialer.cancel();
    socket.close(ignored);
    timer.cancel();
  }
  Wanted wanted;
  HostDialer dialer;
  tcp::socket socket;
  asio::steady_timer timer;
  ByteBuffer buffer;
  std::chrono::milliseconds wait = kFirstRetry;
  std::uint64_t round = 0;
  std::size_t tries = 0;  ///< of a name's addresses one each time
  bool connected = false;
  std::string last_refusal;
};

Dialer::Dialer(asio::io_context& context, std::string cluster, wire::Endpoint self,
               OnConnected on_connected, OnRefused on_refused)
    : context_(context),
      cluster_(std::move(cluster)),
      self_(self),
      on_connected_(std::move(on_connected)),
      on_refused_(std::move(on_refused)) {}

Dialer::~Dialer() { stop(); }

void Dialer::stop() {
  for (auto& [peer, attempt] : attempts_) attempt->stop();
  attempts_.clear();
}

bool Dialer::is_current(const std::shared_ptr<Attempt>& attempt) const {
  const auto at = attempts_.find(attempt->wanted.peer);
  return at != attempts_.end() && at->second == attempt;
}

void Dialer::set_wanted(const std::vector<Wanted>& wanted) {
  for (auto at = attempts_.begin(); at != attempts_.end();) {
    const bool keep = std::any_of(wanted.begin(), wanted.end(),
                                  [&](const Wanted& w) { return w.peer == at->first; });
    if (keep) {
      ++at;
      continue;
    }
    at->second->stop();
    at = attempts_.erase(at);
  }
  for (const Wanted& w : wanted) {
    if (attempts_.contains(w.peer)) continue;
    const auto attempt = std::make_shared<Attempt>(context_, w);
    attempts_.emplace(w.peer, attempt);
    dial(attempt);
  }
}

void Dialer::disconnected(const wire::Endpoint& peer) {
  const auto at = attempts_.find(peer);
  if (at == attempts_.end() || !at->second->connected) return;
  at->second->connected = false;
  at->second->wait = kFirstRetry;
  dial(at->second);
}

void Dialer::dial(const std::shared_ptr<Attempt>& attempt) {
  const std::uint64_t round = ++attempt->round;
  attempt->timer.expires_after(kDialTimeout);
  attempt->timer.async_wait([attempt, round](ErrorCode ec) {
    if (ec || attempt->round != round || attempt->connected) return;
    ErrorCode ignored;
    attempt->socket.close(ignored);
  });
  attempt->dialer.dial({attempt->wanted.host, attempt->wanted.bus_port}, attempt->tries++,
                       kDialTimeout, [this, attempt](ErrorCode ec, tcp::socket socket) {
                         if (!is_current(attempt)) return;
                         attempt->socket = std::move(socket);
                         if (ec)
                           retry(attempt);
                         else
                           greet(attempt);
                       });
}

void Dialer::greet(const std::shared_ptr<Attempt>& attempt) {
  attempt->buffer.clear();
  wire::encode(attempt->buffer,
               wire::Hello{.cluster = cluster_, .from = self_, .to = attempt->wanted.peer});
  asio::async_write(attempt->socket, asio::buffer(attempt->buffer.data(), attempt->buffer.size()),
                    [this, attempt](ErrorCode ec, std::size_t) {
                      if (!is_current(attempt)) return;
                      attempt->buffer.clear();
                      if (ec)
                        retry(attempt);
                      else
                        read_answer(attempt);
                    });
}

/// Exactly the answer's bytes are read: what follows belongs to the link.
void Dialer::read_answer(const std::shared_ptr<Attempt>& attempt) {
  wire::Frame frame{};
  std::size_t wanted = 0;
  const auto status = wire::read_frame(attempt->buffer.view(), wire::kHelloBytesMax, frame, wanted);
  if (status == wire::FrameStatus::kNeedMore) {
    const std::size_t missing = wanted - attempt->buffer.size();
    asio::async_read(attempt->socket, asio::buffer(attempt->buffer.prepare(missing), missing),
                     [this, attempt](ErrorCode ec, std::size_t n) {
                       if (!is_current(attempt)) return;
                       if (ec) {
                         retry(attempt);
                         return;
                       }
                       attempt->buffer.commit(n);
                       read_answer(attempt);
                     });
    return;
  }
  wire::Refusal refusal;
  if (status == wire::FrameStatus::kFrame && frame.type == wire::FrameType::kWelcome) {
    attempt->connected = true;
    attempt->timer.cancel();
    on_connected_(std::move(attempt->socket), attempt->wanted.peer);
    return;
  }
  if (status == wire::FrameStatus::kFrame && frame.type == wire::FrameType::kRefusal &&
      wire::decode(frame.payload, refusal) && attempt->last_refusal != refusal.reason) {
    attempt->last_refusal = refusal.reason;
    on_refused_(attempt->wanted.peer, attempt->last_refusal);
  }
  retry(attempt);
}

void Dialer::retry(const std::shared_ptr<Attempt>& attempt) {
  ErrorCode ec;
  attempt->socket.close(ec);
  const std::uint64_t round = ++attempt->round;
  attempt->timer.expires_after(attempt->wait);
  attempt->wait = std::min(attempt->wait * 2, kRetryMax);
  attempt->timer.async_wait([this, attempt, round](ErrorCode timer_ec) {
    if (!timer_ec && is_current(attempt) && attempt->round == round) dial(attempt);
  });
}

}  // namespace borg::server
