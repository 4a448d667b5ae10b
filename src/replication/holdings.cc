// SPDX-License-Identifier: Apache-2.0
#include "replication/holdings.h"

#include <algorithm>

namespace borg::replication {

void Holdings::begin(Seq committed, Seq last) {
  complete();
  if (last <= committed) return;
  first_hole_ = committed.next();
  before_ = last;
}

void Holdings::leave_out(Seq seq) {
  if (is_in_hole(seq)) return;
  if (first_hole_ == Seq()) first_hole_ = seq;
  left_out_.push_back(seq);
}

void Holdings::repeat(Seq seq) { repeats_.try_emplace(seq, false); }

void Holdings::repeat_acked(Seq seq) {
  const auto at = repeats_.find(seq);
  if (at != repeats_.end()) at->second = true;
}

void Holdings::complete() {
  first_hole_ = before_ = Seq();
  left_out_.clear();
  repeats_.clear();
}

bool Holdings::is_in_hole(Seq seq) const {
  return seq <= before_ || std::binary_search(left_out_.begin(), left_out_.end(), seq);
}

bool Holdings::was_sent(Seq seq) const { return !is_in_hole(seq) || repeats_.contains(seq); }

bool Holdings::holds(Seq seq, Seq acked) const {
  if (!is_in_hole(seq)) return acked >= seq;
  const auto at = repeats_.find(seq);
  return at != repeats_.end() && at->second;
}

Seq Holdings::holds_through(Seq acked) const {
  return first_hole_ == Seq() ? acked : std::min(acked, Seq(first_hole_.value() - 1));
}

std::vector<Seq> Holdings::repeats_acked() const {
  std::vector<Seq> seqs;
  for (const auto& [seq, is_acked] : repeats_) {
    if (is_acked) seqs.push_back(seq);
  }
  return seqs;
}

}  // namespace borg::replication
