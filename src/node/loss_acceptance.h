// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "membership/cluster_view.h"
#include "node/inner_message.h"

namespace borg::node {

/// The losses that an operator has accepted through this node, until it is known what came of it.
///
/// Only what was lost when it was said is accepted: the next loss is one to be reported and
/// accepted anew.
class LossAcceptance {
 public:
  struct Answer {
    AdminRequest request;
    std::string text;
  };

  void add(AdminRequest request, const membership::ClusterView& view, Instant now);
  [[nodiscard]] bool accepts(PartitionId partition) const;
  [[nodiscard]] bool empty() const { return pending_.empty(); }
  /// Those of which it is known what became of them, or that have waited long enough. `is_open`:
  /// a change of the partitions is on its way to the coordinator.
  [[nodiscard]] std::vector<Answer> settle(const membership::ClusterView& view, bool is_open,
                                           Instant now);

 private:
  struct Pending {
    AdminRequest request;
    std::set<PartitionId> partitions;
    Instant deadline;
  };
  std::vector<Pending> pending_;
};

}  // namespace borg::node
