// SPDX-License-Identifier: Apache-2.0
// A primary executes commands, and answers when the replicas have them.
#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "base/check.h"
#include "base/planted_bug.h"
#include "base/probe.h"
#include "base/slot.h"
#include "commands/growth.h"
#include "commands/transaction.h"
#include "replication/replica.h"
#include "resp/writer.h"

namespace borg::replication {
namespace {

constexpr std::string_view kTooFewNodes =
    "NOREPLICAS Not enough live nodes to hold this write, nothing was written";
constexpr std::string_view kOutOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";
/// Before the reason, if it was a transaction.
constexpr std::string_view kDiscarded = "EXECABORT Transaction discarded because of: ";

/// What refuse_write() has said.
bool is_refusal(std::string_view reply) {
  if (!reply.starts_with('-')) return false;
  reply.remove_prefix(1);
  return reply.starts_with(kTooFewNodes) || reply.starts_with(kOutOfMemory) ||
         reply.starts_with(kDiscarded);
}

std::string_view name_of(Replica::Role role) {
  constexpr std::array<std::string_view, 4> kNames{"none", "primary", "backup", "syncing"};
  return kNames.at(static_cast<std::size_t>(role));
}

std::vector<std::string_view> keys_of(const commands::CommandSpec& spec, commands::Args args) {
  std::vector<std::string_view> keys;
  commands::for_each_key(spec, args, [&](std::size_t i) { keys.push_back(args[i]); });
  return keys;
}

}  // namespace

resp::Version Replica::version_of(const wire::Origin& origin) {
  return origin.resp == 3 ? resp::Version::kResp3 : resp::Version::kResp2;
}

void Replica::moved(const wire::Origin& origin, ReplicaSink& sink) {
  ByteBuffer bytes;
  Encoder encoder(bytes);
  wire::encode_config(encoder, config_);
  sink.reply(origin, partition_, wire::ReplyStatus::kMoved, bytes.view(), Instant::never());
}

/// By a configuration that this node has not heard of yet, it may be alone, for which it has asked,
/// so that whoever was in sync has no say any more; or a replica that has caught up may be in sync,
/// and take over. So their leases are needed like those of the others.
Instant Replica::serve_until(const ReplicaSink& sink) const {
  if (is_planted(PlantedBug::kServeWithoutLease)) return Instant::never();
  if (config_.in_sync.size() > 1 && sink.may_be_alone(partition_)) {
    PartitionConfig alone = config_;
    alone.in_sync = {config_.primary()};
    return std::min(leased_until(sink), sink.serve_until(alone));
  }
  return leased_until(sink);
}

Instant Replica::leased_until(const ReplicaSink& sink) const {
  const auto is_joining = [&](const Peer& p) {
    return p.counts() && !config_.in_sync.contains(p.node);
  };
  if (std::none_of(peers_.begin(), peers_.end(), is_joining)) return sink.serve_until(config_);
  PartitionConfig widest = config_;
  for (const Peer& p : peers_) {
    if (is_joining(p)) widest.in_sync.push_back(p.node);
  }
  return sink.serve_until(widest);
}

bool Replica::may_serve(Now now, const ReplicaSink& sink) const {
  return now.instant < serve_until(sink);
}

void Replica::request(const RequestView& request, Now now, ReplicaSink& sink) {
  if (request.any_replica) {
    execute_as_any_replica(request, now, sink);
  } else if (request.term > config_.term) {
    reached<"a request waits for a newer view">();
    hold(request);  // the sender knows more than this node: its view is about to arrive
  } else if (role_ != Role::kPrimary || request.term != config_.term) {
    moved(request.origin, sink);
  } else if (parked_ || !held_.empty() || !may_serve(now, sink)) {
    hold(request);
  } else {
    execute(request, now, sink);
  }
}

/// Behind what is held already: commands of one connection never overtake each other.
void Replica::hold(const RequestView& request) {
  Parked held{.origin = request.origin, .term = request.term, .args = {}};
  held.args.assign(request.args.begin(), request.args.end());
  held_.push_back(std::move(held));
}

void Replica::serve_held(Now now, ReplicaSink& sink) {
  std::vector<std::string_view> args;
  while (!held_.empty()) {
    const Parked& next = held_.front();
    if (next.term > config_.term) return;
    const bool is_ours = role_ == Role::kPrimary && next.term == config_.term;
    if (is_ours && (parked_ || !may_serve(now, sink))) return;
    const Parked held = std::move(held_.front());
    held_.pop_front();
    if (!is_ours) {
      reached<"a held request moves on">();
      moved(held.origin, sink);
      continue;
    }
    args.assign(held.args.begin(), held.args.end());
    execute({.origin = held.origin, .term = held.term, .args = args}, now, sink);
  }
}

/// Whether the command's keys are all of this partition: other nodes may ask for anything. Of one
/// of them more may be `known` already; else it is afterwards.
bool Replica::has_place_for_keys(const commands::CommandSpec& spec, commands::Args args,
                                 std::optional<storage::KeyRef>& known) const {
  if (spec.is(commands::kTransaction) && !commands::read_transaction(args)) return false;
  bool is_here = true;
  commands::for_each_key(spec, args, [&](std::size_t i) {
    const bool is_known = known && known->key.data() == args[i].data();
    const SlotId slot = is_known ? known->slot : slot_of_key(args[i]);
    is_here = is_here && partition_of(slot) == partition_;
    if (!known) known = storage::key_ref(args[i], slot);
  });
  return is_here;
}

/// The command's row, if it can be executed here; else the reply says why not.
const commands::CommandSpec* Replica::executable(const RequestView& request, resp::Writer& reply,
                                                 const ReplicaSink& sink,
                                                 std::optional<storage::KeyRef>& key) const {
  if (request.key != nullptr) key = *request.key;
  if (request.spec != nullptr) return request.spec;
  const commands::CommandSpec* spec =
      request.row != nullptr ? request.row : commands::resolve(request.args);
  if (spec == nullptr || spec->handler == nullptr) {
    commands::write_unknown(request.args, reply);
    return nullptr;
  }
  if (!commands::check_arity(*spec, request.args, reply)) return nullptr;
  if (!sink.is_own_gateway(request.origin) && !has_place_for_keys(*spec, request.args, key)) {
    reply.error("ERR a key is not of this partition");
    return nullptr;
  }
  return spec;
}

void Replica::execute(const RequestView& request, Now now, ReplicaSink& sink) {
  resp::Writer reply(sink.scratch(), version_of(request.origin));
  std::optional<storage::KeyRef> key;
  const commands::CommandSpec* spec = executable(request, reply, sink, key);
  if (spec == nullptr) {
    answer_read(request.origin, reply.buffer().view(), now, sink);
    return;
  }
  const bool is_write = spec->is(commands::kWrite);
  const bool is_long_lived = wire::is_long_lived(request.origin.seq);
  if (is_long_lived && deal_with_blocked(*spec, request, now, reply, sink)) return;
  if (is_write &&
      (answer_duplicate(*spec, request, now, sink) || refuse_write(*spec, request, now, sink))) {
    return;
  }
  const PartitionTime time = clock_.advance(now);
  commands::Context context{.store = store_,
                            .partition = partition_,
                            .now_ms = time.now_ms,
                            .random = sink.draw_random(),
                            .reply = reply,
                            .wall_offset_ms = time.wall_offset_ms,
                            .known_key = key ? &*key : nullptr,
                            .events = sink.wants_events() ? &noted_ : nullptr,
                            .observer = sink.transaction_observer()};
  if (spec->is(commands::kWatching)) [[unlikely]]
    begin_watching(keys_of(*spec, request.args), now, sink);
  run(*spec, request.args, context);
  if (is_long_lived && !context.waits_for.empty()) return block(request, context, now, sink);
  const std::string_view bytes = reply.buffer().view();
  if (context.met_expired && !context.changed) run_expiry(keys_of(*spec, request.args), now, sink);
  if (!context.afterwards.empty() && !is_write) {
    run_own({context.afterwards.begin(), context.afterwards.end()}, now, sink);
  }
  // A write that changed nothing is recorded too: another copy of it that comes later must not
  // find a state in which it would change something, when its client has this answer. The only
  // copy needs that if its answer has to wait: it is sent again if this node resigns meanwhile,
  // and those behind it may have happened by then.
  const auto is_recorded = [&] {
    return is_write && (!request.is_only_copy || stable_ < last_seq_ || !may_serve(now, sink));
  };
  if (context.changed || (is_recorded() && !sink.too_few_nodes())) {
    append_outcome(*spec, request, context, bytes, sink);
    hold_events(now, sink);
    answer_write(request.origin, bytes, last_seq_, now, sink);
    return serve_blocked(now, sink);
  }
  hold_events(now, sink);
  answer_read(request.origin, bytes, now, sink);
}

void Replica::run(const commands::CommandSpec& spec, commands::Args args,
                  commands::Context& context) {
  record_changes();
  if (!blocked_.empty()) store_.note_containers(&ready_);
  spec.handler(context, args);
  lookups_.add(context.lookups);
  store_.note_containers(nullptr);
  store_.record_changes(nullptr);
}

void Replica::execute_as_any_replica(const RequestView& request, Now now, ReplicaSink& sink) {
  resp::Writer reply(sink.scratch(), version_of(request.origin));
  std::optional<storage::KeyRef> key;
  const commands::CommandSpec* spec = executable(request, reply, sink, key);
  if (spec != nullptr && spec->is(commands::kWrite)) {
    commands::write_unknown(request.args, reply);
  } else if (spec != nullptr) {
    const commands::Standing standing{.role = name_of(role_),
                                      .epoch = config_.epoch.value(),
                                      .term = last_term_.value(),
                                      .seq = last_seq_.value()};
    const PartitionTime time = clock_.read(now.instant);
    commands::Context context{.store = store_,
                              .partition = partition_,
                              .now_ms = time.now_ms,
                              .random = 0,
                              .reply = reply,
                              .wall_offset_ms = time.wall_offset_ms,
                              .standing = &standing};
    spec->handler(context, request.args);
  }
  sink.reply(request.origin, partition_, wire::ReplyStatus::kDone, reply.buffer().view(),
             Instant::never());
}

/// What is written may be more than any margin: large arguments, and what the command makes of
/// them.
bool Replica::lacks_memory(const commands::CommandSpec& spec, commands::Args args,
                           ReplicaSink& sink) const {
  constexpr std::uint64_t kLargeBytes = 64 * 1024;
  if (!spec.is(commands::kDenyOom)) return false;
  std::uint64_t need = 0;
  for (const std::string_view arg : args) need += arg.size();
  need = (need > kLargeBytes ? need : 0) + commands::growth(spec, args, store_);
  if (sink.out_of_memory(config_, need)) return true;
  if (need > 0) sink.note_large_write(config_, need);
  return false;
}

bool Replica::refuse_write(const commands::CommandSpec& spec, const RequestView& request, Now now,
                           ReplicaSink& sink) {
  std::string refusal;
  if (sink.too_few_nodes()) {
    refusal = kTooFewNodes;
  } else if (lacks_memory(spec, request.args, sink)) {
    refusal = kOutOfMemory;
  } else {
    return false;
  }
  if (spec.is(commands::kTransaction)) refusal.insert(0, kDiscarded);
  ByteBuffer bytes;
  resp::Writer reply(bytes, version_of(request.origin));
  reply.error(refusal);
  if (!request.is_only_copy) record_refusal(request.origin, refusal, reply, now, sink);
  sink.reply(request.origin, partition_, wire::ReplyStatus::kDone, bytes.view(), Instant::never());
  return true;
}

/// If the answer is lost with its link, the request is sent again, and by then those behind it may
/// have been executed: it must not be now. Nobody waits for this to be on enough nodes: whoever
/// does not have it has nothing that came behind it either. Without backups the record is enough,
/// which they get with their snapshot; and refusals alone must not fill a log that cannot be cut.
void Replica::record_refusal(const wire::Origin& origin, std::string_view refusal,
                             resp::Writer& reply, Now now, ReplicaSink& sink) {
  constexpr std::size_t kLogBytesMax = 1024 * 1024;
  if (peers_.empty() || log_.bytes() > kLogBytesMax) {
    records_.add(origin, Seq(), reply.buffer().view());
    return;
  }
  const std::array<std::string_view, 2> args{"_refused", refusal};
  const PartitionTime time = clock_.advance(now);
  const commands::Context context{.store = store_,
                                  .partition = partition_,
                                  .now_ms = time.now_ms,
                                  .random = 0,
                                  .reply = reply,
                                  .wall_offset_ms = time.wall_offset_ms};
  const Seq visible = visible_;
  append(*commands::resolve(args), origin, args, context, reply.buffer().view(), sink);
  visible_ = visible;
}

/// Keys that are expired already go first: that their time has come is no change to who begins to
/// watch them now.
void Replica::begin_watching(const std::vector<std::string_view>& keys, Now now,
                             ReplicaSink& sink) {
  run_expiry(keys, now, sink);
  if (watched_ != nullptr) return;
  watched_ = std::make_unique<storage::WatchTable>(config_.term, last_seq_.next());
  store_.record_watched(watched_.get());
}

/// Of another term nothing is known: what was watched counts as changed.
void Replica::forget_watched() {
  store_.record_watched(nullptr);
  watched_.reset();
}

/// A request that was executed before is answered with its first result, under the same
/// condition as the first time: every replica must have it. That it was refused needs none.
bool Replica::answer_duplicate(const commands::CommandSpec& spec, const RequestView& request,
                               Now now, ReplicaSink& sink) {
  const wire::Origin& origin = request.origin;
  const Records::Found found = records_.find(origin);
  if (found.status == Records::Status::kNew || is_planted(PlantedBug::kForgetRequests)) {
    return false;
  }
  reached<"a request that was executed comes again">();
  if (found.status == Records::Status::kDone && is_refusal(found.result)) {
    reached<"a write that was refused comes again">();
    sink.reply(origin, partition_, wire::ReplyStatus::kDone, std::string(found.result),
               Instant::never());
  } else if (found.status == Records::Status::kDone) {
    answer_write(origin, std::string(found.result), found.seq, now, sink);
    repeat_earlier(spec, request, found.seq, sink);
  }
  return true;
}

/// Replicas run the command, or what the handler made of it where chance had a part.
void Replica::append_outcome(const commands::CommandSpec& spec, const RequestView& request,
                             const commands::Context& context, std::string_view reply,
                             ReplicaSink& sink) {
  if (is_planted(PlantedBug::kSplitTransactions) && spec.is(commands::kTransaction) &&
      append_in_parts(spec, request, context, reply, sink)) {
    return;
  }
  if (context.outcome.empty()) {
    return append(spec, request.origin, request.args, context, reply, sink);
  }
  const std::vector<std::string_view> args(context.outcome.begin(), context.outcome.end());
  const commands::CommandSpec* const outcome = commands::resolve(args);
  BORG_CHECK(outcome != nullptr && outcome->handler != nullptr);
  append(*outcome, request.origin, args, context, reply, sink);
}

/// A mistake, for the simulator to find.
bool Replica::append_in_parts(const commands::CommandSpec& spec, const RequestView& request,
                              const commands::Context& context, std::string_view reply,
                              ReplicaSink& sink) {
  const auto transaction = commands::read_transaction(request.args);
  if (!transaction || transaction->steps.size() < 2 || !transaction->watched.empty()) return false;
  const std::size_t middle = transaction->steps[1].first - 1;
  append(spec, {}, request.args.first(middle), context, {}, sink);
  std::vector<std::string_view> rest{"_exec", "0"};
  rest.insert(rest.end(), request.args.begin() + static_cast<std::ptrdiff_t>(middle),
              request.args.end());
  append(spec, request.origin, rest, context, reply, sink);
  return true;
}

void Replica::append(const commands::CommandSpec& spec, const wire::Origin& origin,
                     commands::Args args, const commands::Context& context, std::string_view reply,
                     ReplicaSink& sink) {
  last_seq_ = visible_ = last_seq_.next();
  last_term_ = config_.term;
  clock_.note_operation(context.now_ms);
  if (watched_ != nullptr) watched_->begin_operation(last_seq_.next());
  // Alone, and asked by this very worker: the answer leaves with this turn, and nobody else
  // could be asked again.
  const bool nobody_asks_again =
      peers_.empty() && sink.copies_required() <= 1 && sink.is_own_gateway(origin);
  if (origin.is_request() && !nobody_asks_again) {
    records_.add(origin, last_seq_, reply);
  }
  wire::Operation op{.partition = partition_,
                     .term = config_.term,
                     .seq = last_seq_,
                     .time = {context.now_ms, context.wall_offset_ms},
                     .random = context.random,
                     .origin = origin,
                     .reply = reply};
  if (peers_.empty()) {
    stable_ = last_seq_;
    if (sink.copies_required() <= 1) committed_ = last_seq_;
    if (log_.empty() && committed_ == last_seq_) return;
  }
  send_operation(spec, args, op, sink);
}

/// Removes the expired ones of these keys by a replicated command: a replica never expires by
/// its own clock, and no later primary, whose clock may be behind, shows them again. Nobody asks
/// for this to be on enough nodes: it happens with too few of them as well.
void Replica::run_expiry(const std::vector<std::string_view>& keys, Now now, ReplicaSink& sink) {
  if (keys.empty()) return;
  std::vector<std::string_view> args{"_expire"};
  args.insert(args.end(), keys.begin(), keys.end());
  const std::size_t before = store_.keys();
  run_own(args, now, sink);
  expired_keys_ += before - store_.keys();
}

/// A command that no client asked for.
void Replica::run_own(const std::vector<std::string_view>& args, Now now, ReplicaSink& sink) {
  const commands::CommandSpec* const spec = commands::resolve(args);
  BORG_CHECK(spec != nullptr && spec->handler != nullptr);
  ByteBuffer ignored;
  resp::Writer reply(ignored, resp::Version::kResp2);
  const PartitionTime time = clock_.advance(now);
  commands::Context context{.store = store_,
                            .partition = partition_,
                            .now_ms = time.now_ms,
                            .random = 0,
                            .reply = reply,
                            .wall_offset_ms = time.wall_offset_ms,
                            .events = sink.wants_events() ? &noted_ : nullptr};
  // What the command noted that met these keys comes behind.
  std::vector<commands::KeyEvent> behind;
  behind.swap(noted_);
  journal_.clear();
  spec->handler(context, args);
  if (context.changed) append(*spec, wire::Origin{}, args, context, {}, sink);
  hold_events(now, sink);
  noted_ = std::move(behind);
}

std::size_t Replica::expire_some(Now now, std::size_t buckets, ReplicaSink& sink) {
  if (store_.keys_with_expiry() == 0) return 0;
  if (role_ != Role::kPrimary || parked_) {
    if (is_planted(PlantedBug::kExpireByOwnClock)) expire_as_replica(now, buckets);
    return 0;
  }
  std::vector<std::string> due;
  const std::size_t seen =
      store_.find_expired(clock_.advance(now).now_ms, buckets,
                          [&](const storage::EntryView& entry) { due.emplace_back(entry.key); });
  if (!due.empty()) {
    run_expiry(std::vector<std::string_view>(due.begin(), due.end()), now, sink);
    advance(now, sink);
  }
  return seen;
}

/// A mistake, for the simulator to find.
void Replica::expire_as_replica(Now now, std::size_t buckets) {
  std::vector<std::string> due;
  store_.find_expired(now.wall.ms, buckets,
                      [&](const storage::EntryView& entry) { due.emplace_back(entry.key); });
  for (const std::string& key : due) store_.erase(storage::key_ref(key));
}

/// With other in-sync replicas a write's answer needs no lease: that all of them acknowledged
/// proves that this node was primary. Alone it needs the proof that nobody replaced it.
Instant Replica::write_valid_until(const ReplicaSink& sink) const {
  const bool is_alone = config_.in_sync.size() <= 1 || sink.may_be_alone(partition_);
  return is_alone ? serve_until(sink) : Instant::never();
}

void Replica::answer_write(const wire::Origin& origin, std::string_view reply, Seq seq, Now now,
                           ReplicaSink& sink) {
  const Instant valid_until = write_valid_until(sink);
  if (is_held(seq, sink) && now.instant < valid_until) {
    sink.reply(origin, partition_, wire::ReplyStatus::kDone, reply, valid_until);
    return;
  }
  Waiter waiter{seq, origin, std::string(reply)};
  auto at = write_waiters_.end();
  while (at != write_waiters_.begin() && std::prev(at)->seq > seq) --at;  // a duplicate's seq
  write_waiters_.insert(at, std::move(waiter));
}

/// A read could have seen everything up to visible_: it waits until all of that is stable.
void Replica::answer_read(const wire::Origin& origin, std::string_view reply, Now now,
                          ReplicaSink& sink) {
  const Instant valid_until = serve_until(sink);
  const bool is_stable = stable_ >= visible_ || is_planted(PlantedBug::kShowUnstable);
  if (is_stable && now.instant < valid_until) {
    sink.reply(origin, partition_, wire::ReplyStatus::kDone, reply, valid_until);
    return;
  }
  read_waiters_.push_back(Waiter{visible_, origin, std::string(reply)});
}

Seq Replica::Peer::held_through() const {
  if (broken || phase == Phase::kWaiting) return Seq();
  return holdings.holds_through(acked);
}

bool Replica::Peer::holds(Seq seq) const {
  return !broken && phase != Phase::kWaiting && holdings.holds(seq, acked);
}

std::size_t Replica::others_required(const ReplicaSink& sink) const {
  return is_planted(PlantedBug::kTooFewCopies) ? 0 : sink.copies_required() - 1;
}

/// The operation is on every counting replica, and on enough of all.
///
/// After a death a syncing replica gets what was before it with the snapshot, which may take
/// minutes. What is written meanwhile, and what was under way at the death, is sent to it by
/// itself, and need not wait for the rest.
bool Replica::is_held(Seq seq, const ReplicaSink& sink) const {
  if (seq <= committed_) return true;
  if (seq > stable_) return false;
  const auto holders =
      std::count_if(peers_.begin(), peers_.end(), [&](const Peer& p) { return p.holds(seq); });
  return static_cast<std::size_t>(holders) >= others_required(sink);
}

void Replica::advance(Now now, ReplicaSink& sink) {
  if (role_ != Role::kPrimary) return;
  if (is_planted(PlantedBug::kAcknowledgeTooEarly)) committed_ = stable_ = last_seq_;
  Seq stable = last_seq_;
  std::array<Seq, NodeList::kCapacity * 2> held{};
  std::size_t holders = 0;
  Seq newest;  // nobody else holds more
  for (const Peer& p : peers_) {
    if (p.counts()) stable = std::min(stable, p.broken ? Seq() : p.acked);
    held[holders++] = p.held_through();
    if (!p.broken) newest = std::max(newest, p.acked);
  }
  stable_ = std::max(stable_, stable);
  const std::size_t others = others_required(sink);
  if (others == 0) {
    committed_ = std::max(committed_, stable_);
  } else if (holders >= others) {
    std::sort(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(holders),
              [](Seq a, Seq b) { return a > b; });
    committed_ = std::max(committed_, std::min(stable_, held[others - 1]));
  }
  announce_events(now, sink);
  release_waiters(now, newest, sink);
  earlier_.drop_before(write_waiters_.empty() ? last_seq_.next() : write_waiters_.front().seq);
  trim_log();
  check_drained(sink);
}

/// What the command noted is told of when what it did, or saw, is there for good.
void Replica::hold_events(Now now, ReplicaSink& sink) {
  if (noted_.empty()) [[likely]]
    return;
  for (commands::KeyEvent& event : noted_) events_.push_back({last_seq_, std::move(event)});
  noted_.clear();
  announce_events(now, sink);
}

/// In their order: of one key, and of one command.
void Replica::announce_events(Now now, ReplicaSink& sink) {
  if (events_.empty()) [[likely]]
    return;
  if (now.instant >= write_valid_until(sink)) return;
  while (!events_.empty() && is_held(events_.front().seq, sink)) {
    const HeldEvent next = std::move(events_.front());
    events_.pop_front();
    sink.announce(next.event);
  }
}

void Replica::release_waiters(Now now, Seq newest, ReplicaSink& sink) {
  const Instant write_until = write_valid_until(sink);
  while (!write_waiters_.empty() && write_waiters_.front().seq <= committed_ &&
         now.instant < write_until) {
    const Waiter waiter = std::move(write_waiters_.front());
    write_waiters_.pop_front();
    sink.reply(waiter.origin, partition_, wire::ReplyStatus::kDone, waiter.reply, write_until);
  }
  if (!write_waiters_.empty() && now.instant < write_until) {
    release_behind_holes(sink, newest, write_until);
  }
  const Instant read_until = serve_until(sink);
  while (!read_waiters_.empty() && read_waiters_.front().seq <= stable_ &&
         now.instant < read_until) {
    const Waiter waiter = std::move(read_waiters_.front());
    read_waiters_.pop_front();
    sink.reply(waiter.origin, partition_, wire::ReplyStatus::kDone, waiter.reply, read_until);
  }
}

/// Of those that wait for more than an ack no more than some are looked at: each ack brings us
/// here.
void Replica::release_behind_holes(ReplicaSink& sink, Seq newest, Instant valid_until) {
  constexpr int kStuckMax = 256;
  std::vector<Waiter> given;
  int stuck = 0;
  auto at = write_waiters_.begin();
  auto kept = at;  // all before are kept, in their order
  for (; at != write_waiters_.end() && at->seq <= newest && stuck < kStuckMax; ++at) {
    if (is_held(at->seq, sink)) {
      given.push_back(std::move(*at));
      continue;
    }
    ++stuck;
    if (kept != at) *kept = std::move(*at);
    ++kept;
  }
  if (given.empty()) return;
  write_waiters_.erase(kept, at);
  if (stuck > 0) reached<"a write is answered before one that waits for a snapshot">();
  for (const Waiter& waiter : given) {
    sink.reply(waiter.origin, partition_, wire::ReplyStatus::kDone, waiter.reply, valid_until);
  }
}

/// Keeps what a replica may need to be sent again, and what may have to be repeated to another one
/// because somebody waits for it.
void Replica::trim_log() {
  if (log_.empty()) return;
  Seq through = last_seq_;
  for (const Peer& p : peers_) {
    if (p.needs_log()) through = std::min(through, p.acked);
  }
  const auto waiter = std::ranges::lower_bound(write_waiters_, log_.first(), {}, &Waiter::seq);
  if (waiter != write_waiters_.end()) through = std::min(through, Seq(waiter->seq.value() - 1));
  log_.drop_through(through);
}

void Replica::on_acked(const SentFrame& frame, Now now, ReplicaSink& sink) {
  Peer* p = peer(frame.to);
  if (role_ != Role::kPrimary || p == nullptr || p->stream != frame.stream) return;
  const bool was_caught_up = p->is_caught_up();
  p->acked = std::max(p->acked, frame.seq);
  if (frame.repeats != Seq()) p->holdings.repeat_acked(frame.repeats);
  if (frame.sync_end) {
    // From here on its acks are waited for. It may become in sync once it also has what was
    // acknowledged, or shown, without it, while the end of its snapshot was under way.
    p->phase = Peer::Phase::kStreaming;
    p->holdings.complete();
    if (!is_planted(PlantedBug::kForgetWritesDuringSync)) p->needed = std::max(committed_, stable_);
    if (p->acked < p->needed) reached<"a replica lacks writes that were acknowledged meanwhile">();
  }
  if (!was_caught_up && p->is_caught_up()) report_caught_up(*p, sink);
  advance(now, sink);
}

void Replica::on_nack(NodeId from, const wire::Nack& m, Now now, ReplicaSink& sink) {
  adopt(from, m.config, now, sink);
  Peer* p = peer(from);
  if (role_ != Role::kPrimary || m.term != config_.term || p == nullptr) return;
  if (p->phase == Peer::Phase::kScanning || p->phase == Peer::Phase::kEnding) {
    return begin_sync(*p, now, sink);
  }
  if (p->phase != Peer::Phase::kStreaming) return;
  reached<"a replica in sync has lost step">();
  p->broken = true;
  p->stream = next_stream_++;
  sink.report({.kind = Report::Kind::kBroken,
               .partition = partition_,
               .epoch = config_.epoch,
               .node = from});
}

void Replica::park(Epoch epoch, ReplicaSink& sink) {
  if (role_ != Role::kPrimary || config_.epoch != epoch) return;
  if (is_planted(PlantedBug::kServeDuringHandOver)) {
    sink.report({.kind = Report::Kind::kDrained, .partition = partition_, .epoch = config_.epoch});
    return;
  }
  parked_ = true;
  drained_reported_ = false;
  check_drained(sink);
}

void Replica::unpark(Epoch epoch, Now now, ReplicaSink& sink) {
  if (config_.epoch != epoch) return;
  parked_ = drained_reported_ = false;
  serve_held(now, sink);
}

void Replica::check_drained(ReplicaSink& sink) {
  if (!parked_ || drained_reported_ || stable_ != last_seq_) return;
  drained_reported_ = true;
  sink.report({.kind = Report::Kind::kDrained, .partition = partition_, .epoch = config_.epoch});
}

void Replica::poke(Now now, ReplicaSink& sink) {
  advance(now, sink);
  serve_held(now, sink);
}

void Replica::sweep(Now now, Duration record_age, const std::function<bool(NodeId)>& is_member) {
  if (now.instant - records_aged_at_ >= record_age) {
    records_aged_at_ = now.instant;
    records_.age();
  }
  records_.forget_gateways(is_member);
  // Who has not asked for so long does not wait: its record would not be kept for much longer.
  if (blocked_.empty()) return;
  blocked_.remove_if([&](const BlockedRequests::Blocked& blocked) {
    return now.instant - blocked.asked_at > record_age / 2 ||
           !is_member(blocked.origin.gateway.node);
  });
}

}  // namespace borg::replication
