// SPDX-License-Identifier: Apache-2.0
#include "placement/shed.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "placement/scatter.h"

namespace borg::placement {
namespace {

/// What a copy must be like to be handed on in one pass; each pass asks for less.
struct Pass {
  bool is_role_exact;  ///< primaries and backups leave as each are too many
  Limits partners;
};

bool role_fits(const Layout& layout, std::size_t partition, Index from, Index to,
               const Pass& pass) {
  const Tally& load = layout.load();
  const Tally& lead = layout.lead();
  if (layout.leader(partition) == from) {
    return lead.above_high(from) || (lead.above_low(from) && lead.below_low(to));
  }
  if (!pass.is_role_exact) return true;
  return load[from] - lead[from] > load.quota(from).high - lead.quota(from).high;
}

/// One copy that may be handed on. First those of pairs that should end, pair by pair; then
/// those of the strongest pairs, so that all become alike.
struct Offer {
  std::uint32_t rank;
  Draw draw;
  std::uint16_t partition;
  Index from;
  friend bool operator<(const Offer& a, const Offer& b) {
    return std::tie(a.rank, a.draw, a.partition, a.from) <
           std::tie(b.rank, b.draw, b.partition, b.from);
  }
};

class Shedding {
 public:
  Shedding(Layout& layout, Index to) : layout_(layout), to_(to) {
    const bool is_meshed = layout.topology().is_meshed();
    if (!is_meshed) ending_ = pairs_to_end(layout);
    for (std::size_t p = 0; p < kPartitionCount; ++p) {
      const Holders& holders = layout_.holders(p);
      if (holders.contains(to)) continue;
      const Draw d = layout.draw_of(p, to);
      for (const Index from : holders) {
        offers_.push_back({is_meshed ? 0 : rank(p, from), d, static_cast<std::uint16_t>(p), from});
      }
    }
    std::sort(offers_.begin(), offers_.end());
  }
  void run() {
    for (const Pass& pass : passes()) take(pass, true);
    for (const Pass& pass : passes()) take(pass, false);
  }

 private:
  [[nodiscard]] std::uint32_t rank(std::size_t partition, Index from) const {
    std::uint32_t result = UINT32_MAX;
    for (const Index other : layout_.holders(partition)) {
      if (other == from) continue;
      const auto it = ending_.find(pair_code(from, other));
      result = std::min(
          result, it != ending_.end() ? it->second : UINT32_MAX - layout_.shared(from, other));
    }
    return result;
  }
  [[nodiscard]] std::vector<Pass> passes() const {
    const std::uint32_t s = layout_.topology().scatter;
    const auto all = static_cast<std::uint32_t>(layout_.topology().size());
    if (layout_.topology().is_meshed()) return {{true, {all, all}}, {false, {all, all}}};
    return {{true, {s, s}},    {false, {s, s}},       {false, {s, s + 2}},
            {false, {s, all}}, {false, {s + 2, all}}, {false, {all, all}}};
  }
  /// True while the node wants more: from the overfull as much as it may hold, else what it must.
  [[nodiscard]] bool wants(bool is_from_overfull) const {
    return is_from_overfull ? layout_.load().is_open(to_) : layout_.load().below_low(to_);
  }
  void take(const Pass& pass, bool is_from_overfull) {
    for (const Offer& offer : offers_) {
      if (!wants(is_from_overfull)) return;
      if (gives(offer, pass, is_from_overfull)) layout_.replace(offer.partition, offer.from, to_);
    }
  }
  [[nodiscard]] bool gives(const Offer& offer, const Pass& pass, bool is_from_overfull) const {
    const auto [p, from] = std::pair(offer.partition, offer.from);
    const Tally& load = layout_.load();
    const Holders& holders = layout_.holders(p);
    return (is_from_overfull ? load.above_high(from) : load.above_low(from)) &&
           holders.contains(from) && !holders.contains(to_) && layout_.may_leave(p, from) &&
           role_fits(layout_, p, from, to_, pass) &&
           layout_.topology().may_replace(holders, from, to_) &&
           scatter_excess(layout_, p, from, to_, pass.partners) == 0;
  }

  Layout& layout_;
  Index to_;
  std::map<std::uint32_t, std::uint32_t> ending_;
  std::vector<Offer> offers_;
};

}  // namespace

void shed(Layout& layout) {
  const Tally& load = layout.load();
  std::vector<Index> takers;
  bool any_overfull = false;
  for (Index i = 0; i < load.size(); ++i) {
    any_overfull = any_overfull || load.above_high(i);
    if (load.below_high(i)) takers.push_back(i);
  }
  const auto missing = [&](Index i) { return load.quota(i).high - load[i]; };
  std::stable_sort(takers.begin(), takers.end(),
                   [&](Index a, Index b) { return missing(a) > missing(b); });
  for (const Index taker : takers) {
    if (any_overfull || load.below_low(taker)) Shedding(layout, taker).run();
  }
}

}  // namespace borg::placement
