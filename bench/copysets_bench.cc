// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "placement/placement.h"

/// How likely it is that nodes which die at once take all copies of something with them.
///
/// First the figures of Cidon et al., Copysets (USENIX ATC 2013), by simulation and by the
/// formula that counts copysets as if they died independently; then Borg's own placement, for
/// which every pair of nodes is looked at. Seeded: every run prints the same.
/// Prints the tables of docs/placement.md.
namespace borg::placement {
namespace {

using Node32 = std::uint32_t;

constexpr Node32 kNodes = 5000;
constexpr std::size_t kCopies = 3;
constexpr std::size_t kDead = kNodes / 100;

/// The dead of one power outage.
struct Outage {
  explicit Outage(Random& random) : is_dead(kNodes, false) {
    while (dead.size() < kDead) {
      const auto node = static_cast<Node32>(random.below(kNodes));
      if (is_dead[node]) continue;
      is_dead[node] = true;
      dead.push_back(node);
    }
  }
  std::vector<bool> is_dead;
  std::vector<Node32> dead;
};

/// Each node is the primary of so many chunks, whose other two copies are anywhere. Chunks of
/// primaries that live are not lost, so they need not be drawn.
bool loses_at_random(const Outage& outage, Random& random, int chunks_per_node) {
  for (const Node32 primary : outage.dead) {
    for (int chunk = 0; chunk < chunks_per_node; ++chunk) {
      const auto second = static_cast<Node32>(random.below(kNodes));
      const auto third = static_cast<Node32>(random.below(kNodes));
      const bool is_possible = second != third && second != primary && third != primary;
      if (is_possible && outage.is_dead[second] && outage.is_dead[third]) return true;
    }
  }
  return false;
}

/// The other two copies are among the `window` nodes that follow the primary.
bool loses_in_window(const Outage& outage, Random& random, Node32 window) {
  constexpr int kChunksPerNode = 10'000;
  for (const Node32 primary : outage.dead) {
    int near = 0;
    for (Node32 i = 1; i <= window; ++i) near += outage.is_dead[(primary + i) % kNodes] ? 1 : 0;
    if (near < 2) continue;
    for (int chunk = 0; chunk < kChunksPerNode; ++chunk) {
      const auto second = static_cast<Node32>(1 + random.below(window));
      const auto third = static_cast<Node32>(1 + random.below(window));
      if (second != third && outage.is_dead[(primary + second) % kNodes] &&
          outage.is_dead[(primary + third) % kNodes]) {
        return true;
      }
    }
  }
  return false;
}

/// Copyset Replication: random permutations of the nodes, each cut into groups of three.
class Copysets {
 public:
  Copysets(Random& random, std::size_t scatter_width) {
    for (std::size_t i = 0; i < scatter_width / (kCopies - 1); ++i) {
      std::vector<Node32> order(kNodes);
      std::iota(order.begin(), order.end(), 0);
      for (std::size_t n = order.size(); n > 1; --n)
        std::swap(order[n - 1], order[random.below(n)]);
      std::vector<Node32> group(kNodes);
      for (std::size_t at = 0; at < order.size(); ++at) {
        group[order[at]] = static_cast<Node32>(at / kCopies);
      }
      group_of_.push_back(std::move(group));
    }
  }
  [[nodiscard]] bool loses(const Outage& outage) const {
    for (const std::vector<Node32>& group_of : group_of_) {
      std::vector<Node32> groups;
      for (const Node32 node : outage.dead) groups.push_back(group_of[node]);
      std::sort(groups.begin(), groups.end());
      for (std::size_t i = 0; i + kCopies <= groups.size(); ++i) {
        if (groups[i] == groups[i + kCopies - 1]) return true;
      }
    }
    return false;
  }

 private:
  std::vector<std::vector<Node32>> group_of_;
};

struct Case {
  std::string name;
  double copysets;  ///< distinct ones, for the formula
  std::string published;
  int outages;
  std::function<bool(const Outage&, Random&)> loses;
};

std::string percent(double part) {
  return fmt::format("{:.{}f} %", 100 * part, part < 0.1 ? 2 : 1);
}

void print_case(const Case& c) {
  Random random(1);
  int lost = 0;
  for (int i = 0; i < c.outages; ++i) {
    const Outage outage(random);
    lost += c.loses(outage, random) ? 1 : 0;
  }
  const auto choose3 = [](double n) { return n * (n - 1) * (n - 2) / 6; };
  const double one = choose3(kDead) / choose3(kNodes);
  fmt::print("| {} | {:.0f} | {} of {} | {} | {} | {} |\n", c.name, c.copysets, lost, c.outages,
             percent(static_cast<double>(lost) / c.outages),
             percent(1 - std::pow(1 - one, c.copysets)), c.published);
}

void print_published() {
  fmt::print(
      "| {} nodes, 3 copies, 1 % die at once | copysets | outages that lost something "
      "| simulated | by formula | published |\n|---|--:|--:|--:|--:|--:|\n",
      kNodes);
  Random random(2);
  const Copysets two(random, 2);
  const Copysets ten(random, 10);
  const auto window = [](Node32 width) {
    return [width](const Outage& o, Random& r) { return loses_in_window(o, r, width); };
  };
  print_case({"RAMCloud: anywhere, 8000 chunks a node", 8000.0 * kNodes, "99.99 %", 5'000,
              [](const Outage& o, Random& r) { return loses_at_random(o, r, 8000); }});
  print_case({"RAMCloud: copysets, S = 2", kNodes / 3.0, "0.15 %", 500'000,
              [&](const Outage& o, Random&) { return two.loses(o); }});
  print_case({"Facebook's HDFS: the next 10 nodes", 45.0 * kNodes, "", 100'000, window(10)});
  print_case({"Facebook's HDFS: the next 11 nodes", 55.0 * kNodes, "22.8 %", 100'000, window(11)});
  print_case({"Facebook's HDFS: copysets, S = 10", 5 * kNodes / 3.0, "0.78 %", 200'000,
              [&](const Outage& o, Random&) { return ten.loses(o); }});
}

// ---- Borg ----

std::vector<Node> nodes_of(Random& random, std::size_t count) {
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.push_back({NodeId(random.next()), 100, "", ""});
  return nodes;
}

/// Of all pairs of nodes, those that are both copies of some partition.
double fatal_pairs(const Assignment& assignment, std::size_t nodes) {
  std::set<std::pair<NodeId, NodeId>> pairs;
  for (const Replicas& row : assignment) {
    if (row.size() == 2) pairs.insert(std::minmax(row[0], row[1]));
  }
  const auto n = static_cast<double>(nodes);
  return static_cast<double>(pairs.size()) / (n * (n - 1) / 2);
}

/// After so many nodes came and went, one by one.
Assignment after_changes(Random& random, std::vector<Node>& nodes, Assignment assignment,
                         const Options& options, int changes) {
  for (int i = 0; i < changes; ++i) {
    if (i % 2 == 0) {
      nodes.push_back(nodes_of(random, 1).front());
    } else {
      nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(random.below(nodes.size())));
    }
    assignment = assign(nodes, options, assignment);
  }
  return assignment;
}

std::string partners_text(const Stats& s) {
  return fmt::format("{:.1f} ({})", s.scatter_mean_x100 / 100.0, s.scatter_max);
}

void print_borg() {
  fmt::print(
      "\n| Borg, 2 copies: nodes | all with all | default scatter width | S/(N-1) "
      "| partners, mean (most) | after 40 joins and leaves | partners then |\n"
      "|--:|--:|--:|--:|--:|--:|--:|\n");
  for (const std::size_t count : {5u, 8u, 9u, 10u, 20u, 50u, 100u, 200u, 500u, 1000u}) {
    Random random(count);
    std::vector<Node> nodes = nodes_of(random, count);
    const Assignment mesh = assign(nodes, {2, static_cast<std::uint32_t>(count)}, {});
    const Assignment fresh = assign(nodes, {}, {});
    const Stats now = stats(nodes, {}, {}, fresh);
    const Assignment later = after_changes(random, nodes, fresh, {}, 40);
    const double width = count <= 8 ? static_cast<double>(count) - 1 : 8;
    fmt::print("| {} | {} | {} | {} | {} | {} | {} |\n", count, percent(fatal_pairs(mesh, count)),
               percent(fatal_pairs(fresh, count)),
               percent(width / (static_cast<double>(count) - 1)), partners_text(now),
               percent(fatal_pairs(later, nodes.size())),
               partners_text(stats(nodes, {}, fresh, later)));
  }
}

/// How well a width is kept: copies move no more than they must, so a small one wears off.
void print_widths() {
  constexpr std::size_t kCount = 40;
  fmt::print(
      "\n| Borg, {} nodes: --scatter-width | lost by two deaths | partners, mean (most) "
      "| after 40 joins and leaves | partners then |\n|--:|--:|--:|--:|--:|\n",
      kCount);
  for (const std::uint32_t width : {2u, 4u, 8u, 12u, 16u, 39u}) {
    const Options options{2, width};
    Random random(kCount);
    std::vector<Node> nodes = nodes_of(random, kCount);
    const Assignment fresh = assign(nodes, options, {});
    const Stats now = stats(nodes, options, {}, fresh);
    const Assignment later = after_changes(random, nodes, fresh, options, 40);
    fmt::print("| {} | {} | {} | {} | {} |\n", width, percent(fatal_pairs(fresh, kCount)),
               partners_text(now), percent(fatal_pairs(later, nodes.size())),
               partners_text(stats(nodes, options, fresh, later)));
  }
}

}  // namespace
}  // namespace borg::placement

int main() {
  borg::placement::print_published();
  borg::placement::print_borg();
  borg::placement::print_widths();
}
