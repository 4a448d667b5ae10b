// SPDX-License-Identifier: Apache-2.0
#include "node/subscribers.h"

#include <algorithm>
#include <initializer_list>

#include "base/check.h"
#include "commands/command.h"

namespace borg::node {
namespace {

/// One message in both versions of the protocol, each written when it is first asked for.
class PushText {
 public:
  explicit PushText(std::initializer_list<std::string_view> parts) : parts_(parts) {}

  std::string_view as(resp::Version version) {
    ByteBuffer& text = version == resp::Version::kResp3 ? resp3_ : resp2_;
    if (text.empty()) {
      resp::Writer writer(text, version);
      writer.push(parts_.size());
      for (const std::string_view part : parts_) writer.bulk(part);
    }
    return text.view();
  }

 private:
  const std::vector<std::string_view> parts_;
  ByteBuffer resp2_;
  ByteBuffer resp3_;
};

}  // namespace

bool Subscribers::add(ChannelKind kind, std::string_view name, Client& client) {
  Clients& clients = clients_[static_cast<std::size_t>(kind)][std::string(name)];
  clients.push_back(&client);
  return clients.size() == 1;
}

bool Subscribers::remove(ChannelKind kind, std::string_view name, const Client& client) {
  auto& by_name = clients_[static_cast<std::size_t>(kind)];
  const auto at = by_name.find(name);
  BORG_CHECK(at != by_name.end());
  const auto found = std::find(at->second.begin(), at->second.end(), &client);
  BORG_CHECK(found != at->second.end());
  at->second.erase(found);
  if (!at->second.empty()) return false;
  by_name.erase(at);
  return true;
}

std::size_t Subscribers::deliver(bool is_sharded, std::string_view channel,
                                 std::string_view message, const Push& push) const {
  std::size_t receivers = 0;
  const auto push_to = [&](const Clients& clients, PushText&& text) {
    receivers += clients.size();
    for (Client* const client : clients) push(*client, text.as(client->version));
  };
  const auto& by_name = of(is_sharded ? ChannelKind::kShard : ChannelKind::kChannel);
  if (const auto at = by_name.find(channel); at != by_name.end()) {
    push_to(at->second, PushText({is_sharded ? "smessage" : "message", channel, message}));
  }
  if (is_sharded) return receivers;
  for (const auto& [pattern, clients] : of(ChannelKind::kPattern)) {
    if (!commands::glob_match(pattern, channel)) continue;
    push_to(clients, PushText({"pmessage", pattern, channel, message}));
  }
  return receivers;
}

std::size_t Subscribers::count(ChannelKind kind, std::string_view name) const {
  const auto at = of(kind).find(name);
  return at == of(kind).end() ? 0 : at->second.size();
}

void Subscribers::for_each(ChannelKind kind,
                           const std::function<void(const std::string& name)>& visit) const {
  for (const auto& [name, clients] : of(kind)) visit(name);
}

}  // namespace borg::node
