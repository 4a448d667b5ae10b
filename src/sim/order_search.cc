// SPDX-License-Identifier: Apache-2.0
#include "sim/order_search.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/random.h"

namespace borg::sim {
namespace {

/// How many answers of the model are remembered.
constexpr std::size_t kAppliedMax = 1 << 20;

}  // namespace

void OrderSearch::Fingerprint::toggle(std::uint64_t what) {
  Random random(what);
  low ^= random.next();
  high ^= random.next();
}

OrderSearch::OrderSearch(std::vector<Operation> operations, const Model& model,
                         std::uint64_t steps_max)
    : operations_(std::move(operations)),
      model_(model),
      steps_max_(steps_max),
      has_happened_(operations_.size()) {
  link_events();
  classify();
  for (OpIndex op = 0; op < operations_.size(); ++op) {
    known_left_ += is_known(op) ? 1 : 0;
    is_neutral_.push_back(is_known(op) && model.is_neutral(operations_[op]));
  }
}

void OrderSearch::link_events() {
  // At one moment invocations come before returns: those operations overlap.
  std::vector<std::tuple<std::int64_t, bool, OpIndex>> moments;
  for (OpIndex op = 0; op < operations_.size(); ++op) {
    moments.emplace_back(operations_[op].invoked, false, op);
    if (is_known(op)) moments.emplace_back(operations_[op].returned, true, op);
  }
  std::sort(moments.begin(), moments.end());
  invocation_.assign(operations_.size(), 0);
  return_.assign(operations_.size(), 0);
  events_.resize(moments.size() + 1);
  for (std::uint32_t i = 0; i < events_.size(); ++i) {
    events_[i].after = i + 1 == events_.size() ? 0 : i + 1;
    events_[i].before = i == 0 ? static_cast<std::uint32_t>(events_.size() - 1) : i - 1;
    if (i == 0) continue;
    const auto [time, is_return, op] = moments[i - 1];
    events_[i].op = op;
    events_[i].is_return = is_return;
    (is_return ? return_ : invocation_)[op] = i;
  }
}

void OrderSearch::classify() {
  std::map<std::uint64_t, OpIndex> last_of_client;
  std::map<std::pair<std::string, std::vector<std::string>>, std::uint32_t> classes;
  for (OpIndex op = 0; op < operations_.size(); ++op) {
    const Operation& operation = operations_[op];
    const auto number = static_cast<std::uint32_t>(classes.size());
    class_.push_back(
        classes.emplace(std::pair(operation.name, operation.args), number).first->second);
    const auto last = last_of_client.find(operation.client);
    predecessor_.push_back(last == last_of_client.end() ? kNone : last->second);
    // Not a read: one that had to be sent again may see what came behind it in its pipeline.
    if (is_known(op) && !model_.is_read(operation)) last_of_client[operation.client] = op;
  }
}

OrderSearch::StateId OrderSearch::intern(const std::string& state) {
  const auto [it, is_new] = state_ids_.emplace(state, static_cast<StateId>(states_.size()));
  if (is_new) states_.push_back(&it->first);
  return it->second;
}

OrderSearch::Applied OrderSearch::apply(StateId state, OpIndex op) {
  const std::uint64_t question = (std::uint64_t{state} << 32) | op;
  const auto it = applied_.find(question);
  if (it != applied_.end()) return it->second;
  const Model::Step step = model_.apply(*states_[state], operations_[op]);
  if (applied_.size() == kAppliedMax) applied_.clear();
  const Applied answer{intern(step.state), !is_known(op) || step.reply == operations_[op].reply};
  applied_.emplace(question, answer);
  return answer;
}

void OrderSearch::take(OpIndex op) {
  for (const std::uint32_t e : {invocation_[op], return_[op]}) {
    if (e == 0) continue;
    events_[events_[e].before].after = events_[e].after;
    events_[events_[e].after].before = events_[e].before;
  }
  has_happened_[op] = true;
  if (is_known(op)) {
    --known_left_;
    happened_.toggle(op);
  } else {
    used_.insert(std::upper_bound(used_.begin(), used_.end(), op), op);
  }
  order_.push_back(op);
}

void OrderSearch::give_back() {
  const OpIndex op = order_.back();
  for (const std::uint32_t e : {return_[op], invocation_[op]}) {
    if (e == 0) continue;
    events_[events_[e].before].after = e;
    events_[events_[e].after].before = e;
  }
  has_happened_[op] = false;
  if (is_known(op)) {
    ++known_left_;
    happened_.toggle(op);
  } else {
    used_.erase(std::lower_bound(used_.begin(), used_.end(), op));
  }
  order_.pop_back();
}

bool OrderSearch::may_happen(OpIndex op) const {
  return predecessor_[op] == kNone || has_happened_[predecessor_[op]];
}

/// Calls f for each that has been invoked before anything that is left has returned; f says
/// whether to go on.
template <class F>
void OrderSearch::for_each_candidate(F f) const {
  for (std::uint32_t e = events_[0].after; e != 0 && !events_[e].is_return; e = events_[e].after) {
    if (may_happen(events_[e].op) && !f(events_[e].op)) return;
  }
}

/// Rule 2.
bool OrderSearch::absorb_one(StateId state) {
  OpIndex found = kNone;
  for_each_candidate([&](OpIndex op) {
    if (is_neutral_[op] && apply(state, op).fits) found = op;
    return found == kNone;
  });
  if (found != kNone) take(found);
  return found != kNone;
}

/// Rule 4, for `op` that would lead to `after` directly after the one in doubt.
bool OrderSearch::makes_no_difference(const Doubt& doubt, OpIndex op, StateId after) {
  const Applied without = apply(doubt.state, op);
  if (!without.fits) return false;
  if (without.state == after) return true;
  const bool commute = apply(without.state, doubt.op).state == after;
  // Of two in doubt that commute, one order is enough.
  return commute && (is_known(op) || op < doubt.op);
}

std::vector<OrderSearch::OpIndex> OrderSearch::what_next(StateId state, const Doubt& doubt) {
  std::vector<OpIndex> known;
  std::vector<OpIndex> unknown;
  for_each_candidate([&](OpIndex op) {
    const Applied applied = apply(state, op);
    if (!applied.fits || (!is_known(op) && applied.state == state)) return true;
    if (doubt.op != kNone && makes_no_difference(doubt, op, applied.state)) return true;
    if (is_known(op)) {
      known.push_back(op);
      return true;
    }
    const auto is_alike = [&](OpIndex other) { return class_[other] == class_[op]; };
    if (std::none_of(unknown.begin(), unknown.end(), is_alike)) unknown.push_back(op);
    return true;
  });
  known.insert(known.end(), unknown.begin(), unknown.end());
  return known;
}

void OrderSearch::remember_best() {
  if (has_best_ && order_.size() <= best_order_.size()) return;
  has_best_ = true;
  best_order_ = order_;
  best_next_.clear();
  for_each_candidate([&](OpIndex op) {
    if (is_known(op)) best_next_.push_back(op);
    return true;
  });
}

OrderSearch::Fingerprint OrderSearch::fingerprint(StateId state, const Doubt& doubt) const {
  Fingerprint result = happened_;
  result.toggle((std::uint64_t{1} << 32) | state);
  result.toggle((std::uint64_t{2} << 32) | doubt.op);
  if (doubt.op != kNone) result.toggle((std::uint64_t{3} << 32) | doubt.state);
  return result;
}

bool OrderSearch::is_covered(const Fingerprint& by) const {
  const auto it = seen_.find(by);
  if (it == seen_.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(), [&](const auto& fewer) {
    return std::includes(used_.begin(), used_.end(), fewer.begin(), fewer.end());
  });
}

/// Rule 1. Without a doubt more is tried, so such a configuration covers one with.
bool OrderSearch::is_new(StateId state, const Doubt& doubt) {
  const Fingerprint same = fingerprint(state, doubt);
  if (is_covered(same)) return false;
  if (doubt.op != kNone && is_covered(fingerprint(state, {}))) return false;
  seen_[same].push_back(used_);
  return true;
}

/// Makes the configuration the end of the path. False if it need not be looked at.
bool OrderSearch::enter(StateId state, Doubt doubt, std::size_t order_size) {
  while (absorb_one(state)) doubt = {};  // it has made a difference
  if (!is_new(state, doubt)) return false;
  ++steps_;
  path_.push_back({order_size, state, doubt, what_next(state, doubt), 0});
  if (path_.back().next.empty()) remember_best();
  return true;
}

Verdict OrderSearch::run() {
  const auto undo_to = [&](std::size_t size) {
    while (order_.size() > size) give_back();
  };
  enter(intern(model_.initial()), {}, 0);
  while (known_left_ > 0) {
    if (path_.empty()) return Verdict::kViolation;
    if (steps_ >= steps_max_) return Verdict::kUndecided;
    Frame& frame = path_.back();
    if (frame.tried == frame.next.size()) {
      const std::size_t size = frame.order_size;
      path_.pop_back();
      undo_to(size);
      continue;
    }
    const OpIndex op = frame.next[frame.tried++];
    const StateId state = frame.state;
    const std::size_t size = order_.size();
    take(op);
    const Doubt doubt = is_known(op) ? Doubt{} : Doubt{op, state};
    if (!enter(apply(state, op).state, doubt, size)) undo_to(size);
  }
  return Verdict::kLinearizable;
}

}  // namespace borg::sim
