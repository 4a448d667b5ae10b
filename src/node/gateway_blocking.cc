// SPDX-License-Identifier: Apache-2.0
// Commands that block: long-lived requests, and what ends them other than an element.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/probe.h"
#include "base/slot.h"
#include "commands/blocking.h"
#include "commands/transaction.h"
#include "node/gateway.h"

namespace borg::node {
namespace {

constexpr std::string_view kUnblock = "_unblock";
/// Of each partition; the records of others go by age.
constexpr std::size_t kFinishedMax = 64;

}  // namespace

void Gateway::forward_blocking(Client& client, const commands::CommandSpec& spec,
                               PartitionId partition, std::string_view key, commands::Args args) {
  const bool lost = is_lost(partition);
  const auto timeout_ms = commands::timeout_of(spec, args);
  if (lost || !timeout_ms || is_too_large(args)) return forward(client, partition, true, args);
  const Instant now = host_.now().instant;
  const std::uint64_t seq = wire::kLongLivedBit | next_blocking_++;
  Blocking& blocking = blocking_[seq];
  blocking.seq = seq;
  blocking.partition = partition;
  blocking.target = {.client = &client, .slot = client.reserve()};
  blocking.is_write = true;
  blocking.resp = static_cast<std::uint8_t>(client.version);
  blocking.key = key;
  blocking.deadline = now + options_.request_deadline;
  blocking.gives_up_at = blocking.deadline + extra_time_max(options_);
  if (*timeout_ms > 0 && *timeout_ms < Duration::seconds(INT32_MAX).as_millis()) {
    blocking.times_out_at = now + Duration::millis(*timeout_ms);
  }
  Encoder encoder(blocking.args);
  wire::encode_args(encoder, args);
  if (const auto finished = finished_.find(partition.value()); finished != finished_.end()) {
    blocking.finished = finished->second.back();
    finished->second.pop_back();
    if (finished->second.empty()) finished_.erase(finished);
  }
  client.blocked_on = seq;
  wake_at(blocking);
  if (!changed_[partition.value()] && !changed_later_[partition.value()]) send(blocking);
}

/// The primary has it, and nothing for it. From then on it may take hours; but the gateway asks
/// again now and then. The primary that answers has not executed it before it was asked, so its
/// record, should it come to that, is kept for long enough after.
void Gateway::on_waiting(Blocking& blocking) {
  if (blocking.is_cancelled || blocking.asked_at == Instant::never()) return;
  blocking.deadline = blocking.asked_at + options_.request_deadline * 2;
  blocking.gives_up_at = blocking.deadline + extra_time_max(options_);
  blocking.refresh_at = blocking.asked_at + options_.request_deadline;
  blocking.asked_at = Instant::never();
  if (!blocking.is_waiting) ++waiting_;
  blocking.is_waiting = true;
  blocking.target.client->is_blocked = true;
  wake_at(blocking);
}

void Gateway::wake_at(Blocking& blocking) {
  wakes_.erase({blocking.wakes_at, blocking.seq});
  blocking.wakes_at = blocking.deadline;
  if (!blocking.is_cancelled) {
    blocking.wakes_at = std::min({blocking.deadline, blocking.refresh_at, blocking.times_out_at});
  }
  wakes_.insert({blocking.wakes_at, blocking.seq});
}

void Gateway::tick_blocking(Instant now) {
  while (!wakes_.empty() && wakes_.begin()->first <= now) {
    wake(blocking_.at(wakes_.begin()->second), now);
  }
}

void Gateway::wake(Blocking& blocking, Instant now) {
  // A replica on this very worker can be asked without a message.
  const bool is_certain = blocking.is_waiting && !blocking.is_cancelled &&
                          is_here(blocking.partition, false) &&
                          host_.is_blocked_here(blocking.partition, blocking.seq);
  if (is_certain) {
    blocking.asked_at = now;
    on_waiting(blocking);
  }
  if (blocking.deadline <= now && wait_on(blocking)) wake_at(blocking);
  if (blocking.deadline <= now) {
    reached<"nobody knows what became of a command that was blocked">();
    return fail(blocking, blocking.sent ? kInDoubt : kNotWritten);
  }
  if (blocking.times_out_at <= now) return cancel(blocking, "timeout");
  if (blocking.refresh_at <= now) {
    blocking.refresh_at = Instant::never();  // until it is answered
    wake_at(blocking);
    send(blocking);
  }
}

/// From now on only this is sent: what it is answered is the command's answer, whether that is an
/// element after all or not.
void Gateway::cancel(Blocking& blocking, std::string_view why) {
  if (blocking.is_cancelled) return;
  blocking.is_cancelled = true;
  // With all its keys: if it has been executed, it is about these.
  const ByteBuffer command = std::exchange(blocking.args, {});
  wire::Args given;
  Decoder in(command.view());
  const bool is_read = wire::decode_args(in, given);
  const commands::CommandSpec* const spec = is_read ? commands::resolve(given) : nullptr;
  BORG_CHECK(spec != nullptr);
  std::vector<std::string_view> args{kUnblock};
  commands::for_each_key(*spec, given, [&](std::size_t i) { args.push_back(given[i]); });
  args.push_back(why);
  Encoder encoder(blocking.args);
  wire::encode_args(encoder, args);
  if (!blocking.sent) {
    ByteBuffer reply;
    resp::Writer writer(reply, blocking.resp == 3 ? resp::Version::kResp3 : resp::Version::kResp2);
    commands::write_unblocked(why, writer);
    return fail(blocking, reply.view());
  }
  const Instant now = host_.now().instant;
  if (blocking.deadline <= now) return;
  blocking.deadline = now + options_.request_deadline;
  blocking.gives_up_at = std::max(blocking.gives_up_at, blocking.deadline);
  wake_at(blocking);
  send(blocking);
}

void Gateway::note_asked(Pending& pending) {
  if (!wire::is_long_lived(pending.seq)) return;
  auto& blocking = static_cast<Blocking&>(pending);
  blocking.asked_at = std::min(blocking.asked_at, host_.now().instant);
}

/// Those that answers come to at once are gone from the map by then.
void Gateway::resend_blocking(const std::vector<bool>& changed, Instant now) {
  std::vector<std::uint64_t> affected;
  for (const auto& [seq, blocking] : blocking_) {
    if (changed[blocking.partition.value()] && blocking.deadline > now) affected.push_back(seq);
  }
  for (const std::uint64_t seq : affected) {
    if (Pending* pending = find(seq)) send(*pending);
  }
}

void Gateway::fail_lost_blocking() {
  std::vector<std::uint64_t> affected;
  for (const auto& [seq, blocking] : blocking_) {
    if (lost_[blocking.partition.value()]) affected.push_back(seq);
  }
  for (const std::uint64_t seq : affected) {
    if (Pending* pending = find(seq)) fail(*pending, pending->sent ? kLostInDoubt : kDataLoss);
  }
}

void Gateway::finish_blocking(Blocking& blocking, std::string_view reply, Instant valid_until) {
  wakes_.erase({blocking.wakes_at, blocking.seq});
  if (blocking.is_waiting) --waiting_;
  if (blocking.sent && !reply.starts_with("-INDOUBT ")) {
    auto& finished = finished_[blocking.partition.value()];
    if (finished.size() < kFinishedMax) finished.push_back(blocking.seq);
  }
  const Target target = std::move(blocking.target);
  const std::vector<Unblocker> unblockers = std::move(blocking.unblockers);
  blocking_.erase(blocking.seq);
  Client& client = *target.client;
  client.blocked_on = 0;
  client.is_blocked = false;
  host_.client_may_go_on(client);
  const bool is_unblocked = commands::is_unblocked(reply);
  for (const Unblocker& unblocker : unblockers) {
    host_.answer(unblocker.origin, unblocker.partition, is_unblocked ? ":1\r\n" : ":0\r\n");
  }
  client.finish(target.slot, reply, valid_until);
  host_.client_has_output(client);
  if (client.gone && client.nothing_pending()) host_.client_left(client);
}

void Gateway::unblock(const Client& client, std::string_view why, const wire::Origin& origin,
                      PartitionId partition) {
  const auto blocking = blocking_.find(client.blocked_on);
  if (blocking == blocking_.end() || blocking->second.is_cancelled) {
    return host_.answer(origin, partition, ":0\r\n");
  }
  blocking->second.unblockers.push_back({origin, partition});
  cancel(blocking->second, why);
}

}  // namespace borg::node
