// SPDX-License-Identifier: Apache-2.0
// What a worker notes of the commands that it executes: counts, slow ones, and MONITOR's lines.
#include <algorithm>
#include <array>
#include <vector>

#include "node/worker.h"
#include "node/workers_command.h"
#include "resp/integer.h"

namespace borg::node {

namespace {

/// What is kept for all workers of a node is kept by this one.
constexpr WorkerIndex kFirst{0};
/// A client that MONITORs and does not read is closed when so much waits for it.
constexpr std::size_t kMonitorBytesMax = 64u * 1024 * 1024;

}  // namespace

void WorkerCore::execute(Client& client, commands::Args args, const storage::KeyRef* first) {
  follow_time();
  const std::uint64_t forwarded = gateway_.forwarded();
  asking_client_ = &client;
  gateway_.execute(client, args, first);
  asking_client_ = nullptr;
  const std::uint64_t nanos = meter_.lap();
  if (client.answers == nullptr) [[unlikely]]
    return note_unexecuted(client, args);
  const commands::CommandSpec& spec = *client.answers;
  ++meter_.counts().of(spec).calls;
  // What has its place at a primary is executed there, all else by its client's node.
  const bool is_executed =
      gateway_.forwarded() == forwarded || spec.place != commands::Place::kPartition;
  if (is_executed) {
    meter_.executed(spec, nanos);
    if (meter_.is_slow(nanos)) [[unlikely]]
      note_slow(spec, args, nanos, client.address(), client.name);
  }
  if (!monitors_.none()) [[unlikely]]
    show_command(client, args);
}

/// It waits for EXEC, and will be a call then; or it was refused.
void WorkerCore::note_unexecuted(const Client& client, commands::Args args) {
  if (client.last_command == nullptr) return;
  if (!gateway_.has_queued()) {
    ++meter_.counts().of(*client.last_command).rejected;
  } else if (!monitors_.none()) {
    show_command(client, args);
  }
}

/// Administrators' commands are not shown: they may hold what is not for everybody's eyes.
void WorkerCore::show_command(const Client& client, commands::Args args) {
  if (client.last_command->is(commands::kAdmin)) return;
  monitors_.add(now_.wall, client.address(), args);
}

/// Of a transaction of this worker's or another one's client, at the primary.
void WorkerCore::on_step(const commands::CommandSpec& spec, commands::Args args) {
  if (asking_client_ != nullptr) return note_step(*asking_client_, spec, args);
  const std::uint64_t nanos = meter_.step();
  meter_.executed(spec, nanos);
  if (meter_.is_slow(nanos)) [[unlikely]]
    note_slow(spec, args, nanos, address_of(asking_worker_), "");
}

void WorkerCore::note_step(const Client& client, const commands::CommandSpec& spec,
                           commands::Args args) {
  const std::uint64_t nanos = meter_.step();
  meter_.executed(spec, nanos);
  if (meter_.is_slow(nanos)) [[unlikely]]
    note_slow(spec, args, nanos, client.address(), client.name);
}

void WorkerCore::count_resetstat() {
  static constexpr std::array<std::string_view, 2> kWords{"config", "resetstat"};
  const commands::CommandSpec& spec = *commands::resolve(kWords);
  ++meter_.counts().of(spec).calls;
  meter_.executed(spec, 0);
}

/// A request of another worker, which counts it as a call; here it takes the time.
void WorkerCore::note_others_command(const commands::CommandSpec* spec, const Link& link,
                                     commands::Args args) {
  if (spec == nullptr) return;
  const std::uint64_t nanos = meter_.lap();
  meter_.executed(*spec, nanos);
  if (!meter_.is_slow(nanos) || spec->is(commands::kInternal)) [[likely]]
    return;
  note_slow(*spec, args, nanos, address_of(link.peer), "");
}

std::string WorkerCore::address_of(const wire::Endpoint& peer) const {
  const auto* const record = view_ == nullptr ? nullptr : view_->cluster->member(peer.node);
  if (record == nullptr) return "?:0";
  return coordination::client_address(record->member);
}

void WorkerCore::note_slow(const commands::CommandSpec& spec, commands::Args args,
                           std::uint64_t nanos, std::string_view address, std::string_view name) {
  note_latency(spec.is(commands::kFast) ? "fast-command" : "command", nanos);
  const std::int64_t limit_us = settings_->slowlog_slower_than_us;
  const auto took_us = static_cast<std::int64_t>(nanos / 1000);
  if (limit_us < 0 || took_us < limit_us || settings_->slowlog_entries_max == 0) return;
  if (spec.is(commands::kSkipSlowlog)) return;
  const std::string time_text = std::to_string(now_.wall.ms / 1000);
  const std::string took_text = std::to_string(took_us);
  const std::vector<std::string> words = SlowLog::shortened(args);
  std::vector<std::string_view> entry{"slow", time_text, took_text, address, name};
  entry.insert(entry.end(), words.begin(), words.end());
  WorkersCommand::tell(gateway_, kFirst, entry);
}

void WorkerCore::note_latency(std::string_view event, std::uint64_t nanos) {
  const auto took_ms = static_cast<std::int64_t>(nanos / 1'000'000);
  const std::int64_t limit_ms = settings_->latency_threshold_ms;
  if (limit_ms <= 0 || took_ms < limit_ms) [[likely]]
    return;
  const std::string time_text = std::to_string(now_.wall.ms / 1000);
  const std::string took_text = std::to_string(took_ms);
  WorkersCommand::tell(gateway_, kFirst, {"latency", event, time_text, took_text});
}

/// False if that is not what was asked.
bool WorkerCore::answer_about_slowness(std::string_view what, commands::Args args,
                                       resp::Writer& reply) {
  if (what == "slow" && args.size() >= 4) {
    slow_log_.add(args, settings_->slowlog_entries_max);
    reply.ok();
  } else if (what == "slowlog-get") {
    slow_log_.write(resp::parse_integer(args[0]).value_or(0), reply);
  } else if (what == "slowlog-len") {
    reply.integer(static_cast<std::int64_t>(slow_log_.size()));
  } else if (what == "slowlog-reset") {
    slow_log_.clear();
    reply.ok();
  } else if (what == "latency" && args.size() == 3) {
    latency_events_.add(args[0], resp::parse_integer(args[1]).value_or(0),
                        resp::parse_integer(args[2]).value_or(0));
    reply.ok();
  } else if (what == "latency-latest") {
    latency_events_.write_latest(reply);
  } else if (what == "latency-history") {
    latency_events_.write_history(args[0], reply);
  } else if (what == "latency-graph") {
    latency_events_.write_graph(args[0], now_.wall.ms / 1000, reply);
  } else if (what == "latency-doctor") {
    reply.verbatim(latency_events_.diagnosis(settings_->latency_threshold_ms));
  } else if (what == "latency-reset") {
    reply.integer(latency_events_.reset(args.subspan(1)));
  } else {
    return false;
  }
  return true;
}

// ---- MONITOR ----

/// What another worker, or this one, says of those that watch. False if it is something else.
bool WorkerCore::monitor(std::string_view what, commands::Args args) {
  if (what == "feed") {
    show_to_monitors(args[0]);
    return true;
  }
  if (what != "monitor" || args.size() < 2) return false;
  std::uint16_t worker = 0;
  if (resp::parse_whole(args[0], worker)) monitors_.watch(worker, args[1] == "on");
  return true;
}

/// Once a turn: what clients of this worker have asked goes to all that watch.
void WorkerCore::feed_monitors() {
  const std::string lines = monitors_.take();
  for (const std::uint16_t worker : monitors_.workers()) {
    if (worker == self_.lane) {
      show_to_monitors(lines);
    } else {
      WorkersCommand::tell(gateway_, WorkerIndex(worker), {"feed", lines});
    }
  }
}

void WorkerCore::show_to_monitors(std::string_view lines) {
  for (const auto& [id, client] : clients_) {
    const bool hears = client->sees_commands && !client->replies_off;
    if (!hears || client->gone || client->killed) continue;
    client->output.append(lines);
    if (client->output.size() > kMonitorBytesMax) client->closing = client->killed = true;
    client_has_output(*client);
  }
}

void WorkerCore::set_monitor(Client& client, bool on) {
  if (client.is_monitor == on) return;
  client.is_monitor = on;
  client.sees_commands = false;
  own_monitors_ += on ? 1 : -1;
  if (own_monitors_ > 0) return;
  const std::string lane = std::to_string(self_.lane);
  for (std::uint16_t w = 0; w < workers_; ++w) {
    WorkersCommand::tell(gateway_, WorkerIndex(w), {"monitor", lane, "off"});
  }
}

}  // namespace borg::node
