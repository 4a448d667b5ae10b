// SPDX-License-Identifier: Apache-2.0
// The way of a message from its publisher to all nodes, and what comes back.
#include <algorithm>

#include "base/probe.h"
#include "base/slot.h"
#include "node/event_channels.h"
#include "node/pubsub.h"

namespace borg::node {
namespace {

constexpr std::size_t kBytesUnderWayMax = 64 * 1024 * 1024;

std::string number(std::uint64_t n) { return ":" + std::to_string(n) + "\r\n"; }

}  // namespace

void PubSub::publish(Client& client, bool is_sharded, std::string_view channel,
                     std::string_view message) {
  const std::uint64_t id = next_id_++;
  Delivery delivery;
  spread(delivery, id, partition_of_channel(channel),
         {.is_sharded = is_sharded, .channel = channel, .message = message});
  if (delivery.waits == 0) {
    client.reply_now(number(delivery.receivers));
    host_.client_has_output(client);
  } else {
    delivery.client = &client;
    delivery.slot = client.reserve();
    deadlines_.push_back({host_.now().instant + options_.liveness.silence, id});
  }
  keep(id, std::move(delivery));
}

void PubSub::announce(const commands::KeyEvent& event, const commands::EventFlags& flags) {
  if (!flags.has(event.event_class)) return;
  const PartitionId partition = partition_of(slot_of_key(event.key));
  const std::string name(event.name);
  if (flags.to_keyspace()) announce(partition, std::string(kKeyspacePrefix) + event.key, name);
  if (flags.to_keyevent()) announce(partition, std::string(kKeyeventPrefix) + name, event.key);
}

void PubSub::announce(PartitionId partition, const std::string& channel, std::string_view message) {
  const std::uint64_t id = next_id_++;
  Delivery delivery;
  spread(delivery, id, partition, {.channel = channel, .message = message});
  keep(id, std::move(delivery));
}

/// Even if nobody waits for it: what is under way to a peer is limited.
void PubSub::keep(std::uint64_t id, Delivery delivery) {
  if (!delivery.parts.empty()) deliveries_.emplace(id, std::move(delivery));
}

void PubSub::spread(Delivery& delivery, std::uint64_t id, PartitionId partition,
                    wire::Publish message) {
  message.spreads = true;
  const wire::Endpoint& self = host_.self();
  const wire::Endpoint own = host_.holder(self.node, partition);
  if (own == self) {
    spread_here(delivery, id, message);
  } else {
    send(delivery, id, own, message);
  }
  for_each_other_member([&](const coordination::Member& member) {
    send(delivery, id, host_.holder(member.id, partition), message);
  });
}

/// To this worker's subscribers, and the siblings that have some.
void PubSub::spread_here(Delivery& delivery, std::uint64_t id, wire::Publish message) {
  message.spreads = false;
  delivery.receivers += deliver_here(message);
  for (const Interests::Lane lane : interests_.lanes(message.is_sharded, message.channel)) {
    send(delivery, id, {host_.self().node, lane}, message);
  }
}

std::size_t PubSub::deliver_here(const wire::Publish& message) {
  return subscribers_.deliver(
      message.is_sharded, message.channel, message.message,
      [this](Client& client, std::string_view text) { push(client, text); });
}

void PubSub::send(Delivery& delivery, std::uint64_t id, const wire::Endpoint& to,
                  const wire::Publish& message) {
  ByteBuffer* const out = host_.output_to(to);
  if (out == nullptr) return;
  Peer& peer = peers_[to];
  if (peer.bytes_under_way > kBytesUnderWayMax) {
    reached<"a message is not sent to a peer that has too many">();
    return;
  }
  const std::size_t bytes = message.channel.size() + message.message.size() + 64;
  wire::Publish numbered = message;
  numbered.id = id;
  wire::encode(*out, numbered);
  peer.bytes_under_way += bytes;
  delivery.parts.push_back({to, bytes, !peer.is_mute});
  if (!peer.is_mute) ++delivery.waits;
}

bool PubSub::on_publish(const wire::Endpoint& from, const wire::Publish& m) {
  if (!m.spreads && from.node != host_.self().node) return false;
  Delivery delivery;
  const std::uint64_t id = next_id_++;
  if (m.spreads) {
    spread_here(delivery, id, m);
  } else {
    delivery.receivers += deliver_here(m);
  }
  delivery.from = from;
  delivery.id_there = m.id;
  if (delivery.waits == 0) tell_receivers(delivery);
  keep(id, std::move(delivery));
  return true;
}

void PubSub::heard(const wire::Endpoint& peer) {
  if (const auto at = peers_.find(peer); at != peers_.end()) at->second.is_mute = false;
}

void PubSub::on_published(const wire::Endpoint& from, const wire::Published& m) {
  heard(from);
  const auto at = deliveries_.find(m.id);
  if (at == deliveries_.end()) return;
  Delivery& delivery = at->second;
  delivery.receivers += m.receivers;
  drop_parts(delivery, from);
  if (delivery.parts.empty()) deliveries_.erase(at);
}

/// They were heard of, or never will be.
void PubSub::drop_parts(Delivery& delivery, const wire::Endpoint& of) {
  const std::size_t before = delivery.waits;
  std::erase_if(delivery.parts, [&](const Delivery::Part& part) {
    if (part.to != of) return false;
    if (part.waited_for) --delivery.waits;
    if (const auto peer = peers_.find(of); peer != peers_.end()) {
      peer->second.bytes_under_way -= part.bytes;
    }
    return true;
  });
  if (before > 0 && delivery.waits == 0) tell_receivers(delivery);
}

void PubSub::tell_receivers(Delivery& delivery) {
  if (delivery.client != nullptr) {
    Client& client = *delivery.client;
    delivery.client = nullptr;
    gateway_.finish(client, delivery.slot, number(delivery.receivers));
  } else if (delivery.from.node != NodeId()) {
    ByteBuffer* const out = host_.output_to(delivery.from);
    if (out != nullptr) {
      wire::encode(*out, wire::Published{delivery.id_there, delivery.receivers});
    }
    delivery.from = {};
  }
}

/// Nobody waits longer: neither for this delivery or query, nor, until they are heard, for those
/// who owe an answer to it.
void PubSub::give_up(std::uint64_t id) {
  if (const auto at = queries_.find(id); at != queries_.end()) {
    for (const wire::Endpoint& silent : at->second.waits_for) peers_[silent].is_mute = true;
    finish(at->second);
    queries_.erase(at);
    return;
  }
  const auto at = deliveries_.find(id);
  if (at == deliveries_.end() || at->second.waits == 0) return;
  reached<"a publisher waits no longer for a silent node">();
  for (Delivery::Part& part : at->second.parts) {
    if (part.waited_for) peers_[part.to].is_mute = true;
    part.waited_for = false;
  }
  at->second.waits = 0;
  tell_receivers(at->second);
}

}  // namespace borg::node
