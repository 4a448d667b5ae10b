// SPDX-License-Identifier: Apache-2.0
// PUBSUB: asks every worker of every node for what it has subscribers of.
#include <algorithm>

#include "node/pubsub.h"
#include "resp/integer.h"

namespace borg::node {
namespace {

/// Of what one worker answers: far more would not fit into a frame.
constexpr std::size_t kItemsMax = 1'000'000;
constexpr std::size_t kItemBytesMax = 512 * 1024 * 1024;
constexpr std::string_view kTooLarge = "-ERR too large: the names may have 512 MB together\r\n";

std::string encoded(commands::Args items) {
  ByteBuffer out;
  Encoder encoder(out);
  wire::encode_names(encoder, items);
  return std::string(out.view());
}

std::vector<std::string_view> views(const std::vector<std::string>& items) {
  return {items.begin(), items.end()};
}

}  // namespace

void PubSub::list(Client& client, ChannelKind kind, std::optional<std::string_view> pattern) {
  const std::vector<std::string_view> names(pattern ? 1 : 0, pattern.value_or(""));
  start({.client = &client, .kind = kind}, names);
}

void PubSub::count(Client& client, ChannelKind kind, commands::Args names) {
  Query query{.client = &client, .kind = kind, .wanted = Query::Wanted::kCounts};
  query.asked.assign(names.begin(), names.end());
  query.counts.assign(names.size(), 0);
  start(std::move(query), names);
}

void PubSub::count_patterns(Client& client) {
  start({.client = &client, .kind = ChannelKind::kPattern, .wanted = Query::Wanted::kNumberOfNames},
        {});
}

void PubSub::start(Query query, commands::Args names) {
  const std::string bytes = encoded(names);
  if (bytes.size() > kItemBytesMax) {
    query.client->reply_now(kTooLarge);
    return host_.client_has_output(*query.client);
  }
  const bool counts = query.wanted == Query::Wanted::kCounts;
  const std::uint64_t id = next_id_++;
  query.slot = query.client->reserve();
  add(query, views(answer_here(query.kind, counts, {names.begin(), names.end()})));
  const auto ask = [&](const wire::Endpoint& to) {
    ByteBuffer* const out = to == host_.self() ? nullptr : host_.output_to(to);
    if (out == nullptr) return;
    // It owes an answer already, which will come before one to this.
    if (const auto peer = peers_.find(to); peer != peers_.end() && peer->second.is_mute) return;
    wire::encode(*out, wire::PubsubQuery{id, query.kind, counts, bytes});
    query.waits_for.insert(to);
  };
  const NodeId self = host_.self().node;
  for (Interests::Lane lane = 0; lane < host_.workers(); ++lane) ask({self, lane});
  for_each_other_member([&](const coordination::Member& member) {
    for (Interests::Lane lane = 0; lane < member.workers; ++lane) ask({member.id, lane});
  });
  if (query.waits_for.empty()) return finish(query);
  deadlines_.push_back({host_.now().instant + options_.liveness.silence, id});
  queries_.emplace(id, std::move(query));
}

std::vector<std::string> PubSub::answer_here(ChannelKind kind, bool counts,
                                             const wire::Args& names) const {
  std::vector<std::string> items;
  if (counts) {
    for (const auto name : names) items.push_back(std::to_string(subscribers_.count(kind, name)));
    return items;
  }
  std::size_t bytes = 0;
  subscribers_.for_each(kind, [&](const std::string& name) {
    if (!names.empty() && !commands::glob_match(names.front(), name)) return;
    if (items.size() >= kItemsMax || bytes + name.size() > kItemBytesMax) return;
    bytes += name.size();
    items.push_back(name);
  });
  return items;
}

bool PubSub::on_query(const wire::Endpoint& from, const wire::PubsubQuery& m) {
  wire::Args names;
  Decoder in(m.names);
  if (!wire::decode_names(in, names)) return false;
  const std::string items = encoded(views(answer_here(m.kind, m.counts, names)));
  if (ByteBuffer* out = host_.output_to(from)) {
    wire::encode(*out, wire::PubsubAnswer{m.id, items});
  }
  return true;
}

bool PubSub::on_answer(const wire::Endpoint& from, const wire::PubsubAnswer& m) {
  wire::Args items;
  Decoder in(m.items);
  if (!wire::decode_names(in, items)) return false;
  heard(from);
  const auto at = queries_.find(m.id);
  if (at == queries_.end() || at->second.waits_for.erase(from) == 0) return true;
  add(at->second, items);
  if (!at->second.waits_for.empty()) return true;
  finish(at->second);
  queries_.erase(at);
  return true;
}

void PubSub::add(Query& query, const std::vector<std::string_view>& items) {
  if (query.wanted != Query::Wanted::kCounts) {
    query.found.insert(items.begin(), items.end());
    return;
  }
  for (std::size_t i = 0; i < std::min(items.size(), query.counts.size()); ++i) {
    query.counts[i] += static_cast<std::uint64_t>(resp::parse_integer(items[i]).value_or(0));
  }
}

void PubSub::finish(const Query& query) {
  ByteBuffer reply;
  resp::Writer writer(reply, query.client->version);
  switch (query.wanted) {
    case Query::Wanted::kNames:
      writer.array(query.found.size());
      for (const std::string& name : query.found) writer.bulk(name);
      break;
    case Query::Wanted::kNumberOfNames:
      writer.integer(static_cast<std::int64_t>(query.found.size()));
      break;
    case Query::Wanted::kCounts:
      writer.array(query.asked.size() * 2);
      for (std::size_t i = 0; i < query.asked.size(); ++i) {
        writer.bulk(query.asked[i]);
        writer.integer(static_cast<std::int64_t>(query.counts[i]));
      }
      break;
  }
  gateway_.finish(*query.client, query.slot, reply.view());
}

std::size_t PubSub::names_at_node(ChannelKind kind) const {
  std::size_t names = interests_.count(kind);
  subscribers_.for_each(kind, [&](const std::string& name) {
    if (!interests_.has(kind, name)) ++names;
  });
  return names;
}

}  // namespace borg::node
