// SPDX-License-Identifier: Apache-2.0
#include "node/interests.h"

#include <algorithm>

#include "commands/command.h"

namespace borg::node {
namespace {

void insert(std::vector<Interests::Lane>& lanes, Interests::Lane lane) {
  const auto at = std::lower_bound(lanes.begin(), lanes.end(), lane);
  if (at == lanes.end() || *at != lane) lanes.insert(at, lane);
}

}  // namespace

void Interests::add(ChannelKind kind, std::string_view name, Lane lane) {
  insert(lanes_[static_cast<std::size_t>(kind)][std::string(name)], lane);
}

void Interests::remove(ChannelKind kind, std::string_view name, Lane lane) {
  auto& by_name = lanes_[static_cast<std::size_t>(kind)];
  const auto at = by_name.find(name);
  if (at == by_name.end()) return;
  std::erase(at->second, lane);
  if (at->second.empty()) by_name.erase(at);
}

void Interests::forget(Lane lane) {
  for (auto& by_name : lanes_) {
    for (auto at = by_name.begin(); at != by_name.end();) {
      std::erase(at->second, lane);
      at = at->second.empty() ? by_name.erase(at) : std::next(at);
    }
  }
}

std::vector<Interests::Lane> Interests::lanes(bool is_sharded, std::string_view channel) const {
  Lanes found;
  const auto& by_name =
      lanes_[static_cast<std::size_t>(is_sharded ? ChannelKind::kShard : ChannelKind::kChannel)];
  if (const auto at = by_name.find(channel); at != by_name.end()) found = at->second;
  if (is_sharded) return found;
  for (const auto& [pattern, lanes] : lanes_[static_cast<std::size_t>(ChannelKind::kPattern)]) {
    if (!commands::glob_match(pattern, channel)) continue;
    for (const Lane lane : lanes) insert(found, lane);
  }
  return found;
}

}  // namespace borg::node
