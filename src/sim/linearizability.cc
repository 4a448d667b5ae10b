// SPDX-License-Identifier: Apache-2.0
#include "sim/linearizability.h"

#include <algorithm>
#include <utility>

#include "sim/order_search.h"

namespace borg::sim {
namespace {

using Operations = std::vector<Operation>;

constexpr std::size_t kShownOrderMax = 10;
constexpr std::uint64_t kShrinkStepsMax = 300'000;

/// What OrderSearch wants: in the order of invocation, without what never happened.
Operations prepared(Operations operations) {
  std::erase_if(operations, [](const Operation& o) { return o.outcome == Outcome::kFailed; });
  std::stable_sort(operations.begin(), operations.end(),
                   [](const Operation& a, const Operation& b) { return a.invoked < b.invoked; });
  return operations;
}

/// What could have been known at a moment: later returns are not known yet.
Operations until(const Operations& operations, std::int64_t moment) {
  Operations result;
  for (Operation operation : operations) {
    if (operation.invoked > moment) continue;
    if (operation.returned > moment) operation.outcome = Outcome::kUnknown;
    result.push_back(std::move(operation));
  }
  return result;
}

/// Makes a violation easier to read, as far as a bounded number of steps finds it.
class Shrinker {
 public:
  Shrinker(const Model& model, std::uint64_t steps) : model_(model), steps_left_(steps) {}

  /// The history up to the first return that cannot be explained.
  Operations shortest(const Operations& operations) {
    std::vector<std::int64_t> moments;
    for (const Operation& operation : operations) {
      if (operation.outcome == Outcome::kOk) moments.push_back(operation.returned);
    }
    std::sort(moments.begin(), moments.end());
    std::size_t low = 0;  // the first that is a violation is in [low, high]
    std::size_t high = moments.size() - 1;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (is_violation(until(operations, moments[middle]))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    Operations result = until(operations, moments[high]);
    return is_violation(result) ? result : operations;
  }

  /// Leaves out what changed nothing and the violation does not need.
  Operations without_needless(Operations operations) {
    for (std::size_t chunk = operations.size(); chunk > 0 && steps_left_ > 0; chunk /= 2) {
      for (std::size_t begin = 0; begin < operations.size() && steps_left_ > 0;) {
        Operations fewer = without(operations, begin, begin + chunk);
        if (fewer.size() < operations.size() && is_violation(fewer)) {
          operations = std::move(fewer);
        } else {
          begin += chunk;
        }
      }
    }
    return operations;
  }

 private:
  bool is_violation(const Operations& operations) {
    OrderSearch search(model_.simplified(operations), model_, steps_left_);
    const bool result = search.run() == Verdict::kViolation;
    steps_left_ -= std::min(steps_left_, search.steps() + 1);
    return result;
  }
  /// Without something that changed nothing a history that was right stays right.
  [[nodiscard]] Operations without(const Operations& operations, std::size_t begin,
                                   std::size_t end) const {
    Operations fewer;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const bool is_needless =
          operations[i].outcome == Outcome::kOk && model_.is_neutral(operations[i]);
      if (i < begin || i >= end || !is_needless) fewer.push_back(operations[i]);
    }
    return fewer;
  }

  const Model& model_;
  std::uint64_t steps_left_;
};

std::string explain(const Operations& operations, const Model& model, const CheckOptions& options) {
  OrderSearch search(model.simplified(operations), model, options.steps_max);
  search.run();
  const auto& order = search.best_order();
  std::string text = "key \"" + operations.front().key + "\" is not linearizable.\n";
  const std::size_t shown = std::min(order.size(), kShownOrderMax);
  text += "The best order found ends (" + std::to_string(shown) + " of " +
          std::to_string(order.size()) + "):\n";
  for (std::size_t i = order.size() - shown; i < order.size(); ++i) {
    text += "  " + describe(operations[order[i]]) + "\n";
  }
  std::string state = model.initial();
  for (const auto i : order) state = model.apply(state, operations[i]).state;
  text +=
      "The value is then " + model.describe_state(state) + ", and of these none can come next:\n";
  for (const auto next : search.best_next()) {
    const Reply expected = model.apply(state, operations[next]).reply;
    text += "  " + describe(operations[next]) + ": would have been " + describe(expected) + "\n";
  }
  return text;
}

}  // namespace

CheckResult check_key(const Operations& all, const Model& model, const CheckOptions& options) {
  for (const Operation& operation : all) {
    if (model.knows(operation)) continue;
    return {Verdict::kViolation, "the model does not know: " + describe(operation) + "\n", 0};
  }
  const Operations operations = prepared(all);
  OrderSearch search(model.simplified(operations), model, options.steps_max);
  CheckResult result{search.run(), {}, search.steps()};
  if (result.verdict == Verdict::kUndecided) {
    result.explanation = "key \"" + operations.front().key + "\": undecided after " +
                         std::to_string(result.steps) + " steps\n";
  }
  if (result.verdict == Verdict::kViolation) {
    Shrinker shrinker(model, kShrinkStepsMax);
    result.explanation =
        explain(shrinker.without_needless(shrinker.shortest(operations)), model, options);
  }
  return result;
}

CheckResult check(const History& history, const Model& model, const CheckOptions& options) {
  CheckResult all;
  for (const auto& [key, operations] : history.by_key()) {
    CheckResult one = check_key(operations, model, options);
    all.steps += one.steps;
    all.explanation += one.explanation;
    if (one.verdict == Verdict::kViolation || all.verdict == Verdict::kLinearizable) {
      all.verdict = one.verdict;
    }
  }
  return all;
}

}  // namespace borg::sim
