// SPDX-License-Identifier: Apache-2.0
#include "membership/link_watch.h"

#include <algorithm>

#include "base/planted_bug.h"
#include "base/probe.h"

namespace borg::membership {

LinkWatch::Verdict LinkWatch::look(const LivenessOptions& options, Instant now) {
  if (is_planted(PlantedBug::kTrustStandingLinks)) return Verdict::kFine;
  if (now - heard_ > patience(options)) {
    reached<"a link is broken, as nothing comes over it">();
    return Verdict::kBreak;
  }
  const Duration between = options.silence * 2 / 3;
  if (now - std::max(heard_, asked_) < between) return Verdict::kFine;
  asked_ = now;
  return Verdict::kAsk;
}

}  // namespace borg::membership
