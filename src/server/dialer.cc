// SPDX-License-Identifier: Apache-2.0
#include "server/dialer.h"

#include <algorithm>
#include <chrono>

#include "base/byte_buffer.h"

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
      : wanted(std::move(w)), socket(context), timer(context) {}
  Wanted wanted;
  tcp::socket socket;
  asio::steady_timer timer;
  ByteBuffer buffer;
  std::chrono::milliseconds wait = kFirstRetry;
  std::uint64_t round = 0;
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
  for (auto& [peer, attempt] : attempts_) {
    ErrorCode ec;
    attempt->socket.close(ec);
    attempt->timer.cancel();
  }
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
    ErrorCode ec;
    at->second->socket.close(ec);
    at->second->timer.cancel();
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
  ErrorCode ec;
  const auto host = asio::ip::make_address(attempt->wanted.host, ec);
  if (ec) {
    retry(attempt);
    return;
  }
  const std::uint64_t round = ++attempt->round;
  attempt->socket = tcp::socket(context_);
  attempt->timer.expires_after(kDialTimeout);
  attempt->timer.async_wait([attempt, round](ErrorCode timer_ec) {
    if (timer_ec || attempt->round != round || attempt->connected) return;
    ErrorCode ignored;
    attempt->socket.close(ignored);
  });
  attempt->socket.async_connect(tcp::endpoint(host, attempt->wanted.bus_port),
                                [this, attempt](ErrorCode connect_ec) {
                                  if (!is_current(attempt)) return;
                                  if (connect_ec)
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
