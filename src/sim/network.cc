// SPDX-License-Identifier: Apache-2.0
#include "sim/network.h"

#include <algorithm>

namespace borg::sim {
namespace {

Connection::Side other(Connection::Side side) {
  return side == Connection::kDialer ? Connection::kAcceptor : Connection::kDialer;
}

std::string describe(const wire::Endpoint& peer) {
  const std::string node = std::to_string(peer.node.value() % 1000);
  return peer.lane == wire::Endpoint::kControlLane ? node : node + "." + std::to_string(peer.lane);
}

}  // namespace

bool Network::is_open(const Connection& c, Side from) const {
  return c.internal || is_open(c.ends[from].actor->host, c.ends[other(from)].actor->host);
}

Duration Network::draw_retry() { return sim_.draw(Duration::millis(10), Duration::millis(200)); }

// ---- to connect ----

void Network::dial(LinkActor& from, const wire::Endpoint& to, Duration delay) {
  if (!from.dialed.insert(to).second) return;
  sim_.queue.after(delay, [this, &from, to] { attempt(from, to); });
}

void Network::failed(LinkActor& from, const wire::Endpoint& to, Duration delay) {
  sim_.queue.after(delay, [this, &from, to] { attempt(from, to); });
}

void Network::attempt(LinkActor& from, const wire::Endpoint& to) {
  if (!from.alive()) return;
  if (!wants_(from, to)) {
    from.dialed.erase(to);
    return;
  }
  if (from.life().paused) {
    failed(from, to, draw_retry());
    return;
  }
  LinkActor* target = find_(to);
  const bool open =
      target == nullptr || (is_open(from.host, target->host) && is_open(target->host, from.host));
  if (target == nullptr || !open) {
    // Refused at once, or no answer at all.
    failed(from, to, open ? draw_retry() : sim_.draw(Duration::millis(200), Duration::millis(900)));
    return;
  }
  auto c = std::make_shared<Connection>();
  c->ends[Connection::kDialer].actor = &from;
  c->ends[Connection::kAcceptor].actor = target;
  all_.push_back(c);
  sim_.queue.after(sim_.draw(Duration::micros(20), sim_.options.latency_max), [this, c] {
    c->ends[Connection::kAcceptor].actor->post([this, c] { accept(c); });
  });
  sim_.queue.after(sim_.draw(Duration::millis(500), Duration::millis(1500)), [this, c] {
    if (!c->ends[Connection::kDialer].up) close(c, Connection::kDialer, Duration());
  });
}

/// In a turn of the acceptor. It hears of the old connection's end at the latest now.
void Network::accept(const Pair& c) {
  Connection::End& own = c->ends[Connection::kAcceptor];
  const wire::Endpoint peer = c->ends[Connection::kDialer].actor->endpoint;
  if (own.over) return;
  const auto old = own.actor->links.find(peer);
  if (old != own.actor->links.end()) {
    const Pair keep = old->second;
    const Side side = keep->ends[Connection::kAcceptor].actor == own.actor ? Connection::kAcceptor
                                                                           : Connection::kDialer;
    close(keep, side, Duration());
    end(*keep, side);
  }
  own.up = true;
  own.actor->links[peer] = c;
  own.actor->say("link up (accepted) " + describe(peer));
  own.actor->link_up(peer);
  push(c, Connection::kAcceptor, {}, true);
}

/// In a turn of the dialer.
void Network::welcome(const Pair& c) {
  Connection::End& own = c->ends[Connection::kDialer];
  const wire::Endpoint peer = c->ends[Connection::kAcceptor].actor->endpoint;
  if (own.over) return;
  own.up = true;
  own.actor->links[peer] = c;
  own.actor->say("link up (dialed) " + describe(peer));
  own.actor->link_up(peer);
}

void Network::connect_within(LinkActor& a, LinkActor& b) {
  auto c = std::make_shared<Connection>();
  c->internal = true;
  c->ends[Connection::kDialer].actor = &a;
  c->ends[Connection::kAcceptor].actor = &b;
  a.dialed.insert(b.endpoint);
  a.post([this, c] { welcome(c); });
  b.post([this, c] {
    if (c->ends[Connection::kAcceptor].over) return;
    Connection::End& own = c->ends[Connection::kAcceptor];
    own.up = true;
    own.actor->links[c->ends[Connection::kDialer].actor->endpoint] = c;
    own.actor->link_up(c->ends[Connection::kDialer].actor->endpoint);
  });
}

// ---- bytes ----

void Network::send(LinkActor& from, const wire::Endpoint& to, std::string_view bytes) {
  const auto at = from.links.find(to);
  if (at == from.links.end()) return;
  const Pair& c = at->second;
  push(c, c->ends[Connection::kDialer].actor == &from ? Connection::kDialer : Connection::kAcceptor,
       bytes, false);
}

Duration Network::draw_latency(const Connection& c, Side from) {
  if (c.internal) return sim_.draw(Duration::nanos(200), Duration::micros(30));
  const Duration usual = sim_.draw(Duration::micros(20), sim_.options.latency_max);
  const auto slow = slow_.find({c.ends[from].actor->host, c.ends[other(from)].actor->host});
  return slow == slow_.end() ? usual : usual + sim_.draw(slow->second.first, slow->second.second);
}

void Network::push(const Pair& c, Side from, std::string_view bytes, bool is_welcome) {
  if (c->broken) return reset(c, from);
  messages_ += c->internal ? 0 : 1;
  bytes_ += c->internal ? 0 : bytes.size();
  Connection::End& end = c->ends[from];
  end.last_at = std::max(end.last_at, sim_.queue.now() + draw_latency(*c, from));
  end.sent.push_back({end.last_at, std::string(bytes), is_welcome});
  move(c, from);
}

void Network::move(const Pair& c, Side from) {
  Connection::End& end = c->ends[from];
  if (end.is_moving || end.sent.empty() || !is_open(*c, from)) return;
  end.is_moving = true;
  const Duration at = std::max(end.sent.front().at, end.resumes_at);
  sim_.queue.after(at - sim_.queue.now(), [this, c, from] {
    c->ends[from].is_moving = false;
    arrive(c, from);
  });
}

void Network::arrive(const Pair& c, Side from) {
  Connection::End& source = c->ends[from];
  const Side to = other(from);
  Connection::End& target = c->ends[to];
  if (!is_open(*c, from)) return;  // heal() goes on
  while (!source.sent.empty() && source.sent.front().at <= sim_.queue.now()) {
    const Connection::End::Chunk chunk = std::move(source.sent.front());
    source.sent.pop_front();
    if (target.over || !target.actor->alive()) continue;
    if (chunk.is_welcome) {
      target.actor->post([this, c] { welcome(c); });
      continue;
    }
    sim_.trace.mix(chunk.bytes);
    target.received += chunk.bytes;
    if (target.news_posted) continue;
    target.news_posted = true;
    target.actor->post([this, c, to] { give(c, to); });
  }
  move(c, from);
}

/// What is not heartbeats, by its numbers in wire/frame.h.
void Network::print_frames(const LinkActor& from, const LinkActor& to,
                           std::string_view bytes) const {
  std::string text;
  wire::Frame frame{};
  std::size_t wanted = 0;
  while (wire::read_frame(bytes, wire::kFrameBytesMax, frame, wanted) ==
         wire::FrameStatus::kFrame) {
    if (frame.type < wire::FrameType::kHeartbeat) {
      text += " " + std::to_string(static_cast<int>(frame.type)) + ":" +
              std::to_string(frame.payload.size());
      wire::Operation op;
      if (frame.type == wire::FrameType::kOperation && wire::decode(frame.payload, op)) {
        text +=
            "(" + std::to_string(op.partition.value()) + "#" + std::to_string(op.seq.value()) + ")";
      }
    }
    bytes.remove_prefix(frame.consumed);
  }
  if (!text.empty()) to.say("gets frames of " + from.name() + text);
}

/// In a turn of the receiver.
void Network::give(const Pair& c, Side to) {
  Connection::End& own = c->ends[to];
  own.news_posted = false;
  if (own.over || !own.up) return;
  const wire::Endpoint peer = c->ends[other(to)].actor->endpoint;
  const bool split = !own.received.empty() && sim_.permille(sim_.options.split_permille);
  const std::size_t size =
      split ? static_cast<std::size_t>(sim_.random.below(own.received.size() + 1))
            : own.received.size();
  std::size_t consumed = 0;
  if (!own.actor->link_data(peer, std::string_view(own.received).substr(0, size), consumed)) {
    throw Violation("wire", own.actor->name() + " does not understand its peer");
  }
  if (sim_.trace.prints()) {
    print_frames(*c->ends[other(to)].actor, *own.actor, own.received.substr(0, consumed));
  }
  own.received.erase(0, consumed);
  if (!split) return;
  own.news_posted = true;
  own.actor->post([this, c, to] { give(c, to); });
}

// ---- the end of a connection ----

void Network::break_now(const Pair& c, const Hearing& hearing) {
  if (c->broken) return;
  c->broken = true;
  for (Connection::End& end : c->ends) {
    // What is under way may still arrive before the news, or not.
    if (sim_.random.chance(1, 2)) end.sent.clear();
  }
  if (hearing.dialer) hear(c, Connection::kDialer, *hearing.dialer);
  if (hearing.acceptor) hear(c, Connection::kAcceptor, *hearing.acceptor);
}

/// This end closes: the other hears of it if the path is open.
void Network::close(const Pair& c, Side side, Duration delay) {
  if (c->broken) return hear(c, side, delay);
  std::optional<Duration> there;
  if (is_open(*c, side)) there = delay + draw_latency(*c, side);
  if (side == Connection::kDialer)
    break_now(c, {.dialer = delay, .acceptor = there});
  else
    break_now(c, {.dialer = there, .acceptor = delay});
}

/// This end has sent to one that has closed, and is told so if that gets through both ways.
void Network::reset(const Pair& c, Side side) {
  Connection::End& end = c->ends[side];
  if (end.over || !end.up) return;
  end.is_unanswered = true;
  if (!is_open(*c, side) || !is_open(*c, other(side))) return;  // heal() goes on
  hear(c, side, draw_latency(*c, side) + draw_latency(*c, other(side)));
}

bool Network::is_linked(const LinkActor& a, const LinkActor& b) {
  const auto here = a.links.find(b.endpoint);
  const auto there = b.links.find(a.endpoint);
  return here != a.links.end() && there != b.links.end() && here->second == there->second &&
         !here->second->broken;
}

void Network::forget_ended() {
  std::erase_if(all_, [](const Pair& c) {
    const auto is_over = [](const Connection::End& end) {
      return end.over || !end.up || !end.actor->alive();
    };
    return c->broken && is_over(c->ends[0]) && is_over(c->ends[1]);
  });
}

void Network::hear(const Pair& c, Side side, Duration delay) {
  sim_.queue.after(delay, [this, c, side] {
    LinkActor* actor = c->ends[side].actor;
    actor->post([this, c, side] { end(*c, side); });
  });
}

/// In a turn of that side.
void Network::end(Connection& c, Side side) {
  Connection::End& own = c.ends[side];
  if (own.over) return;
  own.over = true;
  const wire::Endpoint peer = c.ends[other(side)].actor->endpoint;
  if (own.up) {
    const auto at = own.actor->links.find(peer);
    if (at != own.actor->links.end() && at->second.get() == &c) own.actor->links.erase(at);
    own.actor->say("link down " + describe(peer));
    own.actor->link_down(peer);
  }
  if (c.internal) {
    if (!c.ends[other(side)].over) return;  // both have heard: at once a new one
    LinkActor& a = *c.ends[Connection::kDialer].actor;
    LinkActor& b = *c.ends[Connection::kAcceptor].actor;
    connect_within(a, b);
  } else if (side == Connection::kDialer) {
    failed(*own.actor, peer, draw_retry());
  }
}

void Network::break_link(LinkActor& from, const wire::Endpoint& to) {
  const auto at = from.links.find(to);
  if (at == from.links.end()) return;
  const Pair& c = at->second;
  const bool is_dialer = c->ends[Connection::kDialer].actor == &from;
  close(c, is_dialer ? Connection::kDialer : Connection::kAcceptor, Duration::micros(10));
}

void Network::break_random_links(std::size_t n) {
  forget_ended();
  for (std::size_t i = 0; i < n && !all_.empty(); ++i) {
    const Pair& c = all_[sim_.random.below(all_.size())];
    const auto hears = [&] {
      return sim_.random.chance(1, 4) ? sim_.draw(Duration(), Duration::seconds(3))
                                      : sim_.draw(Duration(), Duration::millis(5));
    };
    Hearing hearing{.dialer = hears(), .acceptor = hears()};
    // Something on the way has forgotten the connection, and tells one end alone.
    if (!c->internal && sim_.random.chance(1, 3)) {
      (sim_.random.chance(1, 2) ? hearing.dialer : hearing.acceptor).reset();
    }
    break_now(c, hearing);
  }
}

void Network::process_died(std::size_t host, NodeId node, bool is_silent) {
  for (const Pair& c : all_) {
    for (const Side side : {Connection::kDialer, Connection::kAcceptor}) {
      if (c->broken || c->ends[side].actor->endpoint.node != node) continue;
      const Connection::End& peer = c->ends[other(side)];
      const bool hears_soon = !is_silent && is_open(host, peer.actor->host);
      c->broken = true;
      if (sim_.random.chance(1, 2)) c->ends[side].sent.clear();
      if (hears_soon)
        hear(c, other(side), sim_.draw(Duration::micros(20), sim_.options.latency_max));
      else if (sim_.random.chance(1, 2))
        hear(c, other(side), sim_.draw(Duration::seconds(2), Duration::seconds(8)));
    }
  }
  forget_ended();
}

// ---- paths ----

void Network::cut(std::size_t from, std::size_t to) {
  if (from == to || !cuts_.insert({from, to}).second) return;
  for (const Pair& c : all_) {
    const std::size_t a = c->ends[Connection::kDialer].actor->host;
    const std::size_t b = c->ends[Connection::kAcceptor].actor->host;
    const bool concerned = (a == from && b == to) || (a == to && b == from);
    if (c->broken || c->internal || !concerned || sim_.random.chance(1, 2)) continue;
    sim_.queue.after(sim_.draw(Duration::millis(200), Duration::seconds(5)),
                     [this, c] { break_if_cut(c); });
  }
}

/// One end has waited for too long and closes.
void Network::break_if_cut(const Pair& c) {
  if (is_open(*c, Connection::kDialer) && is_open(*c, Connection::kAcceptor)) return;
  if (c->broken) return;
  close(c, sim_.random.chance(1, 2) ? Connection::kDialer : Connection::kAcceptor, Duration());
}

void Network::heal(std::size_t from, std::size_t to) {
  if (cuts_.erase({from, to}) == 0) return;
  for (const Pair& c : std::vector<Pair>(all_)) {
    for (const Side side : {Connection::kDialer, Connection::kAcceptor}) {
      Connection::End& end = c->ends[side];
      const std::size_t near = end.actor->host;
      const std::size_t far = c->ends[other(side)].actor->host;
      if (c->broken && end.is_unanswered) reset(c, side);
      if (near != from || far != to) continue;
      // What was lost is sent again at longer and longer intervals.
      if (sim_.random.chance(1, 2)) {
        end.resumes_at = sim_.queue.now() + sim_.draw(Duration(), Duration::seconds(3));
      }
      move(c, side);
    }
  }
}

void Network::heal_all() {
  slow_.clear();
  const auto cuts = cuts_;
  for (const auto& [from, to] : cuts) heal(from, to);
}

void Network::slow(std::size_t from, std::size_t to, Duration low, Duration high) {
  if (from != to) slow_[{from, to}] = {low, high};
}

}  // namespace borg::sim
