// SPDX-License-Identifier: Apache-2.0
#include "membership/wall_clocks.h"

#include <algorithm>
#include <cstdlib>

#include "base/planted_bug.h"
#include "base/probe.h"

namespace borg::membership {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
/// A clock that was not heard of for longer does not count.
constexpr Duration kHeardLately = Duration::seconds(2);
/// By so much no heartbeat is late of which the next ones are not: the clock was set back.
constexpr Duration kSetBack = Duration::seconds(1);

/// Peers may say anything: what lies beyond the years 1820 to 2120 counts as their end.
std::int64_t ahead_of(Instant now, WallTime wall) {
  constexpr std::int64_t kMostMs = 150LL * 365 * 24 * 3600 * 1000;
  return std::clamp(wall.ms, -kMostMs, kMostMs) * kNanosPerMilli - now.as_nanos();
}

}  // namespace

void WallClocks::hear(NodeId from, WallTime wall, WallTime believed, Instant now) {
  const auto [at, is_new] = clocks_.try_emplace(from);
  Clock& clock = at->second;
  clock.heard = now;
  const std::int64_t ahead = ahead_of(now, wall);
  const bool is_set_back = ahead < clock.ahead_ns - kSetBack.as_nanos();
  if (is_new || ahead > clock.ahead_ns || is_set_back || now - clock.read > kHeardLately) {
    clock.ahead_ns = ahead;
    clock.read = now;
  }
  if (is_settled_ || believed.ms == 0) return;
  reached<"a node that begins takes over what others believe the time to be">();
  believe(ahead_of(now, believed));
  is_settled_ = true;
}

std::vector<WallClocks::Change> WallClocks::consider(const std::vector<NodeId>& members, Now now) {
  std::erase_if(clocks_, [&](const auto& entry) {
    return std::find(members.begin(), members.end(), entry.first) == members.end();
  });
  Clock& own = clocks_[self_];
  own.ahead_ns = ahead_of(now.instant, now.wall);
  own.read = own.heard = now.instant;
  const auto target = agreed_on(members.size(), now.instant);
  if (!target) reached<"no majority of wall clocks agrees">();
  if (is_planted(PlantedBug::kBelieveOwnWall)) {
    believe(own.ahead_ns);
  } else if (!is_settled_) {
    believe(target.value_or(own.ahead_ns));
  } else if (target) {
    approach(*target, now.instant);
  }
  is_settled_ = is_settled_ || target || members.front() == self_;
  considered_ = now.instant;
  return changes(!target);
}

/// The middle of the largest group within the tolerance, if it is most of all members. Of two such
/// groups, which overlap then, the one that is nearer to what is believed.
std::optional<std::int64_t> WallClocks::agreed_on(std::size_t members, Instant now) const {
  std::vector<std::int64_t> all;
  for (const auto& [node, clock] : clocks_) {
    if (now - clock.heard <= kHeardLately) all.push_back(clock.ahead_ns);
  }
  std::sort(all.begin(), all.end());
  const std::int64_t near = is_settled_ ? believed_ns_ : clocks_.at(self_).ahead_ns;
  std::optional<std::int64_t> middle;
  std::size_t largest = members / 2;
  for (std::size_t first = 0; first < all.size(); ++first) {
    const auto end = std::upper_bound(all.begin(), all.end(), all[first] + kTolerance.as_nanos());
    const auto count = static_cast<std::size_t>(end - all.begin()) - first;
    if (count < largest || count * 2 <= members) continue;
    const std::int64_t low = all[first + (count - 1) / 2];
    const std::int64_t found = low + (all[first + count / 2] - low) / 2;
    const bool is_nearer = !middle || std::abs(found - near) < std::abs(*middle - near);
    if (count > largest || is_nearer) middle = found;
    largest = count;
  }
  return middle;
}

void WallClocks::approach(std::int64_t target_ns, Instant now) {
  const std::int64_t off = target_ns - believed_ns_;
  if (std::abs(off) >= kStep.as_nanos()) {
    reached<"what most wall clocks show jumps">();
    return believe(target_ns);
  }
  const std::int64_t most = (now - considered_).as_nanos() / kSlewPart;
  believe(believed_ns_ + std::clamp(off, -most, most));
}

void WallClocks::believe(std::int64_t ahead_ns) {
  believed_ns_ = ahead_ns;
  shared_->set(ahead_ns);
}

/// One that is wrong has to come well within the tolerance to be right again.
std::vector<WallClocks::Change> WallClocks::changes(bool is_disputed) {
  std::vector<Change> changes;
  if (!is_settled_) return changes;
  for (auto& [node, clock] : clocks_) {
    const std::int64_t off = std::abs(clock.ahead_ns - believed_ns_);
    const Duration limit = clock.is_wrong ? kTolerance * 4 / 5 : kTolerance;
    const bool is_wrong = off > limit.as_nanos();
    const bool is_same =
        is_wrong == clock.is_wrong && (is_wrong && is_disputed) == clock.is_disputed;
    if (is_same) continue;
    clock.is_wrong = is_wrong;
    clock.is_disputed = is_wrong && is_disputed;
    changes.push_back(
        {node, is_wrong, clock.is_disputed, Duration::nanos(clock.ahead_ns - believed_ns_)});
  }
  return changes;
}

std::optional<Duration> WallClocks::ahead(NodeId node) const {
  const auto at = clocks_.find(node);
  if (at == clocks_.end() || !is_settled_) return std::nullopt;
  return Duration::nanos(at->second.ahead_ns - believed_ns_);
}

bool WallClocks::is_wrong(NodeId node) const {
  const auto at = clocks_.find(node);
  return at != clocks_.end() && at->second.is_wrong;
}

bool WallClocks::is_disputed(NodeId node) const {
  const auto at = clocks_.find(node);
  return at != clocks_.end() && at->second.is_disputed;
}

}  // namespace borg::membership
