// SPDX-License-Identifier: Apache-2.0
#include "membership/link_watch.h"

#include <algorithm>

#include "base/planted_bug.h"
#include "base/probe.h"

namespace borg::membership {

LinkWatch::Verdict LinkWatch::look(const LivenessOptions& options, Instant now) {
  if (is_planted(PlantedBug::kTrustStandingLinks)) return Verdict::kFine;
  const Duration between = options.silence * 2 / 3;
  // Who looks seldom asks late, and the answer gets its time all the same.
  const bool is_asked = first_asked_ > heard_;
  if (is_asked && now - first_asked_ > patience(options) - between) {
    reached<"a link is broken, as nothing comes over it">();
    return Verdict::kBreak;
  }
  if (now - std::max(heard_, asked_) < between) return Verdict::kFine;
  asked_ = now;
  if (!is_asked) first_asked_ = now;
  return Verdict::kAsk;
}

}  // namespace borg::membership
