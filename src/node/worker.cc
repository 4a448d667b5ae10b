// SPDX-License-Identifier: Apache-2.0
#include "node/worker.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/probe.h"
#include "node/gateway_commands.h"
#include "node/transaction_commands.h"
#include "node/workers_command.h"

namespace borg::node {

using replication::Replica;

namespace {

static_assert(resp::Writer::kBytesMax < wire::kFrameBytesMax - 1024);
constexpr std::string_view kReplyTooLarge =
    "-ERR too large: the values of one partition may have 1 GB together\r\n";

}  // namespace

WorkerCore::WorkerCore(NodeId self, WorkerIndex index, std::uint16_t workers,
                       const NodeOptions& options, std::uint64_t seed)
    : options_(options),
      self_{self, index.value()},
      workers_(workers),
      random_(seed),
      settings_(std::make_shared<Settings>(initial_settings(options))),
      configs_(kPartitionCount),
      gateway_(*this, options),
      pubsub_(*this, gateway_, options),
      meter_(options),
      is_waiting_(kPartitionCount),
      pacer_(options.pace),
      memory_(index, workers),
      admission_(index) {
  memory_.set_limit(static_cast<std::uint64_t>(settings_->memory_bytes_max));
  meter_.follow(*settings_);
  BORG_CHECK(gateway_commands_are_complete());
}

WorkerCore::~WorkerCore() = default;

void WorkerCore::begin_turn(Now now) {
  // A worker that stood still has not seen what came meanwhile, acks perhaps.
  const Duration still = now.instant - now_.instant;
  now_ = execution_time_ = view_ == nullptr ? now : view_->believed(now);
  meter_.begin_turn();
  if (still > options_.liveness.silence / 2 + kTick * 2) {
    forgive_links(now.instant);
    gateway_.stood_still(still);
  }
  pacer_.begin_turn(now.instant);
  memory_.begin_turn(heap_->stored_bytes());
  for (const Answered& each : answered_) has_answered_.reset(each.partition.value());
  answered_.clear();
}

/// Only what is executed: who waits for an answer does not wait in vain while this worker does not
/// look.
void WorkerCore::go_on(Now now) { execution_time_ = view_ == nullptr ? now : view_->believed(now); }

/// One command that took a second must not make the times to live of those behind it a second
/// shorter, nor tell a replica that its primary's clock was there a second ago.
void WorkerCore::follow_time() {
  if (!meter_.is_late()) [[likely]]
    return;
  const Duration passed = meter_.catch_up();
  execution_time_ = {now_.instant + passed, WallTime{now_.wall.ms + passed.as_millis()}};
}

// ---- clients ----

Client& WorkerCore::connect(ConnectionId id, std::string address, std::string local_address) {
  ++clients_total_;
  auto client =
      std::make_unique<Client>(id, std::move(address), std::move(local_address), now_.instant);
  client->last_active = now_.instant;
  client->counts = &meter_.counts();
  client->workspace = &scratch_;
  Client& result = *client;
  clients_.emplace(id, std::move(client));
  return result;
}

bool WorkerCore::wants_input(const Client& client) const {
  return !client.closing && !client.waits() && !client.awaits_reply &&
         client.output.size() + client.pending_bytes() < options_.client_output_bytes_max &&
         client.pending() < options_.client_pending_max && !admission_.holds_back(client.id());
}

std::size_t WorkerCore::on_client_data(Client& client, std::string_view input) {
  client.input_bytes = input.size();
  if (client.waits()) return 0;  // it will be asked for when it may go on
  std::size_t consumed = 0;
  while (consumed < input.size() && wants_input(client)) {
    auto status = resp::RequestParser::Status::kNeedMore;
    const std::size_t count = parse_ahead(client, input.substr(consumed), status);
    meter_.begin();
    const std::size_t base = consumed;
    std::size_t done = 0;
    for (; done < count && wants_input(client); ++done) {
      if (pause_ != Pause::kNone && is_held_back(client, ahead_[done].args)) [[unlikely]] {
        hold(client);
        break;
      }
      consumed = base + ahead_[done].end;
      const Ahead& next = ahead_[done];
      if (!next.args.empty()) execute(client, next.args, key_ahead(done));
    }
    if (done < count) {
      client.parser = {};  // what was parsed too early is parsed again
      break;
    }
    if (status == resp::RequestParser::Status::kNeedMore) {
      const std::size_t expected = input.size() - consumed + client.parser.bytes_wanted();
      if (admission_.exceeds(expected, memory_.node()) && client.parser.skip_request()) {
        refuse_too_large(client);
        continue;
      }
      admission_.note_unfinished(client.id(), expected, memory_.node(), now_.instant);
      break;
    }
    if (status == resp::RequestParser::Status::kError) {
      client.silenced = false;
      client.answers = nullptr;
      client.reply_now(std::string(client.parser.error()) + "\r\n");
      client.closing = true;
      client_has_output(client);
      break;
    }
  }
  input_bytes_ += consumed;
  memory_.add_input(consumed);
  if (consumed == input.size()) admission_.note_whole(client.id());
  client.input_bytes = input.size() - consumed;
  // Even if all input is taken: nobody reads more until the client is resumed.
  const bool is_blocked = client.blocked_on != 0;  // client_may_go_on() comes
  if (!client.closing && !is_blocked && !wants_input(client)) throttled_.push_back(client.id());
  return consumed;
}

/// Its bytes are dropped as they come, and the connection goes on behind them.
void WorkerCore::refuse_too_large(Client& client) {
  admission_.end(client.id(), memory_.node(), now_.instant);
  client.last_active = now_.instant;
  client.silenced = client.replies_off || client.skip_next;
  client.skip_next = false;
  client.answers = nullptr;
  abort_multi(client);
  client.reply_now(
      "-OOM a request may have a quarter of this node's memory limit ('maxmemory'), nothing was "
      "written\r\n");
  client_has_output(client);
}

/// Parses some requests, and makes the processor load what they will need: the three cache
/// misses of a lookup depend on each other, but not on those of the other requests.
std::size_t WorkerCore::parse_ahead(Client& client, std::string_view input,
                                    resp::RequestParser::Status& status) {
  std::size_t end = 0;
  std::size_t count = 0;
  while (count < kAheadMax && end < input.size()) {
    status = client.parser.parse(input.substr(end));
    if (status != resp::RequestParser::Status::kRequest) break;
    Ahead& next = ahead_[count++];
    next.args = client.parser.args();
    const bool is_inline = input[end] != '*';
    end += client.parser.consumed();
    next.end = end;
    if (is_inline) break;  // the parser owns its arguments, until it parses on
  }
  if (count > 1) {
    for (std::size_t i = 0; i < count; ++i) locate(loading_[i], ahead_[i].args);
    prefetch(count);
  } else {
    loading_[0] = {};  // the command itself finds out at once
  }
  return count;
}

/// Most commands with a key have it first.
void WorkerCore::locate(Loading& loading, commands::Args args) const {
  loading = {};
  if (args.size() >= 2) locate_key(loading, args[1]);
}

void WorkerCore::locate_key(Loading& loading, std::string_view key) const {
  loading.key = storage::key_ref(key);
  loading.replica = replica(partition_of(loading.key.slot));
}

void WorkerCore::look_ahead(std::span<const std::string_view> inputs) {
  BORG_CHECK(inputs.size() <= kAheadMax);
  std::size_t count = 0;
  for (const std::string_view input : inputs) {
    const std::string_view key = resp::peek_second_argument(input);
    if (key.data() != nullptr) locate_key(loading_[count++], key);
  }
  if (count > 1) prefetch(count);
}

void WorkerCore::prefetch(std::size_t count) {
  const std::span<const Loading> all(loading_.data(), count);
  for (const Loading& next : all) {
    if (next.replica == nullptr) continue;
    __builtin_prefetch(&configs_[partition_of(next.key.slot).value()]);
    next.replica->prefetch();
  }
  for (const Loading& next : all) {
    if (next.replica != nullptr) next.replica->store().prefetch_slot(next.key.slot);
  }
  for (const Loading& next : all) {
    if (next.replica != nullptr) next.replica->store().prefetch_table(next.key.slot);
  }
  for (const Loading& next : all) {
    if (next.replica != nullptr) next.replica->store().prefetch_bucket(next.key);
  }
  for (const Loading& next : all) {
    if (next.replica != nullptr) next.replica->store().prefetch_entry(next.key);
  }
}

void WorkerCore::disconnect(Client& client) {
  set_monitor(client, false);
  pubsub_.leave(client);
  admission_.end(client.id(), memory_.node(), now_.instant);
  gateway_.disconnect(client);
}

void WorkerCore::client_has_output(Client& client) {
  if (client.dirty || client.gone) return;
  client.dirty = true;
  effects_.clients.push_back(&client);
}

/// Once more what disconnect() has ended: a transaction that was under way may have subscribed the
/// client since.
void WorkerCore::client_left(Client& client) {
  set_monitor(client, false);
  pubsub_.leave(client);
  departed_.push_back(client.id());
}

/// What is answered makes place for others.
void WorkerCore::look_at_large_requests() {
  if (admission_.empty()) return;
  for (const ConnectionId id : admission_.whole()) {
    const auto at = clients_.find(id);
    const bool is_over =
        at == clients_.end() || at->second->nothing_pending() || at->second->waits();
    if (is_over) admission_.end(id, memory_.node(), now_.instant);
  }
  admission_.retry(memory_.node(), now_.instant);
}

/// The rest of the request cannot be told from the next one: so the connection ends with it.
void WorkerCore::give_up_large_requests() {
  for (const ConnectionId id : admission_.overdue(memory_.node(), now_.instant)) {
    const auto at = clients_.find(id);
    if (at == clients_.end() || at->second->closing) continue;
    Client& client = *at->second;
    client.silenced = false;
    client.answers = nullptr;
    client.reply_now(
        "-OOM a large request did not come in for too long while others wait for its memory\r\n");
    client.closing = true;
    client_has_output(client);
  }
}

void WorkerCore::resume_clients() {
  look_at_large_requests();
  std::vector<ConnectionId> throttled;
  throttled.swap(throttled_);
  for (const ConnectionId id : throttled) {
    const auto at = clients_.find(id);
    if (at == clients_.end() || at->second->gone || at->second->blocked_on != 0) continue;
    if (wants_input(*at->second)) {
      effects_.resumed.push_back(at->second.get());
    } else {
      throttled_.push_back(id);
    }
  }
}

// ---- partitions ----

bool WorkerCore::is_mine(PartitionId partition) const {
  return partition.value() % workers_ == self_.lane;
}

Replica& WorkerCore::replica_of(PartitionId partition) {
  auto& replica = replicas_[partition.value()];
  if (replica == nullptr) {
    replica = std::make_unique<Replica>(partition, self_.node, heap_);
    replica->configure(configs_[partition.value()], now_, *this);
  }
  if constexpr (kChecksInvariants) touched_.push_back(partition);
  return *replica;
}

void WorkerCore::request_here(PartitionId partition, const Replica::RequestView& request) {
  if (request.args.front() == WorkersCommand::kRequest) [[unlikely]] {
    return answer_worker_request(partition, request);
  }
  pacer_.worked(1);
  Replica& replica = replica_of(partition);
  replica.request(request, execution_time_, *this);
  note_waiting(replica);
}

void WorkerCore::note_waiting(Replica& replica) {
  const std::uint16_t p = replica.partition().value();
  if (replica.idle() || is_waiting_[p]) return;
  is_waiting_[p] = true;
  waiting_.push_back(replica.partition());
}

void WorkerCore::poke_waiting() {
  std::vector<PartitionId> waiting;
  waiting.swap(waiting_);
  for (const PartitionId p : waiting) {
    Replica& replica = replica_of(p);
    replica.poke(now_, *this);
    is_waiting_[p.value()] = false;
    note_waiting(replica);
  }
}

bool WorkerCore::learn(PartitionId partition, const PartitionConfig& config) {
  if (config.epoch <= configs_[partition.value()].epoch) return false;
  // First: what a replica reports of this epoch means nothing to who does not know it.
  to_control(replication::Report{.kind = replication::Report::Kind::kLearned,
                                 .partition = partition,
                                 .epoch = config.epoch,
                                 .config = config});
  adopt(partition, config);
  return true;
}

void WorkerCore::adopt(PartitionId partition, const PartitionConfig& config) {
  PartitionConfig& known = configs_[partition.value()];
  if (config.epoch > known.epoch) {
    const bool new_way = config.term != known.term;
    known = config;
    if (new_way) gateway_.route_changed(partition);
  }
  if (!is_mine(partition)) return;
  const bool concerns_me = replicas_[partition.value()] != nullptr || config.is_replica(self_.node);
  if (!concerns_me || config.epoch <= replica_of(partition).config().epoch) return;
  Replica& replica = replica_of(partition);
  replica.configure(config, now_, *this);
  note_waiting(replica);
  jobs_changed_ = true;
}

void WorkerCore::set_view(std::shared_ptr<const NodeView> view) {
  const auto before = std::exchange(view_, std::move(view));
  memory_.join(view_->memory);
  // A link may stand, and a configuration be known, before the view has the member.
  for (const auto& [peer, link] : links_) {
    const bool is_new = before != nullptr && before->cluster->member(peer.node) == nullptr &&
                        view_->cluster->member(peer.node) != nullptr;
    if (link->up && (is_new || before == nullptr)) use_link(peer);
  }
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    adopt(PartitionId(p), view_->cluster->partitions[p]);
  }
  gateway_.view_changed();
  poke_waiting();
}

void WorkerCore::on_control(ToWorker message) {
  if (auto* view = std::get_if<std::shared_ptr<const NodeView>>(&message)) {
    set_view(std::move(*view));
  } else if (const auto* park = std::get_if<Park>(&message)) {
    replica_of(park->partition).park(park->epoch, *this);
  } else if (const auto* unpark = std::get_if<Unpark>(&message)) {
    replica_of(unpark->partition).unpark(unpark->epoch, now_, *this);
  } else if (const auto* reply = std::get_if<AdminReply>(&message)) {
    gateway_.on_admin_reply(*reply);
  } else if (auto* settings = std::get_if<std::shared_ptr<const Settings>>(&message)) {
    settings_ = std::move(*settings);
    meter_.follow(*settings_);
    memory_.set_limit(static_cast<std::uint64_t>(settings_->memory_bytes_max));
    look_at_memory(true);
  } else if (const auto* forget = std::get_if<ForgetCounts>(&message)) {
    meter_.forget();
    if (forget->asked_by.value() == self_.lane) count_resetstat();
  } else if (const auto* request = std::get_if<WorkerStatsRequest>(&message)) {
    to_control(WorkerStats{
        WorkerIndex(self_.lane), stats(),
        request->with_counts ? meter_.snapshot(now_.instant, present_facts()) : nullptr});
  } else if (const auto* busy = std::get_if<WorkersBusy>(&message)) {
    for (const std::uint16_t lane : busy->lanes) {
      busy_.note({busy->node, lane}, now_.instant + options_.liveness.silence);
    }
  } else if (const auto* heard = std::get_if<MemoryHeard>(&message)) {
    memory_.hear(heard->node, heard->state);
  }
}

void WorkerCore::to_control(ToControl message) { effects_.control.push_back(std::move(message)); }

// ---- what replicas ask and say ----

void WorkerCore::reply(const wire::Origin& origin, PartitionId partition, wire::ReplyStatus status,
                       std::string_view bytes, Instant valid_until) {
  // Values of many keys together: a frame that nobody takes would break the link, and the
  // request come again.
  if (bytes.size() > resp::Writer::kBytesMax) bytes = kReplyTooLarge;
  if (valid_until != Instant::never() && !has_answered_[partition.value()]) {
    note_answered(partition);
  }
  if (origin.gateway == self_) {
    gateway_.on_reply(origin.seq, partition, status, bytes, valid_until);
    return;
  }
  Link* link = find_link(origin.gateway);
  if (link == nullptr || !link->up) return;  // its gateway asks again when the link stands
  wire::encode(
      link->output,
      wire::Reply{.seq = origin.seq, .partition = partition, .status = status, .bytes = bytes});
  link->output_valid_until = std::min(link->output_valid_until, valid_until);
  mark_dirty(*link);
}

void WorkerCore::note_answered(PartitionId partition) {
  const Replica* const answering = replica(partition);
  if (answering == nullptr) return;
  has_answered_.set(partition.value());
  answered_.push_back({partition, answering->config().term});
}

/// The same primary with the same leases, which have not ended meanwhile: who had replaced it would
/// not have renewed its own, but begun another one.
void WorkerCore::confirm_replies(Now now) {
  constexpr Duration kLongTurn = Duration::millis(50);
  if (now.instant - now_.instant < kLongTurn) return;
  const bool are_good = std::ranges::all_of(answered_, [&](const Answered& each) {
    const Replica& replica = *replicas_[each.partition.value()];
    return replica.role() == Replica::Role::kPrimary && replica.config().term == each.term &&
           replica.may_serve(now, *this);
  });
  if (!are_good) return;
  reached<"replies of a long turn are confirmed at its end">();
  for (Link* const link : effects_.links) link->output_valid_until = Instant::never();
  for (Client* const client : effects_.clients) client->output_valid_until = Instant::never();
}

void WorkerCore::report(const replication::Report& report) {
  if (report.kind == replication::Report::Kind::kLearned) {
    PartitionConfig& known = configs_[report.partition.value()];
    if (report.config.epoch > known.epoch) {
      const bool new_way = report.config.term != known.term;
      known = report.config;
      if (new_way) gateway_.route_changed(report.partition);
    }
  }
  to_control(report);
}

void WorkerCore::announce(const commands::KeyEvent& event) {
  pubsub_.announce(event, settings_->keyspace_events);
}

Instant WorkerCore::serve_until(const PartitionConfig& config) const {
  if (view_ == nullptr || *view_->has_ended) return Instant::at_nanos(INT64_MIN);
  if (config.in_sync.size() <= 1) return view_->sole->until();
  Instant until = Instant::never();
  for (const NodeId node : config.in_sync) {
    if (node == self_.node) continue;
    const auto at = view_->leases.find(node);
    until = std::min(
        until, at == view_->leases.end() ? Instant::at_nanos(INT64_MIN) : at->second->until());
  }
  return until;
}

bool WorkerCore::may_be_alone(PartitionId partition) const {
  return view_ != nullptr && view_->asked_alone != nullptr &&
         (*view_->asked_alone)[partition.value()];
}

bool WorkerCore::may_serve(PartitionId partition, Now now) const {
  const Replica* r = replica(partition);
  return r != nullptr && r->role() == Replica::Role::kPrimary && !r->is_parked() &&
         r->may_serve(now, *this);
}

std::size_t WorkerCore::copies_required() const {
  return view_ == nullptr ? 1 : view_->copies_required();
}

bool WorkerCore::too_few_nodes() const { return view_ == nullptr || view_->too_few_nodes(); }

ByteBuffer& WorkerCore::scratch() {
  constexpr std::size_t kKeptBytesMax = 1024 * 1024;
  scratch_.clear(kKeptBytesMax);
  return scratch_;
}

// ---- periodic work ----

void WorkerCore::tick() {
  gateway_.tick();
  if (pause_ != Pause::kNone && pause_ends_ <= now_.instant) end_pause();
  if (settings_->client_timeout_s > 0) close_idle_clients();
  pubsub_.tick();
  watch_links();
  poke_waiting();
  meter_.sample(now_.instant, {gateway_.commands_executed(), input_bytes_});
  sweep_records();
  list_garbage();
  look_at_memory(true);
  give_up_large_requests();
  saw_expiring_ = std::exchange(sees_expiring_, false);
  to_expire_ = expires_actively_ ? kKeysPerTick : 0;
  to_compact_ = begins_compaction() ? kKeysPerTick : 0;
}

/// What a tick has to do with many keys is done in several turns: clients' commands wait for a
/// slice of it at most.
void WorkerCore::work_on_keys() {
  if (to_expire_ > 0) {
    meter_.begin();
    expire_keys();
    const std::uint64_t nanos = meter_.lap();
    meter_.counts().expiry_nanos += nanos;
    note_latency("expire-cycle", nanos);
  }
  if (to_expire_ == 0 && to_compact_ > 0) compact_heap();
}

MemoryUse WorkerCore::memory_use() const {
  MemoryUse use{.data = heap_->stored_bytes()};
  for (const auto& replica : replicas_) {
    if (replica == nullptr) continue;
    use.records += replica->records().bytes();
    use.replication += replica->waiting_bytes();
  }
  for (const auto& [peer, link] : links_) {
    use.replication += link->output.size() + link->input_bytes;
  }
  use.clients = gateway_.pending_bytes();
  for (const auto& [id, client] : clients_) use.clients += client->memory_bytes();
  return use;
}

/// The other nodes hear at once that this one is full, ahead of the acks of this turn: so nobody
/// sends more than is unacknowledged by then. That it is not any more they hear with a tick, or it
/// would be said in every turn where commands free as much as others take.
void WorkerCore::look_at_memory(bool may_fall) {
  if (memory_.is_due(now_.instant)) {
    memory_.note_all(memory_use(), now_.instant);
  } else {
    memory_.note_stored(heap_->stored_bytes());
  }
  if (!memory_.must_tell(may_fall)) return;
  for (const auto& [peer, link] : links_) {
    if (!link->up || peer.node == self_.node) continue;
    wire::encode(link->output, wire::Memory{memory_.node().state()});
    mark_dirty(*link);
  }
}

bool WorkerCore::is_calm() const {
  const bool has_work = gateway_.pending() > 0 ||
                        gateway_.next_wake() - now_.instant < kCalmTick * 2 || !waiting_.empty() ||
                        !jobs_.empty() || !garbage_.empty() || !throttled_.empty() ||
                        saw_expiring_ || sees_expiring_ || pause_ != Pause::kNone ||
                        !pubsub_.is_calm() || compaction_.is_under_way();
  return !has_work && std::all_of(links_.begin(), links_.end(), [](const auto& entry) {
    return entry.second->in_flight.empty() && !entry.second->stalled;
  });
}

/// Active expiry: some keys of some partitions each tick, so that a million keys that are due
/// cost a little of many turns and never a long one.
void WorkerCore::expire_keys() {
  constexpr std::size_t kBucketsPerVisit = 64;
  // Looking in vain has its limit, and finding what is due another one.
  constexpr std::size_t kMoreForEachFound = 16;
  std::size_t seen = 0;
  std::size_t found = 0;
  for (std::uint16_t n = 0; n < kPartitionCount && seen < kKeysPerSlice; ++n) {
    const std::uint16_t p = expiry_cursor_;
    expiry_cursor_ = static_cast<std::uint16_t>((expiry_cursor_ + 1) % kPartitionCount);
    if (replicas_[p] == nullptr) continue;
    Replica& replica = replica_of(PartitionId(p));
    const std::uint64_t expired = replica.expired_keys();
    seen += replica.expire_some(now_, kBucketsPerVisit, *this);
    found += replica.expired_keys() - expired;
  }
  if (seen > 0) sees_expiring_ = true;
  // With less all partitions have had their turn.
  const std::size_t left = to_expire_ - std::min(to_expire_, seen) + found * kMoreForEachFound;
  to_expire_ = seen < kKeysPerSlice ? 0 : std::min(left, kKeysPerTick);
}

/// Keys that were deleted, or changed their size, leave holes in runs of memory. When there are
/// many, the others are moved together.
bool WorkerCore::begins_compaction() {
  if (compaction_.is_under_way()) return true;
  // Those that the last time has left alone do not count.
  std::size_t& left_alone = compaction_.holes_after;
  left_alone = std::min(left_alone, heap_->hole_bytes());
  const bool has_new_ones = heap_->hole_bytes() > left_alone + heap_->used_bytes() / 16;
  if (!heap_->is_full_of_holes() || !has_new_ones) return false;
  compaction_.partition = 0;
  return true;
}

void WorkerCore::compact_heap() {
  storage::ScanBudget budget{.keys_left = kKeysPerSlice, .bytes_left = 1024 * 1024};
  while (compaction_.is_under_way() && !budget.is_spent()) {
    Replica* const replica = replicas_[compaction_.partition].get();
    if (replica == nullptr || !replica->compact(compaction_.cursor, budget))
      ++compaction_.partition;
  }
  to_compact_ -= std::min(to_compact_, kKeysPerSlice);
  if (compaction_.is_under_way()) return;
  compaction_.holes_after = heap_->hole_bytes();
  to_compact_ = 0;
}

void WorkerCore::sweep_records() {
  if (view_ == nullptr) return;
  const auto is_member = [this](NodeId node) { return view_->cluster->member(node) != nullptr; };
  for (int n = 0; n < 8; ++n) {
    const std::uint16_t p = sweep_cursor_;
    sweep_cursor_ = static_cast<std::uint16_t>((sweep_cursor_ + 1) % kPartitionCount);
    if (replicas_[p] == nullptr) continue;
    replica_of(PartitionId(p)).sweep(now_, record_age(options_), is_member);
  }
}

Stats WorkerCore::stats() const {
  Stats stats;
  for (const auto& replica : replicas_) {
    if (replica == nullptr) continue;
    stats.expired_keys += replica->expired_keys();
    stats.keyspace_hits += replica->lookups().hits;
    stats.keyspace_misses += replica->lookups().misses;
    if (replica->role() == Replica::Role::kNone) continue;
    const storage::PartitionStore& store = replica->store();
    stats.keys += store.keys();
    if (replica->role() == Replica::Role::kPrimary) {
      ++stats.primary_partitions;
      stats.primary_keys += store.keys();
      stats.expiring_keys += store.keys_with_expiry();
    } else if (replica->role() == Replica::Role::kBackup) {
      ++stats.backup_partitions;
    } else {
      ++stats.syncing_partitions;
    }
  }
  stats.blocked_clients = gateway_.blocked_clients();
  for (const auto& [id, client] : clients_) {
    if (client->gone) continue;
    ++stats.clients;
    if (client->is_held) ++stats.blocked_clients;
  }
  stats.clients_total = clients_total_;
  stats.commands = gateway_.commands_executed();
  stats.forwarded = gateway_.forwarded();
  stats.input_bytes = input_bytes_;
  stats.sent_copies = sent_copies_;
  stats.sent_keys = sent_keys_;
  stats.sent_bytes = sent_bytes_;
  const MemoryUse use = memory_use();
  stats.memory_bytes = use.data;
  stats.record_bytes = use.records;
  stats.replication_bytes = use.replication;
  stats.client_bytes = use.clients;
  stats.memory_peak_bytes = std::max(memory_.peak_bytes(), use.data);
  return stats;
}

void WorkerCore::end_turn() {
  if (monitors_.has_lines()) feed_monitors();
  gateway_.end_turn();
  work_on_keys();
  collect_garbage();
  pump_snapshots();
  look_at_memory(false);
  for (Link* link : to_ack_) {
    if (!link->up || link->received == link->received_acked) continue;
    wire::encode(link->output, wire::Ack{.count = link->received});
    link->received_acked = link->received;
    mark_dirty(*link);
  }
  to_ack_.clear();
  resume_clients();
  for (const ConnectionId id : departed_) {
    const auto at = clients_.find(id);
    if (at == clients_.end()) continue;
    std::erase(effects_.clients, at->second.get());
    std::erase(effects_.resumed, at->second.get());
    clients_.erase(at);
  }
  departed_.clear();
  if constexpr (kChecksInvariants) check_touched();
}

void WorkerCore::check_touched() {
  invariants_.resize(kPartitionCount);
  for (const PartitionId p : touched_) {
    const auto broken = invariants_[p.value()].check(*replicas_[p.value()]);
    if (broken && !broken_) {
      broken_ = "partition " + std::to_string(p.value()) + ": " + std::string(*broken);
    }
  }
  touched_.clear();
}

}  // namespace borg::node
