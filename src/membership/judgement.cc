// SPDX-License-Identifier: Apache-2.0
#include "membership/judgement.h"

#include <algorithm>
#include <cstddef>

#include "base/planted_bug.h"
#include "base/probe.h"

namespace borg::membership {
namespace {

std::size_t supporters(const Liveness& liveness, NodeId self, std::span<const NodeId> others,
                       Instant now) {
  return static_cast<std::size_t>(std::count_if(others.begin(), others.end(), [&](NodeId other) {
    return liveness.is_steadily_reached(other, now) && !liveness.reports_trouble(other, self, now);
  }));
}

}  // namespace

bool is_well_connected(const Liveness& liveness, NodeId self, std::span<const NodeId> others,
                       Instant now) {
  return supporters(liveness, self, others, now) * 2 >= others.size();
}

bool may_judge(const Liveness& liveness, NodeId self, NodeId suspect,
               std::span<const NodeId> others, Instant now) {
  if (is_planted(PlantedBug::kJudgeUnheard)) return true;
  const std::size_t own = supporters(liveness, self, others, now);
  if (own * 2 < others.size()) {
    reached<"a node judges nobody, as most others do not hear it">();
    return false;
  }
  // Of those that this node reaches: what the rest reports, nobody knows here.
  const auto suspects =
      static_cast<std::size_t>(std::count_if(others.begin(), others.end(), [&](NodeId other) {
        return liveness.is_reached(other, now) && !liveness.reports_trouble(other, suspect, now);
      }));
  if (own != suspects) {
    if (own < suspects) reached<"a node judges nobody whom the others hear better">();
    return own > suspects;
  }
  const bool is_own_fault =
      liveness.is_steady(suspect, now) && liveness.reports_unheard(suspect, self, now);
  if (is_own_fault) reached<"a node does not judge whom it hears and who does not hear it">();
  if (is_own_fault || others.empty() || liveness.is_long_silent(suspect, now)) return !is_own_fault;
  reached<"a node waits for longer, as nobody else finds the suspect silent">();
  return false;
}

}  // namespace borg::membership
