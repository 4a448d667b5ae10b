// SPDX-License-Identifier: Apache-2.0
// Publish/subscribe, as clients ask for it.
#include <algorithm>
#include <array>

#include "node/gateway_commands.h"
#include "node/pubsub.h"

namespace borg::node {
namespace {

PubSub& pubsub(const GatewayCall& call) { return call.gateway.host().pubsub(); }

template <ChannelKind kKind>
void subscribe(const GatewayCall& call) {
  pubsub(call).subscribe(call.client, kKind, call.args.subspan(1));
}

template <ChannelKind kKind>
void unsubscribe(const GatewayCall& call) {
  pubsub(call).unsubscribe(call.client, kKind, call.args.subspan(1));
}

void publish(const GatewayCall& call) {
  pubsub(call).publish(call.client, false, call.args[1], call.args[2]);
}

void spublish(const GatewayCall& call) {
  pubsub(call).publish(call.client, true, call.args[1], call.args[2]);
}

template <ChannelKind kKind>
void list(const GatewayCall& call) {
  if (call.args.size() > 3) {
    call.error("ERR unknown subcommand or wrong number of arguments for '" +
               std::string(call.args[1]) + "'. Try PUBSUB HELP.");
    return;
  }
  const bool has_pattern = call.args.size() == 3;
  pubsub(call).list(call.client, kKind, has_pattern ? std::optional(call.args[2]) : std::nullopt);
}

template <ChannelKind kKind>
void count(const GatewayCall& call) {
  pubsub(call).count(call.client, kKind, call.args.subspan(2));
}

void count_patterns(const GatewayCall& call) { pubsub(call).count_patterns(call.client); }

constexpr std::array<GatewayRow, 13> kRows{{
    {"subscribe", subscribe<ChannelKind::kChannel>},
    {"psubscribe", subscribe<ChannelKind::kPattern>},
    {"ssubscribe", subscribe<ChannelKind::kShard>},
    {"unsubscribe", unsubscribe<ChannelKind::kChannel>},
    {"punsubscribe", unsubscribe<ChannelKind::kPattern>},
    {"sunsubscribe", unsubscribe<ChannelKind::kShard>},
    {"publish", publish},
    {"spublish", spublish},
    {"pubsub|channels", list<ChannelKind::kChannel>},
    {"pubsub|shardchannels", list<ChannelKind::kShard>},
    {"pubsub|numsub", count<ChannelKind::kChannel>},
    {"pubsub|shardnumsub", count<ChannelKind::kShard>},
    {"pubsub|numpat", count_patterns},
}};

bool is_for_subscribers(const commands::CommandSpec& spec) {
  static constexpr std::array<std::string_view, 9> kNames{
      "ping",         "subscribe",    "psubscribe", "ssubscribe", "unsubscribe",
      "punsubscribe", "sunsubscribe", "quit",       "reset"};
  return std::find(kNames.begin(), kNames.end(), spec.name) != kNames.end();
}

}  // namespace

std::span<const GatewayRow> pubsub_rows() { return kRows; }

bool is_refused_to_subscriber(const Client& client, const commands::CommandSpec& spec) {
  return client.subscriptions != nullptr && client.version == resp::Version::kResp2 &&
         !is_for_subscribers(spec);
}

}  // namespace borg::node
