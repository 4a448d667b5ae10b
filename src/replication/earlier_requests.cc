// SPDX-License-Identifier: Apache-2.0
#include "replication/earlier_requests.h"

namespace borg::replication {

const EarlierRequests::Request* EarlierRequests::add(Seq seq, const wire::Origin& origin,
                                                     const std::vector<std::string_view>& keys) {
  const auto [at, is_new] = requests_.try_emplace(seq);
  if (!is_new) return nullptr;
  at->second.origin = origin;
  at->second.keys.assign(keys.begin(), keys.end());
  return &at->second;
}

void EarlierRequests::drop_before(Seq seq) {
  requests_.erase(requests_.begin(), requests_.lower_bound(seq));
}

}  // namespace borg::replication
