// SPDX-License-Identifier: Apache-2.0
// Who is subscribed to what, and who among the siblings knows.
#include "node/pubsub.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "node/event_channels.h"

namespace borg::node {

using wire::InterestChange;

namespace {

constexpr std::array<std::string_view, kChannelKinds> kSubscribed{"subscribe", "psubscribe",
                                                                  "ssubscribe"};
constexpr std::array<std::string_view, kChannelKinds> kUnsubscribed{"unsubscribe", "punsubscribe",
                                                                    "sunsubscribe"};

void write_change(resp::Writer& writer, std::string_view what, std::optional<std::string_view> name,
                  std::size_t count) {
  writer.push(3);
  writer.bulk(what);
  if (name) {
    writer.bulk(*name);
  } else {
    writer.null();
  }
  writer.integer(static_cast<std::int64_t>(count));
}

}  // namespace

// ---- commands ----

/// Even a client that wants no replies gets this, as from Redis.
void PubSub::confirm(Client& client, std::string_view reply) {
  client.silenced = false;
  client.reply_now(reply);
  client.hold_pushes();
  host_.client_has_output(client);
}

void PubSub::subscribe(Client& client, ChannelKind kind, commands::Args names) {
  if (client.subscriptions == nullptr) client.subscriptions = std::make_unique<Subscriptions>();
  Subscriptions& all = *client.subscriptions;
  ByteBuffer reply;
  resp::Writer writer(reply, client.version);
  std::set<Interests::Lane> told;
  for (const std::string_view name : names) {
    if (all.of(kind).emplace(name).second) {
      if (subscribers_.add(kind, name, client)) tell(kind, name, InterestChange::kAdded);
      // Also if there was another subscriber: what was told of it may be under way still.
      for (const Interests::Lane lane : lanes_to_tell(kind, name)) told.insert(lane);
    }
    write_change(writer, kSubscribed.at(static_cast<std::size_t>(kind)), name, all.count(kind));
  }
  if (told.empty()) return confirm(client, reply.view());
  client.silenced = false;
  const std::uint64_t id = next_id_++;
  confirmations_.emplace(id,
                         Confirmation{&client, client.reserve(), told, std::string(reply.view())});
  client.hold_pushes();
  for (const Interests::Lane lane : told) {
    ByteBuffer* const out = sibling(lane);
    if (out != nullptr)
      wire::encode(*out, wire::Interest{.change = InterestChange::kSync, .id = id});
  }
}

void PubSub::unsubscribe(Client& client, ChannelKind kind, commands::Args names) {
  ByteBuffer reply;
  resp::Writer writer(reply, client.version);
  std::vector<std::string> dropped(names.begin(), names.end());
  if (names.empty() && client.subscriptions != nullptr) {
    const auto& all = client.subscriptions->of(kind);
    dropped.assign(all.begin(), all.end());
  }
  const std::string_view what = kUnsubscribed.at(static_cast<std::size_t>(kind));
  const auto left = [&] {
    return client.subscriptions == nullptr ? 0 : client.subscriptions->count(kind);
  };
  for (const std::string& name : dropped) {
    if (client.subscriptions != nullptr && client.subscriptions->of(kind).erase(name) > 0) {
      remove(client, kind, name);
    }
    write_change(writer, what, name, left());
  }
  if (dropped.empty()) write_change(writer, what, std::nullopt, left());
  if (client.subscriptions != nullptr && client.subscriptions->empty()) leave(client);
  confirm(client, reply.view());
}

void PubSub::remove(Client& client, ChannelKind kind, std::string_view name) {
  if (subscribers_.remove(kind, name, client)) tell(kind, name, InterestChange::kRemoved);
}

void PubSub::leave(Client& client) {
  if (client.subscriptions == nullptr) return;
  const auto all = std::move(client.subscriptions);
  for (std::size_t kind = 0; kind < kChannelKinds; ++kind) {
    for (const std::string& name : all->names[kind]) {
      remove(client, static_cast<ChannelKind>(kind), name);
    }
  }
  slow_.erase(&client);
}

// ---- what siblings know ----

/// Those to whom messages come first that this worker may want: of most channels one.
std::vector<Interests::Lane> PubSub::lanes_to_tell(ChannelKind kind, std::string_view name) const {
  std::vector<Interests::Lane> lanes;
  const wire::Endpoint& self = host_.self();
  if (kind != ChannelKind::kPattern && !comes_from_anywhere(name)) {
    const wire::Endpoint first = host_.holder(self.node, partition_of_channel(name));
    if (first != self) lanes.push_back(first.lane);
    return lanes;
  }
  for (Interests::Lane lane = 0; lane < host_.workers(); ++lane) {
    if (lane != self.lane) lanes.push_back(lane);
  }
  return lanes;
}

ByteBuffer* PubSub::sibling(Interests::Lane lane) {
  return host_.output_to({host_.self().node, lane});
}

/// A sibling whose link does not stand hears it when it does.
void PubSub::tell(ChannelKind kind, std::string_view name, InterestChange change) {
  for (const Interests::Lane lane : lanes_to_tell(kind, name)) {
    ByteBuffer* const out = sibling(lane);
    if (out != nullptr) wire::encode(*out, wire::Interest{change, kind, 0, name});
  }
}

void PubSub::tell_everything(Interests::Lane lane) {
  ByteBuffer* const out = sibling(lane);
  if (out == nullptr) return;
  wire::encode(*out, wire::Interest{.change = InterestChange::kForgotten});
  for (std::size_t k = 0; k < kChannelKinds; ++k) {
    const auto kind = static_cast<ChannelKind>(k);
    subscribers_.for_each(kind, [&](const std::string& name) {
      const auto lanes = lanes_to_tell(kind, name);
      if (std::find(lanes.begin(), lanes.end(), lane) == lanes.end()) return;
      wire::encode(*out, wire::Interest{InterestChange::kAdded, kind, 0, name});
    });
  }
  for (const auto& [id, confirmation] : confirmations_) {
    if (!confirmation.waits_for.contains(lane)) continue;
    wire::encode(*out, wire::Interest{.change = InterestChange::kSync, .id = id});
  }
}

bool PubSub::on_interest(const wire::Endpoint& from, const wire::Interest& m) {
  if (from.node != host_.self().node) return false;
  switch (m.change) {
    case InterestChange::kAdded:
      interests_.add(m.kind, m.name, from.lane);
      break;
    case InterestChange::kRemoved:
      interests_.remove(m.kind, m.name, from.lane);
      break;
    case InterestChange::kForgotten:
      interests_.forget(from.lane);
      break;
    case InterestChange::kSync:
      if (ByteBuffer* out = host_.output_to(from)) wire::encode(*out, wire::InterestTaken{m.id});
      break;
  }
  return true;
}

void PubSub::on_interest_taken(const wire::Endpoint& from, const wire::InterestTaken& m) {
  const auto at = confirmations_.find(m.id);
  if (at == confirmations_.end()) return;
  at->second.waits_for.erase(from.lane);
  if (!at->second.waits_for.empty()) return;
  const Confirmation done = std::move(at->second);
  confirmations_.erase(at);
  gateway_.finish(*done.client, done.slot, done.reply);
}

// ---- output ----

void PubSub::push(Client& client, std::string_view text) {
  if (client.killed || client.closing || client.gone) return;
  client.push(text);
  host_.client_has_output(client);
  const std::size_t bytes = client.output_bytes();
  if (bytes > options_.pubsub_limits.bytes_max) return kill(client);
  if (bytes <= options_.pubsub_limits.slow_bytes_max) return;
  Instant& since = client.subscriptions->slow_since;
  if (since == Instant::never()) since = host_.now().instant;
  slow_.insert(&client);
}

void PubSub::kill(Client& client) {
  client.killed = client.closing = true;
  host_.client_has_output(client);
}

void PubSub::watch_slow_clients() {
  std::erase_if(slow_, [this](Client* client) {
    Instant& since = client->subscriptions->slow_since;
    if (client->output_bytes() <= options_.pubsub_limits.slow_bytes_max) {
      since = Instant::never();
      return true;
    }
    if (host_.now().instant - since <= options_.pubsub_limits.slow_for_max) return false;
    kill(*client);
    return true;
  });
}

// ---- events ----

void PubSub::link_up(const wire::Endpoint& peer) {
  if (peer.node == host_.self().node) tell_everything(peer.lane);
}

void PubSub::link_down(const wire::Endpoint& peer) {
  if (peer.node == host_.self().node) interests_.forget(peer.lane);
  peers_.erase(peer);
  for (auto at = deliveries_.begin(); at != deliveries_.end();) {
    Delivery& delivery = at->second;
    drop_parts(delivery, peer);
    at = delivery.parts.empty() ? deliveries_.erase(at) : std::next(at);
  }
  for (auto at = queries_.begin(); at != queries_.end();) {
    const bool is_last = at->second.waits_for.erase(peer) > 0 && at->second.waits_for.empty();
    if (is_last) finish(at->second);
    at = is_last ? queries_.erase(at) : std::next(at);
  }
}

bool PubSub::on_frame(const wire::Endpoint& from, const wire::Frame& frame) {
  const auto handle = [&](auto m, auto&& take) {
    return wire::decode(frame.payload, m) && take(m);
  };
  switch (frame.type) {
    case wire::FrameType::kPublish:
      return handle(wire::Publish{}, [&](const auto& m) { return on_publish(from, m); });
    case wire::FrameType::kPublished:
      return handle(wire::Published{}, [&](const auto& m) { return on_published(from, m), true; });
    case wire::FrameType::kInterest:
      return handle(wire::Interest{}, [&](const auto& m) { return on_interest(from, m); });
    case wire::FrameType::kInterestTaken:
      return handle(wire::InterestTaken{},
                    [&](const auto& m) { return on_interest_taken(from, m), true; });
    case wire::FrameType::kPubsubQuery:
      return handle(wire::PubsubQuery{}, [&](const auto& m) { return on_query(from, m); });
    case wire::FrameType::kPubsubAnswer:
      return handle(wire::PubsubAnswer{}, [&](const auto& m) { return on_answer(from, m); });
    default:
      return false;
  }
}

void PubSub::tick() {
  const Instant now = host_.now().instant;
  while (!deadlines_.empty()) {
    const std::uint64_t id = deadlines_.front().id;
    const bool is_open = deliveries_.contains(id) || queries_.contains(id);
    if (is_open && deadlines_.front().at > now) break;
    deadlines_.pop_front();
    give_up(id);
  }
  watch_slow_clients();
}

}  // namespace borg::node
