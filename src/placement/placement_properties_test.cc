// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "placement/placement.h"
#include "placement/shares.h"
#include "placement/topology.h"

namespace borg::placement {
namespace {

using Nodes = std::vector<Node>;

enum class Kind { kPlain, kWeights, kZones, kHosts, kAny };

rc::Gen<Node> any_node(Kind kind) {
  const bool weights = kind == Kind::kWeights || kind == Kind::kAny;
  const bool zones = kind == Kind::kZones || kind == Kind::kAny;
  const bool hosts = kind == Kind::kHosts || kind == Kind::kAny;
  return rc::gen::build<Node>(
      rc::gen::set(&Node::id, rc::gen::map(rc::gen::inRange<std::uint64_t>(1, 1u << 30),
                                           [](std::uint64_t n) { return NodeId(n); })),
      rc::gen::set(&Node::weight, weights ? rc::gen::inRange<std::uint32_t>(0, 400)
                                          : rc::gen::just<std::uint32_t>(100)),
      rc::gen::set(&Node::zone,
                   zones ? rc::gen::elementOf(std::vector<std::string>{"", "x", "y", "z"})
                         : rc::gen::just(std::string())),
      rc::gen::set(&Node::host,
                   hosts ? rc::gen::elementOf(std::vector<std::string>{"", "h1", "h2", "h3", "h4"})
                         : rc::gen::just(std::string())));
}

/// Nodes with distinct ids.
Nodes some_nodes(std::size_t count_max, Kind kind) {
  return *rc::gen::resize(
      static_cast<int>(count_max),
      rc::gen::uniqueBy<Nodes>(any_node(kind), [](const Node& node) { return node.id; }));
}

Options some_options() {
  Options options;
  options.copies = *rc::gen::inRange<std::uint8_t>(1, 5);
  options.scatter_width = *rc::gen::elementOf(std::vector<std::uint32_t>{0, 2, 4, 8});
  return options;
}

/// A history of memberships: joins, leaves, replacements and changes of mind.
Nodes changed(Nodes nodes, Kind kind) {
  const auto leave = *rc::gen::inRange<std::size_t>(0, 3);
  for (std::size_t i = 0; i < leave && nodes.size() > 1; ++i) {
    nodes.erase(nodes.begin() +
                *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(nodes.size())));
  }
  for (const Node& node : some_nodes(3, kind)) {
    const auto same = [&](const Node& other) { return other.id == node.id; };
    if (std::none_of(nodes.begin(), nodes.end(), same)) nodes.push_back(node);
  }
  return nodes;
}

std::size_t usable(const Nodes& nodes) {
  return static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const Node& n) { return n.weight > 0; }));
}

void check_complete(const Nodes& nodes, const Options& options, const Assignment& assignment) {
  RC_ASSERT(assignment.size() == kPartitionCount);
  std::set<NodeId> known;
  for (const Node& node : nodes) {
    if (node.weight > 0) known.insert(node.id);
  }
  for (const Replicas& row : assignment) {
    RC_ASSERT(row.size() == std::min<std::size_t>(options.copies, known.size()));
    const std::set<NodeId> distinct(row.begin(), row.end());
    RC_ASSERT(distinct.size() == row.size());
    for (const NodeId id : row) RC_ASSERT(known.count(id) == 1u);
  }
}

void check_copies_balanced(const Nodes& nodes, const Options& options,
                           const Assignment& assignment) {
  const Topology topology(nodes, options);
  const Quotas quota = quotas(topology);
  std::vector<std::uint32_t> copies(topology.size());
  for (const Replicas& row : assignment) {
    for (const NodeId id : row) ++copies[topology.find(id)];
  }
  for (Index i = 0; i < topology.size(); ++i) {
    RC_ASSERT(copies[i] >= quota.copies[i].low);
    RC_ASSERT(copies[i] <= quota.copies[i].high);
  }
}

void check_apart(const Nodes& nodes, const Options& options, const Assignment& assignment) {
  const Topology topology(nodes, options);
  for (const Replicas& row : assignment) {
    Holders holders;
    for (const NodeId id : row) holders.add(topology.find(id));
    RC_ASSERT(topology.crowding(holders) == topology.crowding_min);
  }
}

Assignment checked(const Nodes& nodes, const Options& options, const Assignment& previous) {
  Assignment assignment = assign(nodes, options, previous);
  check_complete(nodes, options, assignment);
  check_copies_balanced(nodes, options, assignment);
  check_apart(nodes, options, assignment);
  return assignment;
}

RC_GTEST_PROP(Placement, IsCompleteBalancedAndApartThroughAnyHistory, ()) {
  const Kind kind =
      *rc::gen::element(Kind::kPlain, Kind::kWeights, Kind::kZones, Kind::kHosts, Kind::kAny);
  const Options options = some_options();
  Nodes nodes = some_nodes(14, kind);
  Assignment assignment;
  for (int step = 0; step < 4; ++step) {
    assignment = checked(nodes, options, assignment);
    nodes = changed(nodes, kind);
  }
}

RC_GTEST_PROP(Placement, EqualNodesDifferByAtMostOneCopyAndOnePrimary, ()) {
  const Options options = some_options();
  Nodes nodes = some_nodes(30, Kind::kPlain);
  Assignment previous;
  for (int step = 0; step < 4 && !nodes.empty(); ++step) {
    const Assignment assignment = checked(nodes, options, previous);
    const Stats s = stats(nodes, options, previous, assignment);
    RC_ASSERT(s.copies_max - s.copies_min <= 1u);
    RC_ASSERT(s.primaries_max - s.primaries_min <= 1u);
    previous = assignment;
    nodes = changed(nodes, Kind::kPlain);
  }
}

RC_GTEST_PROP(Placement, PrimariesFollowTheWeights, ()) {
  Nodes nodes = some_nodes(12, Kind::kWeights);
  RC_PRE(usable(nodes) >= 2u);
  const Topology topology(nodes, {});
  const Quotas quota = quotas(topology);
  const Assignment assignment = assign(nodes, {}, {});
  std::vector<std::uint32_t> primaries(topology.size());
  for (const Replicas& row : assignment) ++primaries[topology.find(row.primary())];
  for (Index i = 0; i < topology.size(); ++i) {
    RC_ASSERT(primaries[i] + 1 >= quota.primaries[i].low);
    RC_ASSERT(primaries[i] <= quota.primaries[i].high + 1);
  }
}

RC_GTEST_PROP(Placement, TheOrderOfTheNodesDoesNotMatter, ()) {
  const Options options = some_options();
  Nodes nodes = some_nodes(12, Kind::kAny);
  const Assignment first = assign(nodes, options, {});
  std::reverse(nodes.begin(), nodes.end());
  RC_ASSERT(assign(nodes, options, {}) == first);
  Nodes next = changed(nodes, Kind::kAny);
  const Assignment second = assign(next, options, first);
  std::reverse(next.begin(), next.end());
  RC_ASSERT(assign(next, options, first) == second);
}

RC_GTEST_PROP(Placement, NothingMovesIfNothingChanges, ()) {
  const Options options = some_options();
  const Nodes nodes = some_nodes(16, Kind::kAny);
  const Assignment assignment = assign(nodes, options, {});
  RC_ASSERT(assign(nodes, options, assignment) == assignment);
}

/// Copies of `after` that `before` did not have, by node.
std::map<NodeId, int> gains(const Assignment& before, const Assignment& after) {
  std::map<NodeId, int> result;
  for (std::size_t p = 0; p < after.size(); ++p) {
    for (const NodeId id : after[p]) {
      if (!before[p].contains(id)) ++result[id];
    }
  }
  return result;
}

RC_GTEST_PROP(Placement, AJoinMovesOnlyTheNewcomersShareAndOnlyToIt, ()) {
  const Options options{2, *rc::gen::elementOf(std::vector<std::uint32_t>{0, 4, 8, 100})};
  Nodes nodes = some_nodes(40, Kind::kPlain);
  RC_PRE(nodes.size() >= 2u);
  const Node newcomer = nodes.back();
  Nodes old(nodes.begin(), nodes.end() - 1);
  const Assignment before = assign(old, options, {});
  const Assignment after = assign(nodes, options, before);
  for (const auto& [id, count] : gains(before, after)) RC_ASSERT(id == newcomer.id);
  const Stats s = stats(nodes, options, before, after);
  RC_ASSERT(s.moved == s.moved_min);
  RC_ASSERT(s.replaced_whole == 0u);
  // It must lead its share, and with few partners some of that takes two hand-overs each.
  RC_ASSERT(s.primaries_changed <= 2 * s.primaries_max + 4);
}

RC_GTEST_PROP(Placement, ALeaveMovesOnlyWhatTheLeaverHeld, ()) {
  const Options options{2, *rc::gen::elementOf(std::vector<std::uint32_t>{0, 4, 8, 100})};
  Nodes nodes = some_nodes(40, Kind::kPlain);
  RC_PRE(nodes.size() >= 2u);
  const Assignment before = assign(nodes, options, {});
  nodes.pop_back();
  const Assignment after = assign(nodes, options, before);
  const Stats s = stats(nodes, options, before, after);
  RC_ASSERT(s.moved == s.moved_min);
  RC_ASSERT(s.replaced_whole == 0u);
}

RC_GTEST_PROP(Placement, ASurvivorBecomesPrimaryWhenThePrimaryDies, ()) {
  Nodes nodes = some_nodes(12, Kind::kPlain);
  RC_PRE(nodes.size() >= 3u);
  const Assignment before = assign(nodes, {}, {});
  const NodeId dead = nodes.back().id;
  nodes.pop_back();
  const Assignment after = assign(nodes, {}, before);
  int handed_to_newcomers = 0;
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    if (!before[p].contains(after[p].primary())) ++handed_to_newcomers;
  }
  RC_ASSERT(handed_to_newcomers * 100 <= kPartitionCount);
  const Stats s = stats(nodes, {}, before, after);
  RC_ASSERT(s.primaries_changed * 20 <= kPartitionCount);
  RC_ASSERT(dead != after[0].primary());
}

RC_GTEST_PROP(Placement, PartnersStayFewInLargeClusters, ()) {
  Nodes nodes = some_nodes(60, Kind::kPlain);
  RC_PRE(nodes.size() >= 12u);
  const Assignment fresh = assign(nodes, {}, {});
  const Stats s = stats(nodes, {}, {}, fresh);
  RC_ASSERT(s.scatter_mean_x100 <= 1000u);
  RC_ASSERT(s.scatter_max <= 24u);
  const Nodes next = changed(nodes, Kind::kPlain);
  RC_ASSERT(stats(next, {}, fresh, assign(next, {}, fresh)).scatter_mean_x100 <= 1200u);
}

RC_GTEST_PROP(Placement, AnythingMayBeInThePrevious, ()) {
  Assignment garbage(*rc::gen::inRange<std::size_t>(0, 1500));
  const Nodes nodes = some_nodes(6, Kind::kAny);
  Random random(*rc::gen::arbitrary<std::uint64_t>());
  for (Replicas& row : garbage) {
    for (std::uint64_t i = random.below(kCopiesMax + 1); i > 0; --i) {
      row.push_back(nodes.empty() || random.chance(1, 4) ? NodeId(random.next())
                                                         : nodes[random.below(nodes.size())].id);
    }
  }
  checked(nodes, some_options(), garbage);
}

}  // namespace
}  // namespace borg::placement
