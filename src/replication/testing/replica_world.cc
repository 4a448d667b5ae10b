// SPDX-License-Identifier: Apache-2.0
#include "replication/testing/replica_world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.h"
#include "base/slot.h"
#include "storage/value_kinds.h"

namespace borg::replication::testing {

std::string key(std::string_view name) { return "{p}" + std::string(name); }

std::string bulk(std::string_view value) {
  return "$" + std::to_string(value.size()) + "\r\n" + std::string(value) + "\r\n";
}

class ReplicaWorld::Node final : public ReplicaSink {
 public:
  Node(ReplicaWorld& world, int number)
      : replica(world.partition_, NodeId(static_cast<std::uint64_t>(number))),
        world_(world),
        number_(number) {}

  ByteBuffer* replicate(const SentFrame& frame) override { return send(frame.to, frame); }
  ByteBuffer* link(NodeId to, PartitionId partition) override {
    EXPECT_EQ(partition, world_.partition_);
    return send(to, std::nullopt);
  }
  void reply(const wire::Origin& origin, PartitionId partition, wire::ReplyStatus status,
             std::string_view bytes, Instant valid_until) override {
    EXPECT_EQ(partition, world_.partition_);
    world_.replies.push_back({number_, origin, status, std::string(bytes), valid_until});
  }
  void report(const Report& report) override { world_.reports.emplace_back(number_, report); }
  [[nodiscard]] Instant serve_until(const PartitionConfig& config) const override {
    return config.in_sync.size() > 1 ? around.serve_until
                                     : std::min(around.serve_until, around.alone_until);
  }
  [[nodiscard]] bool may_be_alone(PartitionId) const override { return around.may_be_alone; }
  [[nodiscard]] std::size_t copies_required() const override { return around.copies_required; }
  [[nodiscard]] bool too_few_nodes() const override { return around.too_few_nodes; }
  [[nodiscard]] bool out_of_memory(const PartitionConfig&, std::uint64_t) const override {
    return around.out_of_memory;
  }
  [[nodiscard]] bool is_own_gateway(const wire::Origin&) const override {
    return around.is_own_gateway;
  }
  std::uint64_t draw_random() override { return random_.next(); }
  [[nodiscard]] bool wants_events() const override { return around.wants_events; }
  [[nodiscard]] SyncLimits sync_limits() const override { return around.sync_limits; }
  void announce(const commands::KeyEvent& event) override {
    world_.events.push_back(std::string(event.name) + " " + event.key);
  }
  ByteBuffer& scratch() override {
    scratch_.clear();
    return scratch_;
  }

  Replica replica;
  ReplicaInvariants invariants;
  Surroundings around;

 private:
  ByteBuffer* send(NodeId to, std::optional<SentFrame> sent) {
    const Pair pair{number_, static_cast<int>(to.value())};
    if (!world_.is_up_[pair]) return nullptr;
    auto& wire = world_.wires_[pair];
    wire.push_back(std::make_unique<Parcel>());
    wire.back()->sent = sent;
    return &wire.back()->frame;
  }

  ReplicaWorld& world_;
  const int number_;
  Random random_{1};
  ByteBuffer scratch_;
};

ReplicaWorld::ReplicaWorld(int nodes) : partition_(partition_of(slot_of_key(key("")))) {
  for (int n = 1; n <= nodes; ++n) {
    nodes_.emplace(n, std::make_unique<Node>(*this, n));
    for (int other = 1; other <= nodes; ++other) is_up_[{n, other}] = n != other;
  }
}

ReplicaWorld::~ReplicaWorld() = default;

ReplicaWorld::Surroundings& ReplicaWorld::around(int node) { return nodes_.at(node)->around; }

void ReplicaWorld::pass(Duration d) {
  now.instant = now.instant + d;
  now.wall.ms += d.as_millis();
}

PartitionConfig ReplicaWorld::config(std::uint64_t epoch, std::uint64_t term,
                                     std::initializer_list<int> in_sync,
                                     std::initializer_list<int> syncing) {
  PartitionConfig c{.epoch = Epoch(epoch), .term = Epoch(term), .in_sync = {}, .syncing = {}};
  for (const int n : in_sync) c.in_sync.push_back(NodeId(static_cast<std::uint64_t>(n)));
  for (const int n : syncing) c.syncing.push_back(NodeId(static_cast<std::uint64_t>(n)));
  return c;
}

void ReplicaWorld::configure(const PartitionConfig& config) {
  for (auto& [number, node] : nodes_) node->replica.configure(config, now, *node);
  check_invariants();
}

void ReplicaWorld::configure(std::initializer_list<int> nodes, const PartitionConfig& config) {
  for (const int n : nodes) nodes_.at(n)->replica.configure(config, now, *nodes_.at(n));
  check_invariants();
}

void ReplicaWorld::check_invariants() {
  for (auto& [number, node] : nodes_) {
    EXPECT_EQ(node->invariants.check(node->replica), std::nullopt) << "node " << number;
  }
}

std::uint64_t ReplicaWorld::ask(int node, std::vector<std::string> args) {
  const std::uint64_t request = next_request_++;
  asked_[request] = {{.gateway = {NodeId(100), 0}, .seq = request, .floor = floor},
                     replica(node).config().term,
                     std::move(args)};
  give(node, asked_[request]);
  return request;
}

std::uint64_t ReplicaWorld::ask_here(int node, std::vector<std::string> args) {
  const std::uint64_t request = next_request_++;
  asked_[request] = {.origin = {.gateway = {NodeId(100), 0}, .seq = request, .floor = floor},
                     .term = replica(node).config().term,
                     .args = std::move(args)};
  Asked only = asked_[request];
  only.is_only_copy = true;
  give(node, only);
  return request;
}

void ReplicaWorld::ask_again(int node, std::uint64_t request) {
  Asked again = asked(request);
  again.term = replica(node).config().term;
  give(node, again);
}

void ReplicaWorld::give(int node, const Asked& asked) {
  const std::vector<std::string_view> args(asked.args.begin(), asked.args.end());
  replica(node).request({.origin = asked.origin,
                         .term = asked.term,
                         .any_replica = asked.any_replica,
                         .args = args,
                         .is_only_copy = asked.is_only_copy},
                        now, *nodes_.at(node));
  check_invariants();
}

std::size_t ReplicaWorld::bytes_on_the_way(int from, int to) const {
  std::size_t bytes = 0;
  const auto at = wires_.find({from, to});
  if (at == wires_.end()) return 0;
  for (const auto& parcel : at->second) bytes += parcel->frame.size();
  return bytes;
}

std::size_t ReplicaWorld::on_the_way(int from, int to) const {
  const auto at = wires_.find({from, to});
  return at == wires_.end() ? 0 : at->second.size();
}

void ReplicaWorld::deliver_one(int from, int to) {
  auto& wire = wires_[{from, to}];
  BORG_CHECK(!wire.empty());
  Parcel parcel = std::move(*wire.front());
  wire.pop_front();
  take(from, to, std::move(parcel));
  check_invariants();
}

void ReplicaWorld::deliver(int from, int to) {
  for (std::size_t n = on_the_way(from, to); n > 0 && on_the_way(from, to) > 0; --n) {
    deliver_one(from, to);
  }
}

void ReplicaWorld::take(int from, int to, Parcel parcel) {
  Node& node = *nodes_.at(to);
  const NodeId sender(static_cast<std::uint64_t>(from));
  if (parcel.acked) {
    node.replica.on_acked(*parcel.acked, now, node);
    return;
  }
  wire::Frame frame{};
  std::size_t wanted = 0;
  const auto status = wire::read_frame(parcel.frame.view(), wire::kFrameBytesMax, frame, wanted);
  ASSERT_EQ(status, wire::FrameStatus::kFrame);
  ASSERT_EQ(frame.consumed, parcel.frame.size()) << "exactly one frame a call";
  const auto read = [&](auto m) {
    EXPECT_TRUE(wire::decode(frame.payload, m));
    return m;
  };
  switch (frame.type) {
    case wire::FrameType::kTermStart:
      node.replica.on_term_start(sender, read(wire::TermStart{}), now, node);
      break;
    case wire::FrameType::kOperation:
      node.replica.on_operation(sender, read(wire::Operation{}), nullptr, now, node);
      break;
    case wire::FrameType::kSyncStart:
      node.replica.on_sync_start(sender, read(wire::SyncStart{}), now, node);
      break;
    case wire::FrameType::kSyncChunk:
      node.replica.on_sync_chunk(sender, read(wire::SyncChunk{}), node);
      break;
    case wire::FrameType::kSyncEnd:
      node.replica.on_sync_end(sender, read(wire::SyncEnd{}), now, node);
      break;
    case wire::FrameType::kNack:
      node.replica.on_nack(sender, read(wire::Nack{}), now, node);
      break;
    default:
      FAIL() << "no replica sends this";
  }
  if (!parcel.sent || !is_up_[{to, from}]) return;
  auto ack = std::make_unique<Parcel>();
  ack->acked = parcel.sent;
  wires_[{to, from}].push_back(std::move(ack));
}

bool ReplicaWorld::pump_snapshots() {
  bool moved = false;
  for (auto& [number, node] : nodes_) {
    const NodeList syncing = node->replica.config().syncing;
    for (const NodeId to : syncing) moved = node->replica.send_chunk(to, now, *node) || moved;
  }
  return moved;
}

void ReplicaWorld::run() {
  bool moved = true;
  for (int rounds = 0; moved && rounds < 10'000; ++rounds) {
    moved = pump_snapshots();
    for (auto& [pair, wire] : wires_) {
      moved = moved || !wire.empty();
      deliver(pair.first, pair.second);
    }
  }
  EXPECT_FALSE(moved) << "the replicas never come to rest";
}

void ReplicaWorld::cut(int a, int b) {
  for (const auto& [from, to] : {Pair{a, b}, Pair{b, a}}) {
    wires_[{from, to}].clear();
    is_up_[{from, to}] = false;
    replica(from).link_down(NodeId(static_cast<std::uint64_t>(to)));
  }
}

void ReplicaWorld::heal(int a, int b) {
  for (const auto& [from, to] : {Pair{a, b}, Pair{b, a}}) is_up_[{from, to}] = true;
  for (const auto& [from, to] : {Pair{a, b}, Pair{b, a}}) {
    replica(from).link_up(NodeId(static_cast<std::uint64_t>(to)), now, *nodes_.at(from));
  }
}

void ReplicaWorld::kill(int node) {
  for (const auto& [number, other] : nodes_) {
    if (number != node) cut(node, number);
  }
}

void ReplicaWorld::poke(int node) { replica(node).poke(now, *nodes_.at(node)); }

bool ReplicaWorld::send_chunk(int from, int to) {
  return replica(from).send_chunk(NodeId(static_cast<std::uint64_t>(to)), now, *nodes_.at(from));
}

void ReplicaWorld::park(int node, Epoch epoch) { replica(node).park(epoch, *nodes_.at(node)); }

void ReplicaWorld::unpark(int node, Epoch epoch) {
  replica(node).unpark(epoch, now, *nodes_.at(node));
}

std::size_t ReplicaWorld::expire_some(int node) {
  return replica(node).expire_some(now, 1000, *nodes_.at(node));
}

Replica& ReplicaWorld::replica(int node) { return nodes_.at(node)->replica; }

std::optional<std::string> ReplicaWorld::value(int node, std::string_view key) {
  const auto entry = replica(node).store().find(storage::key_ref(key));
  if (!entry) return std::nullopt;
  return std::string(entry->value);
}

bool ReplicaWorld::same_data(int a, int b) {
  std::map<std::string, std::pair<std::uint64_t, storage::ExpiryMs>> data[2];
  for (const int i : {0, 1}) {
    const storage::PartitionStore& store = replica(i == 0 ? a : b).store();
    store.scan(store.begin(), SIZE_MAX, SIZE_MAX, [&](const storage::EntryView& entry) {
      data[i][std::string(entry.key)] = {storage::digest_of_value(entry), entry.expiry};
    });
  }
  return data[0] == data[1];
}

const GivenReply* ReplicaWorld::given(std::uint64_t request) const {
  const GivenReply* found = nullptr;
  for (const GivenReply& reply : replies) {
    if (reply.origin.seq != request) continue;
    if (found != nullptr) return nullptr;
    found = &reply;
  }
  return found;
}

std::optional<std::string> ReplicaWorld::reply(std::uint64_t request) const {
  const GivenReply* found = given(request);
  return found == nullptr ? std::nullopt : std::optional(found->bytes);
}

std::size_t ReplicaWorld::count(Report::Kind kind) const {
  return static_cast<std::size_t>(std::count_if(
      reports.begin(), reports.end(), [&](const auto& r) { return r.second.kind == kind; }));
}

}  // namespace borg::replication::testing
