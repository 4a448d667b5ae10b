// SPDX-License-Identifier: Apache-2.0
#include "placement/shares.h"

#include <algorithm>

namespace borg::placement {
namespace {

__extension__ using Wide = unsigned __int128;

/// Shares are counted in 2^-20 of a partition.
constexpr std::uint64_t kUnit = 1ULL << 20;
constexpr std::uint64_t kAll = kPartitionCount * kUnit;

/// One box of a division: a zone, a host or a node, with the nodes in it.
struct Box {
  std::vector<Index> nodes;
  std::uint64_t weight = 0;
};

std::vector<Box> boxes(const Topology& topology, const std::vector<Index>& nodes,
                       const std::vector<Index>& number) {
  std::vector<Box> by_number(topology.size());
  for (const Index node : nodes) {
    by_number[number[node]].nodes.push_back(node);
    by_number[number[node]].weight += topology.nodes[node].weight;
  }
  std::erase_if(by_number, [](const Box& box) { return box.nodes.empty(); });
  return by_number;
}

/// What the first, second, ... copy of a partition in one box adds to its crowding at best;
/// ascending, as many as there are nodes (but no more than copies).
using Steps = std::vector<std::uint32_t>;

enum class Level { kZones, kHosts };

Steps host_steps(const Topology& topology, const Box& host) {
  Steps steps;
  for (std::uint32_t n = 0; n < std::min<std::size_t>(host.nodes.size(), topology.copies); ++n) {
    steps.push_back(n * Topology::kSameHost);
  }
  return steps;
}

Steps zone_steps(const Topology& topology, const Box& zone) {
  Steps steps;
  for (const Box& host : boxes(topology, zone.nodes, topology.host)) {
    for (const std::uint32_t step : host_steps(topology, host)) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  steps.resize(std::min<std::size_t>(steps.size(), topology.copies));
  for (std::uint32_t n = 0; n < steps.size(); ++n) steps[n] += n * Topology::kSameZone;
  return steps;
}

/// The step that the last of `copies` copies takes if each takes the cheapest left.
std::uint32_t last_step(const std::vector<Steps>& all, std::uint64_t copies) {
  Steps merged;
  for (const Steps& steps : all) merged.insert(merged.end(), steps.begin(), steps.end());
  std::sort(merged.begin(), merged.end());
  return merged[copies - 1];
}

/// A partition has [low, high] copies in a box that holds `share` of all: divide it further.
struct Range {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};
struct Part {
  Box box;
  Range copies;
  std::uint64_t share = 0;
};

/// Copies are apart where they can be: all steps cheaper than the last are taken, none dearer.
std::vector<Part> split(const Topology& topology, const Part& whole, Level level) {
  std::vector<Part> parts;
  std::vector<Steps> steps;
  for (Box& box :
       boxes(topology, whole.box.nodes, level == Level::kZones ? topology.zone : topology.host)) {
    steps.push_back(level == Level::kZones ? zone_steps(topology, box) : host_steps(topology, box));
    parts.push_back({std::move(box), {}, 0});
  }
  std::vector<Claim> claims;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Range& copies = parts[i].copies;
    if (whole.copies.low > 0) {
      const auto end =
          std::lower_bound(steps[i].begin(), steps[i].end(), last_step(steps, whole.copies.low));
      copies.low = static_cast<std::uint64_t>(end - steps[i].begin());
    }
    if (whole.copies.high > 0) {
      const auto end =
          std::upper_bound(steps[i].begin(), steps[i].end(), last_step(steps, whole.copies.high));
      copies.high = static_cast<std::uint64_t>(end - steps[i].begin());
    }
    claims.push_back({parts[i].box.weight, copies.low * kAll, copies.high * kAll});
  }
  const std::vector<std::uint64_t> shares = divide(whole.share, claims);
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].share = shares[i];
  return parts;
}

std::vector<Part> split_all(const Topology& topology, const std::vector<Part>& parts, Level level) {
  std::vector<Part> result;
  for (const Part& part : parts) {
    for (Part& inner : split(topology, part, level)) result.push_back(std::move(inner));
  }
  return result;
}

/// Within a host only the number of nodes limits them.
void share_out(const Topology& topology, const Part& host, std::vector<std::uint64_t>& shares) {
  std::vector<Claim> claims;
  for (const Index node : host.box.nodes) claims.push_back({topology.nodes[node].weight, 0, kAll});
  const std::vector<std::uint64_t> divided = divide(host.share, claims);
  for (std::size_t i = 0; i < divided.size(); ++i) shares[host.box.nodes[i]] = divided[i];
}

std::vector<std::uint64_t> copy_shares(const Topology& topology) {
  Box all;
  for (Index i = 0; i < topology.size(); ++i) all.nodes.push_back(i);
  const Part whole{all, {topology.copies, topology.copies}, topology.copies * kAll};
  const std::vector<Part> zones = split_all(topology, {whole}, Level::kZones);
  std::vector<std::uint64_t> shares(topology.size());
  for (const Part& host : split_all(topology, zones, Level::kHosts)) {
    share_out(topology, host, shares);
  }
  return shares;
}

std::vector<Quota> rounded(const std::vector<std::uint64_t>& shares) {
  std::vector<Quota> result;
  for (const std::uint64_t share : shares) {
    result.push_back({static_cast<std::uint32_t>(share / kUnit),
                      static_cast<std::uint32_t>((share + kUnit - 1) / kUnit)});
  }
  return result;
}

}  // namespace

std::vector<std::uint64_t> divide(std::uint64_t total, const std::vector<Claim>& claims) {
  std::vector<std::uint64_t> result(claims.size());
  std::vector<std::size_t> open(claims.size());
  for (std::size_t i = 0; i < open.size(); ++i) open[i] = i;
  // In each round those are settled who press against the limit that decides: the lower ones
  // if together the limits give too much, the upper ones if too little.
  while (!open.empty()) {
    Wide weight = 0;
    for (const std::size_t i : open) weight += claims[i].weight;
    std::uint64_t raised = 0;
    std::uint64_t lowered = 0;
    for (const std::size_t i : open) {
      result[i] = static_cast<std::uint64_t>(Wide{total} * claims[i].weight / weight);
      if (result[i] < claims[i].low) raised += claims[i].low - result[i];
      if (result[i] > claims[i].high) lowered += result[i] - claims[i].high;
    }
    if (raised == 0 && lowered == 0) break;
    std::uint64_t settled = 0;
    std::erase_if(open, [&](std::size_t i) {
      const bool at_low = raised >= lowered && result[i] < claims[i].low;
      const bool at_high = lowered >= raised && result[i] > claims[i].high;
      if (!at_low && !at_high) return false;
      result[i] = at_low ? claims[i].low : claims[i].high;
      settled += result[i];
      return true;
    });
    total -= std::min(total, settled);
  }
  return result;
}

Quotas quotas(const Topology& topology) {
  if (topology.copies == 0) {
    const std::vector<Quota> none(topology.size());
    return {none, none};
  }
  const std::vector<std::uint64_t> copies = copy_shares(topology);
  std::vector<Claim> claims;
  for (Index i = 0; i < topology.size(); ++i) {
    claims.push_back({topology.nodes[i].weight, 0, copies[i]});
  }
  return {rounded(copies), rounded(divide(kAll, claims))};
}

Tally::Tally(const std::vector<Quota>& quota, std::uint32_t total)
    : quota_(&quota), count_(quota.size()), rounded_up_max_(total) {
  for (const Quota& q : quota) rounded_up_max_ -= q.low;
}

void Tally::add(Index node) {
  if (!below_low(node) && below_high(node)) ++rounded_up_;
  ++count_[node];
}

void Tally::remove(Index node) {
  BORG_CHECK(count_[node] > 0);
  if (above_low(node) && !above_high(node)) --rounded_up_;
  --count_[node];
}

}  // namespace borg::placement
