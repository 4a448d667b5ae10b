// SPDX-License-Identifier: Apache-2.0
// Commands that wait at the primary until there is something for them.
#include "commands/blocking.h"

#include "base/check.h"
#include "base/planted_bug.h"
#include "base/probe.h"
#include "replication/replica.h"
#include "resp/writer.h"

namespace borg::replication {

namespace {

constexpr std::string_view kUnblock = "_unblock";

}  // namespace

/// What can be said of a long-lived request without executing anything: it waits here already,
/// or it does and shall not any more.
bool Replica::deal_with_blocked(const commands::CommandSpec& spec, const RequestView& request,
                                Now now, resp::Writer& reply, ReplicaSink& sink) {
  records_.drop_finished(request.origin);
  if (spec.name != kUnblock) {
    if (!blocked_.refresh(request.origin, now.instant)) return false;
    say_waiting(request.origin, sink);
    return true;
  }
  if (is_planted(PlantedBug::kForgetCancels)) {
    blocked_.remove(request.origin);
    reply.null_array();
    sink.reply(request.origin, partition_, wire::ReplyStatus::kDone, reply.buffer().view(),
               Instant::never());
    return true;
  }
  if (!blocked_.remove(request.origin)) return false;
  // Nothing has to be recorded: every copy of the request that this term could execute came before
  // this one, on the same way. But an operation of the term before may have executed the request
  // and be unknown here, while a backup has it: only who proves that it is primary still, and that
  // all in-sync replicas have its history, can say that nothing was done.
  const PartitionTime time = clock_.advance(now);
  commands::Context context{.store = store_,
                            .partition = partition_,
                            .now_ms = time.now_ms,
                            .random = 0,
                            .reply = reply,
                            .wall_offset_ms = time.wall_offset_ms};
  spec.handler(context, request.args);
  answer_read(request.origin, reply.buffer().view(), now, sink);
  return true;
}

void Replica::say_waiting(const wire::Origin& origin, ReplicaSink& sink) {
  sink.reply(origin, partition_, wire::ReplyStatus::kWaiting, {}, Instant::never());
}

void Replica::block(const RequestView& request, const commands::Context& context, Now now,
                    ReplicaSink& sink) {
  blocked_.add(
      {.origin = request.origin,
       .args = {request.args.begin(), request.args.end()},
       .first_key = static_cast<std::size_t>(context.waits_for.data() - request.args.data()),
       .keys = context.waits_for.size(),
       .type = context.waits_for_type,
       .asked_at = now.instant});
  say_waiting(request.origin, sink);
}

/// In the order in which the keys became ready, as Redis does; what is served may make others
/// ready, which come behind.
void Replica::serve_blocked(Now now, ReplicaSink& sink) {
  while (!ready_.empty()) {
    std::vector<std::string> ready;
    ready.swap(ready_);
    for (const std::string& key : ready) serve_blocked_on(key, now, sink);
  }
}

void Replica::serve_blocked_on(const std::string& key, Now now, ReplicaSink& sink) {
  BlockedRequests::Ticket after = 0;
  while (const BlockedRequests::Blocked* next = blocked_.next(key, after)) {
    after = next->ticket;
    const auto entry = store_.find(storage::key_ref(key));
    if (!entry || entry->expired_at(clock_.advance(now).now_ms)) return;
    if (entry->type == next->type) serve(*next, key, now, sink);
  }
}

/// Executes a command that waited, for this key alone: an operation like any other.
void Replica::serve(const BlockedRequests::Blocked& blocked, std::string_view key, Now now,
                    ReplicaSink& sink) {
  const std::vector<std::string_view> all(blocked.args.begin(), blocked.args.end());
  const commands::CommandSpec* const spec = commands::resolve(all);
  BORG_CHECK(spec != nullptr && spec->handler != nullptr);
  const auto waits_for = commands::Args(all).subspan(blocked.first_key, blocked.keys);
  const auto args = commands::narrowed(*spec, all, waits_for, key);
  const wire::Origin origin = blocked.origin;
  resp::Writer reply(sink.scratch(), version_of(origin));
  const PartitionTime time = clock_.advance(now);
  commands::Context context{.store = store_,
                            .partition = partition_,
                            .now_ms = time.now_ms,
                            .random = sink.draw_random(),
                            .reply = reply,
                            .wall_offset_ms = time.wall_offset_ms,
                            .events = sink.wants_events() ? &noted_ : nullptr};
  run(*spec, args, context);
  if (!context.waits_for.empty()) return;
  reached<"a command that was blocked is served">();
  append_outcome(*spec, {.origin = origin, .term = config_.term, .args = args}, context,
                 reply.buffer().view(), sink);
  hold_events(now, sink);
  blocked_.remove(origin);  // and with it what `blocked`, and so the arguments, refer to
  answer_write(origin, reply.buffer().view(), last_seq_, now, sink);
}

void Replica::turn_away_blocked(ReplicaSink& sink) {
  if (is_planted(PlantedBug::kKeepBlocked)) return;
  for (const BlockedRequests::Blocked& blocked : blocked_.take_all()) {
    reached<"a primary resigns with commands that are blocked">();
    moved(blocked.origin, sink);
  }
}

bool Replica::is_blocked(const wire::Origin& origin, Now now) {
  return blocked_.refresh(origin, now.instant);
}

void Replica::gateway_left(const wire::Endpoint& gateway) {
  if (blocked_.empty()) return;
  blocked_.remove_if([&](const auto& blocked) { return blocked.origin.gateway == gateway; });
}

}  // namespace borg::replication
