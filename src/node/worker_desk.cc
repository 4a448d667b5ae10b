// SPDX-License-Identifier: Apache-2.0
// What the workers of a node ask and tell each other about their clients (see WorkersCommand).
#include <algorithm>
#include <string>

#include "node/client_filter.h"
#include "node/gateway_commands.h"
#include "node/worker.h"
#include "resp/integer.h"

namespace borg::node {

namespace {

ConnectionId asker(commands::Args args) {
  return ConnectionId(static_cast<std::uint64_t>(resp::parse_integer(args[0]).value_or(0)));
}

}  // namespace

/// The arguments are the request's name, what is asked, who asks, and what that one wrote.
void WorkerCore::answer_worker_request(PartitionId partition,
                                       const replication::Replica::RequestView& request) {
  if (request.args.size() == 5 && request.args[1] == "unblock") {
    return unblock_client(partition, request);
  }
  ByteBuffer out;
  resp::Writer writer(out,
                      request.origin.resp == 3 ? resp::Version::kResp3 : resp::Version::kResp2);
  const std::string_view what = request.args.size() < 3 ? "" : request.args[1];
  const commands::Args args = what.empty() ? commands::Args() : request.args.subspan(2);
  if (what == "list") {
    write_clients(args, writer);
  } else if (what == "kill") {
    kill_clients(args, writer);
  } else if (what == "pause" && args.size() == 3) {
    pause(args);
    writer.ok();
  } else if (what == "unpause") {
    end_pause();
    writer.ok();
  } else if (what == "active-expire") {
    expires_actively_ = args[0] != "0";
    writer.ok();
  } else if (monitor(what, args)) {
    writer.ok();
  } else if (!answer_about_slowness(what, args, writer)) {
    writer.error("ERR unknown request of a worker");
  }
  reply(request.origin, partition, wire::ReplyStatus::kDone, out.view(), Instant::never());
}

/// Answered when it is known whether the client is unblocked by this.
void WorkerCore::unblock_client(PartitionId partition,
                                const replication::Replica::RequestView& request) {
  const auto id = resp::parse_integer(request.args[3]).value_or(0);
  const auto at = clients_.find(ConnectionId(static_cast<std::uint64_t>(id)));
  if (at == clients_.end()) return answer(request.origin, partition, ":0\r\n");
  gateway_.unblock(*at->second, request.args[4], request.origin, partition);
}

void WorkerCore::write_clients(commands::Args args, resp::Writer& reply) const {
  ClientFilter filter;
  if (const auto error = parse_list_filter(args.subspan(1), filter); !error.empty()) {
    return reply.error(error);
  }
  std::string text;
  for (const auto& [id, client] : clients_) {
    if (filter.matches(*client, asker(args), now_.instant))
      text += describe(*client, now_.instant) + "\n";
  }
  reply.bulk(text);
}

PresentFacts WorkerCore::present_facts() const {
  PresentFacts facts;
  for (const auto& [id, client] : clients_) {
    facts.input_bytes_max = std::max<std::uint64_t>(facts.input_bytes_max, client->input_bytes);
    facts.output_bytes_max =
        std::max<std::uint64_t>(facts.output_bytes_max, client->output_bytes());
    facts.clients_bytes += client->memory_bytes();
  }
  facts.garbage = garbage_.size();
  facts.compacting = compaction_.is_under_way() ? 1 : 0;
  // All workers of a node know of the same channels, but for what is just being told.
  if (self_.lane != 0) return facts;
  facts.channels = pubsub_.names_at_node(ChannelKind::kChannel);
  facts.patterns = pubsub_.names_at_node(ChannelKind::kPattern);
  facts.shard_channels = pubsub_.names_at_node(ChannelKind::kShard);
  return facts;
}

/// The asker gets its answer first.
void WorkerCore::kill_clients(commands::Args args, resp::Writer& reply) {
  ClientFilter filter;
  if (const auto error = parse_kill_filter(args.subspan(1), filter); !error.empty()) {
    return reply.error(error);
  }
  std::int64_t killed = 0;
  for (const auto& [id, client] : clients_) {
    const bool is_asker = id == asker(args);
    if (!filter.matches(*client, asker(args), now_.instant)) continue;
    ++killed;
    client->closing = true;
    client->killed = !is_asker;
    client_has_output(*client);
  }
  reply.integer(killed);
}

/// Of two pauses the longer time counts, and that they hold more.
void WorkerCore::pause(commands::Args args) {
  const std::int64_t ms = resp::parse_integer(args[1]).value_or(0);
  constexpr std::int64_t kMillisMax = INT64_MAX / 4'000'000;
  const Instant end = now_.instant + Duration::millis(std::min(ms, kMillisMax));
  pause_ends_ = pause_ == Pause::kNone ? end : std::max(end, pause_ends_);
  if (pause_ != Pause::kAll) pause_ = args[2] == "write" ? Pause::kWrites : Pause::kAll;
}

void WorkerCore::end_pause() {
  if (pause_ == Pause::kNone) return;
  pause_ = Pause::kNone;
  for (const auto& [id, client] : clients_) client->is_held = false;
}

/// What is refused anyway is refused at once.
bool WorkerCore::is_held_back(const Client& client, commands::Args args) const {
  if (args.empty()) return false;
  const commands::CommandSpec* const spec = commands::resolve(args);
  ByteBuffer error;
  resp::Writer ignored(error, client.version);
  const bool is_refused = spec == nullptr || spec->is(commands::kInternal) ||
                          !commands::check_arity(*spec, args, ignored) ||
                          is_refused_to_subscriber(client, *spec);
  if (is_refused || spec->name == "quit") return false;
  if (pause_ == Pause::kAll) return true;
  if (spec->name == "exec" && client.transaction != nullptr) {
    return client.transaction->has_writes();
  }
  return spec->is(commands::kWrite) || spec->is(commands::kMayReplicate);
}

/// The command is read again when the pause is over.
void WorkerCore::hold(Client& client) { client.is_held = true; }

/// Once a second: who has asked nothing for longer than the setting says, and waits for nothing.
void WorkerCore::close_idle_clients() {
  if (now_.instant - idle_clients_seen_ < Duration::seconds(1)) return;
  idle_clients_seen_ = now_.instant;
  const Duration allowed = Duration::seconds(settings_->client_timeout_s);
  for (const auto& [id, client] : clients_) {
    const bool waits = !client->nothing_pending() || client->is_held || client->is_monitor ||
                       client->subscriptions != nullptr;
    if (client->gone || waits || now_.instant - client->last_active <= allowed) continue;
    client->closing = client->killed = true;
    client_has_output(*client);
  }
}

}  // namespace borg::node
