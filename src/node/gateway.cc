// SPDX-License-Identifier: Apache-2.0
#include "node/gateway.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/slot.h"
#include "commands/arguments.h"
#include "commands/key_values.h"
#include "node/gateway_commands.h"
#include "node/split_command.h"
#include "node/transaction_commands.h"
#include "resp/parser.h"

namespace borg::node {
namespace {

/// A web page can make a browser send requests to whatever listens on its machine, whose body has
/// commands: it is not read.
bool is_http(std::string_view word) {
  return commands::equals_ignoring_case(word, "post") ||
         commands::equals_ignoring_case(word, "host:");
}

/// An answer of a primary that says that the write did not happen. It sees to it that this copy and
/// those that come to it later do not, but it may have been replaced without knowing.
bool is_refusal(std::string_view reply) {
  return reply.starts_with("-NOREPLICAS") || reply.starts_with("-OOM") ||
         reply.starts_with("-EXECABORT");
}

/// The buffer of an answered request keeps no more of its memory than this.
constexpr std::size_t kKeptBytesMax = 4096;
constexpr std::string_view kTooLarge =
    "-ERR too large: the arguments for one partition may have 576 MB together\r\n";
constexpr std::size_t kArgumentBytesMax = 576u * 1024 * 1024;
/// Of its size, which is sent before it.
constexpr std::size_t kBytesPerArgument = 5;
static_assert(kArgumentBytesMax + resp::kBulkBytesMax < wire::kFrameBytesMax,
              "a replica gets a command together with its reply in one frame");

}  // namespace

bool Gateway::is_too_large(commands::Args args) {
  std::size_t bytes = 0;
  for (const std::string_view arg : args) bytes += kBytesPerArgument + arg.size();
  return bytes > kArgumentBytesMax;
}

Gateway::Gateway(GatewayHost& host, const NodeOptions& options)
    : host_(host),
      options_(options),
      changed_(kPartitionCount),
      changed_later_(kPartitionCount),
      lost_(kPartitionCount) {}

Gateway::~Gateway() = default;

std::size_t Gateway::pending() const { return pool_.size() - free_.size(); }

std::size_t Gateway::pending_bytes() const {
  std::size_t bytes = 0;
  for (const auto& pending : pool_) bytes += pending->args.capacity();
  for (const auto& [seq, blocking] : blocking_) bytes += blocking.args.capacity();
  return bytes;
}

// ---- commands ----

void Gateway::execute(Client& client, commands::Args args, const storage::KeyRef* first) {
  ++commands_;
  client.last_active = host_.now().instant;
  client.silenced = client.replies_off || client.skip_next;
  client.skip_next = false;
  client.answers = nullptr;
  has_queued_ = false;
  const commands::CommandSpec* spec = commands::resolve(args);
  if (spec == nullptr || spec->is(commands::kInternal)) {
    client.last_command = nullptr;
    if (is_http(args[0])) {
      client.killed = client.closing = true;
      host_.client_has_output(client);
      return;
    }
    abort_multi(client);
    write_reply(host_, client, [&](resp::Writer& reply) { commands::write_unknown(args, reply); });
    return;
  }
  client.last_command = spec;
  ByteBuffer error;
  resp::Writer error_writer(error, client.version);
  if (!commands::check_arity(*spec, args, error_writer)) {
    refuse_arity(host_, client, *spec, error.view());
    return;
  }
  if (is_refused_to_subscriber(client, *spec)) [[unlikely]] {
    write_reply(host_, client, [&](resp::Writer& reply) {
      reply.error("ERR Can't execute '" + std::string(spec->name) +
                  "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
                  "this context");
    });
    return;
  }
  if (client.is_monitor && commands::concerns_keyspace(*spec)) [[unlikely]] {
    abort_multi(client);
    write_reply(host_, client, [](resp::Writer& reply) {
      reply.error("ERR Replica can't interact with the keyspace");
    });
    return;
  }
  if (is_in_multi(client) && !spec->is(commands::kNeverQueued)) [[unlikely]] {
    has_queued_ = queue_command(*this, client, *spec, args);
    return;
  }
  client.answers = spec;
  run(client, *spec, args, first);
}

void Gateway::run(Client& client, const commands::CommandSpec& spec, commands::Args args,
                  const storage::KeyRef* first) {
  if (spec.place == commands::Place::kControl) {
    ask_control(client, args);
    return;
  }
  if (spec.place == commands::Place::kGateway) {
    run_gateway_command(*this, client, spec, args);
    return;
  }
  const commands::KeyRange range = commands::key_range(spec, args);
  if (spec.timeout_at != 0 && range.first != 0) {
    split(client, spec, args, range);
  } else if (spec.is(commands::kEveryPartition)) {
    SplitCommand::start_everywhere(*this, client, spec, args);
  } else if (range.is_one()) {
    const bool is_known = first != nullptr && range.first == 1;
    const storage::KeyRef key = is_known ? *first : storage::key_ref(args[range.first]);
    submit({.client = &client}, partition_of(key.slot), spec.is(commands::kWrite), false,
           static_cast<std::uint8_t>(client.version), args, {.spec = &spec, .key = &key});
  } else {
    split(client, spec, args, range);
  }
}

void Gateway::split(Client& client, const commands::CommandSpec& spec, commands::Args args,
                    const commands::KeyRange& range) {
  const PartitionId first = partition_of(slot_of_key(args[range.first]));
  ByteBuffer error;
  resp::Writer writer(error, client.version);
  const bool is_whole = spec.merge == commands::Merge::kNone;
  const bool is_right = commands::check_values(spec, args, writer) &&
                        (!is_whole || commands::check_one_slot(spec, args, writer));
  if (!is_right) {
    client.reply_now(error.view());
    return host_.client_has_output(client);
  }
  if (is_whole && spec.timeout_at != 0) {
    return forward_blocking(client, spec, first, args[range.first], args);
  }
  if (is_whole) return forward(client, first, spec.is(commands::kWrite), args);
  for (std::size_t i = range.first + range.step; i <= range.last; i += range.step) {
    if (partition_of(slot_of_key(args[i])) == first) continue;
    SplitCommand::start(*this, client, spec, args, range);
    return;
  }
  forward(client, first, spec.is(commands::kWrite), args);
}

void Gateway::forward(Client& client, PartitionId partition, bool is_write, commands::Args args) {
  submit({.client = &client}, partition, is_write, false, static_cast<std::uint8_t>(client.version),
         args, {});
}

void Gateway::ask_own_replica(Client& client, PartitionId partition, commands::Args args) {
  submit({.client = &client}, partition, false, true, static_cast<std::uint8_t>(client.version),
         args, {});
}

void Gateway::ask_control(Client& client, commands::Args args) {
  AdminRequest request{.worker = WorkerIndex(host_.self().lane),
                       .token = next_token_++,
                       .args = {args.begin(), args.end()},
                       .resp = static_cast<std::uint8_t>(client.version)};
  admin_.push_back({.token = request.token,
                    .client = &client,
                    .slot = client.reserve(),
                    .deadline = host_.now().instant + options_.request_deadline * 2});
  host_.to_control(std::move(request));
}

void Gateway::on_admin_reply(const AdminReply& reply) {
  const auto at = std::find_if(admin_.begin(), admin_.end(),
                               [&](const Admin& a) { return a.token == reply.token; });
  if (at == admin_.end()) return;
  const Admin admin = *at;
  admin_.erase(at);
  finish(*admin.client, admin.slot, reply.reply);
}

void Gateway::disconnect(Client& client) {
  client.gone = true;
  if (const auto at = blocking_.find(client.blocked_on); at != blocking_.end()) {
    return cancel(at->second, "timeout");
  }
  if (client.nothing_pending()) host_.client_left(client);
}

// ---- requests ----

void Gateway::submit_part(const std::shared_ptr<Composite>& composite, std::size_t part,
                          const PartRequest& request) {
  submit({.composite = composite, .part = part}, request.partition, request.is_write,
         request.any_replica, static_cast<std::uint8_t>(request.version), request.args, {});
}

bool Gateway::is_here(PartitionId partition, bool any_replica) const {
  const NodeId self = host_.self().node;
  if (!any_replica && host_.config(partition).primary() != self) return false;
  return host_.holder(self, partition) == host_.self();
}

void Gateway::submit(Target target, PartitionId partition, bool is_write, bool any_replica,
                     std::uint8_t resp, commands::Args args, Known known) {
  const std::uint64_t seq = next_seq_++;
  if (slots_.empty()) base_ = seq;
  slots_.push_back(&reserved_);
  const bool lost = !any_replica && is_lost(partition);
  if (lost || is_too_large(args)) {
    deliver(target, lost ? kDataLoss : kTooLarge, Instant::never());
    release(seq);
    return;
  }
  // Older requests of the partition are about to be sent again: this one goes behind them.
  const bool waits =
      !any_replica && (changed_[partition.value()] || changed_later_[partition.value()]);
  const bool here = !waits && is_here(partition, any_replica);
  const Epoch term = host_.config(partition).term;
  if (here && execute_here(seq, target, partition, any_replica, resp, args, known)) {
    release(seq);
    return;
  }
  Pending& pending = new_pending(seq);
  pending.partition = partition;
  pending.is_write = is_write;
  pending.any_replica = any_replica;
  pending.resp = resp;
  pending.deadline = host_.now().instant + options_.request_deadline;
  pending.gives_up_at = pending.deadline + extra_time_max(options_);
  pending.is_extended = false;
  Encoder encoder(pending.args);
  wire::encode_args(encoder, args);
  if (target.client != nullptr) target.slot = target.client->reserve();
  pending.target = std::move(target);
  pending.sent = here;
  pending.copies = here ? 1 : 0;
  pending.term = term;
  if (!here && !waits) send(pending);
}

bool Gateway::is_lost(PartitionId partition) const {
  return lost_[partition.value()] &&
         host_.config(partition).epoch <= host_.view()->cluster->partition(partition).epoch;
}

/// The fast path: a replica on this worker answers before this returns, and nothing is kept.
/// False: it has the request and will answer, or it moved (then it is sent again this turn).
bool Gateway::execute_here(std::uint64_t seq, Target& target, PartitionId partition,
                           bool any_replica, std::uint8_t resp, commands::Args args, Known known) {
  Direct direct{.seq = seq, .target = &target, .outer = direct_};
  direct_ = &direct;
  host_.request_here(partition,
                     {.origin = {.gateway = host_.self(), .seq = seq, .floor = base_, .resp = resp},
                      .term = host_.config(partition).term,
                      .any_replica = any_replica,
                      .args = args,
                      .is_only_copy = true,
                      .spec = known.spec,
                      .key = known.key});
  direct_ = direct.outer;
  return direct.answered;
}

Gateway::Direct* Gateway::find_direct(std::uint64_t seq) const {
  Direct* direct = direct_;
  while (direct != nullptr && direct->seq != seq) direct = direct->outer;
  return direct;
}

Gateway::Pending& Gateway::new_pending(std::uint64_t seq) {
  if (free_.empty()) {
    pool_.push_back(std::make_unique<Pending>());
    free_.push_back(pool_.back().get());
  }
  Pending* pending = free_.back();
  free_.pop_back();
  pending->seq = seq;
  slots_[seq - base_] = pending;
  return *pending;
}

Gateway::Pending* Gateway::find(std::uint64_t seq) {
  if (wire::is_long_lived(seq)) {
    const auto at = blocking_.find(seq);
    return at == blocking_.end() ? nullptr : &at->second;
  }
  if (seq < base_ || seq - base_ >= slots_.size()) return nullptr;
  Pending* pending = slots_[seq - base_];
  return pending == &reserved_ ? nullptr : pending;
}

void Gateway::release(std::uint64_t seq) {
  Pending*& slot = slots_[seq - base_];
  if (slot == &reserved_) {
    slot = nullptr;
  } else if (slot != nullptr) {
    slot->target = {};
    slot->args.clear(kKeptBytesMax);
    free_.push_back(slot);
    slot = nullptr;
  }
  while (!slots_.empty() && slots_.front() == nullptr) {
    slots_.pop_front();
    ++base_;
  }
  if (slots_.empty()) base_ = next_seq_;
}

wire::Origin Gateway::origin_of(const Pending& pending) const {
  return {.gateway = host_.self(),
          .seq = pending.seq,
          .floor = base_,
          .resp = pending.resp,
          .finished = pending.finished};
}

void Gateway::send(Pending& pending) {
  const PartitionConfig& config = host_.config(pending.partition);
  const NodeId node = pending.any_replica ? host_.self().node : config.primary();
  pending.term = config.term;
  if (node == NodeId()) return;
  const wire::Endpoint to = host_.holder(node, pending.partition);
  if (to == host_.self()) {
    const std::uint64_t seq = pending.seq;
    ByteBuffer keep = std::move(pending.args);  // an answer releases the pending request
    wire::Args args;
    Decoder in(keep.view());
    BORG_CHECK(wire::decode_args(in, args));
    pending.sent = true;
    ++pending.copies;
    note_asked(pending);
    host_.request_here(pending.partition, {.origin = origin_of(pending),
                                           .term = config.term,
                                           .any_replica = pending.any_replica,
                                           .args = args});
    if (Pending* unanswered = find(seq)) unanswered->args = std::move(keep);
    return;
  }
  ByteBuffer* out = host_.output_to(to);
  if (out == nullptr) return;  // sent when the link stands
  pending.sent = true;
  ++pending.copies;
  note_asked(pending);
  ++forwarded_;
  wire::encode(*out,
               wire::Request{.partition = pending.partition,
                             .seq = pending.seq,
                             .floor = base_,
                             .term = config.term,
                             .resp = pending.resp,
                             .any_replica = pending.any_replica,
                             .finished = pending.finished},
               pending.args.view());
}

// ---- answers ----

void Gateway::on_reply(std::uint64_t seq, PartitionId partition, wire::ReplyStatus status,
                       std::string_view bytes, Instant valid_until) {
  Direct* const direct = find_direct(seq);
  const bool is_direct = direct != nullptr;
  Pending* pending = is_direct ? nullptr : find(seq);
  if (!is_direct && (pending == nullptr || pending->partition != partition)) return;
  if (status == wire::ReplyStatus::kMoved) {
    PartitionConfig config;
    Decoder in(bytes);
    if (wire::decode_config(in, config)) host_.learn(partition, config);
    if (!is_direct && pending->copies > 0) --pending->copies;
    // Sent again this turn if the news is of another primary; if there is no news, soon.
    if (is_direct || pending->term == host_.config(partition).term) {
      changed_later_[partition.value()] = true;
      any_changed_later_ = true;
    } else {
      route_changed(partition);
    }
    return;
  }
  if (status == wire::ReplyStatus::kWaiting) {
    if (pending != nullptr && wire::is_long_lived(seq))
      on_waiting(static_cast<Blocking&>(*pending));
    return;
  }
  if (is_direct) {
    direct->answered = true;
    deliver(*direct->target, bytes, valid_until);
    return;
  }
  // One copy was refused, but another one, sent before or since, may be executed yet.
  if (pending->is_write && pending->copies > 1 && is_refusal(bytes)) bytes = kAnswerLost;
  if (wire::is_long_lived(seq)) {
    return finish_blocking(static_cast<Blocking&>(*pending), bytes, valid_until);
  }
  Target target = std::move(pending->target);
  release(seq);
  if (target.client != nullptr) {
    target.client->finish(target.slot, bytes, valid_until);
    host_.client_has_output(*target.client);
    if (target.client->gone && target.client->nothing_pending()) {
      host_.client_left(*target.client);
    }
  } else {
    deliver_part(target, bytes, valid_until);
  }
}

void Gateway::deliver_part(Target& target, std::string_view bytes, Instant valid_until) {
  if (valid_until != Instant::never()) {
    Client& client = target.composite->client();
    client.confirm_before(valid_until);
    host_.client_has_output(client);
  }
  target.composite->part_done(target.part, bytes);
}

/// To a target that has no place in the order of replies yet.
void Gateway::deliver(Target& target, std::string_view bytes, Instant valid_until) {
  if (target.client != nullptr) {
    target.client->reply_now(bytes, valid_until);
    host_.client_has_output(*target.client);
  } else {
    deliver_part(target, bytes, valid_until);
  }
}

void Gateway::finish(Client& client, Client::Slot slot, std::string_view reply) {
  client.finish(slot, reply, Instant::never());
  host_.client_has_output(client);
  if (client.gone && client.nothing_pending()) host_.client_left(client);
}

void Gateway::fail(Pending& pending, std::string_view error) {
  on_reply(pending.seq, pending.partition, wire::ReplyStatus::kDone, error, Instant::never());
}

// ---- changes of the way ----

void Gateway::route_changed(PartitionId partition) {
  changed_[partition.value()] = true;
  any_changed_ = true;
}

void Gateway::view_changed() {
  const NodeView* view = host_.view();
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    lost_[p] = view->cluster->is_lost(PartitionId(p));
  }
  for (std::uint64_t seq = base_; seq < next_seq_; ++seq) {
    Pending* pending = find(seq);
    if (pending == nullptr || pending->any_replica) continue;
    if (!lost_[pending->partition.value()]) continue;
    // Who is given up may live, and have executed it.
    fail(*pending, pending->is_write && pending->sent ? kLostInDoubt : kDataLoss);
  }
  fail_lost_blocking();
}

/// What is overdue stays, for the next tick to give up: this node may have stood still, and nobody
/// remembers results of requests for longer than gateways ask for them.
void Gateway::resend_changed() {
  any_changed_ = false;
  std::vector<bool> changed(kPartitionCount);
  changed.swap(changed_);
  const Instant now = host_.now().instant;
  const std::uint64_t end = next_seq_;
  for (std::uint64_t seq = base_; seq < end; ++seq) {
    Pending* pending = find(seq);
    if (pending == nullptr || pending->deadline <= now) continue;
    if (changed[pending->partition.value()]) send(*pending);
  }
  resend_blocking(changed, now);
}

void Gateway::end_turn() {
  // A resend may find that its way changed once more: the next turn goes on.
  if (any_changed_) resend_changed();
  // Where the partitions are on this very worker a composite can go on at once, again and again.
  constexpr int kRoundsPerTurn = 32;
  for (int round = 0; round < kRoundsPerTurn && !deferred_.empty(); ++round) {
    std::vector<std::shared_ptr<Composite>> deferred;
    deferred.swap(deferred_);
    for (const auto& composite : deferred) composite->go_on();
  }
}

void Gateway::defer(std::shared_ptr<Composite> composite) {
  deferred_.push_back(std::move(composite));
}

void Gateway::tick() {
  const Instant now = host_.now().instant;
  if (host_.is_anybody_busy()) wait_on_all();
  for (std::uint64_t seq = base_; seq < next_seq_; ++seq) {
    Pending* pending = find(seq);
    if (pending == nullptr) continue;
    if (pending->deadline > now) {
      if (pending->is_extended) continue;
      break;  // they were submitted in the order of their deadlines
    }
    if (wait_on(*pending)) continue;
    fail(*pending, !pending->is_write ? kNotRead : pending->sent ? kInDoubt : kNotWritten);
  }
  tick_blocking(now);
  while (!admin_.empty() && admin_.front().deadline <= now) {
    on_admin_reply({.token = admin_.front().token, .reply = std::string(kNoWord)});
  }
  if (!any_changed_later_) return;
  any_changed_later_ = false;
  for (std::size_t p = 0; p < changed_later_.size(); ++p) {
    if (changed_later_[p]) route_changed(PartitionId(static_cast<std::uint16_t>(p)));
  }
  changed_later_.assign(kPartitionCount, false);
}

}  // namespace borg::node
