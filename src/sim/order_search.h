// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/linearizability.h"

namespace borg::sim {

/// Looks for an order in which a model gives the replies that a history of one key has.
///
/// Depth first, over configurations: which operations have happened, and the state. Four
/// rules keep their number small without losing an order:
///  1. A configuration is not looked at if one has been that is the same but for fewer operations
///     of unknown outcome that have happened: they could still do so.
///  2. What fits and, answered so, never changes the state happens at once: it could not fit
///     better later.
///  3. Of operations of unknown outcome that are alike the oldest comes first.
///  4. One of unknown outcome happens only directly before something that it makes a difference
///     to; otherwise it could as well happen later, or never.
///
/// REQUIRES: operations are in the order of invocation, and none has failed.
class OrderSearch {
 public:
  using OpIndex = std::uint32_t;

  OrderSearch(std::vector<Operation> operations, const Model& model, std::uint64_t steps_max);
  Verdict run();

  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  /// The longest order found.
  [[nodiscard]] const std::vector<OpIndex>& best_order() const { return best_order_; }
  /// Those of known outcome that could come next after best_order(), had they other replies.
  [[nodiscard]] const std::vector<OpIndex>& best_next() const { return best_next_; }

 private:
  using StateId = std::uint32_t;
  static constexpr OpIndex kNone = UINT32_MAX;

  /// An invocation or a return in the order of time, in a list from which operations that have
  /// happened are taken out.
  struct Event {
    OpIndex op = kNone;
    bool is_return = false;
    std::uint32_t before = 0;
    std::uint32_t after = 0;
  };
  struct Fingerprint {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
    void toggle(std::uint64_t what);
  };
  struct FingerprintHash {
    std::size_t operator()(const Fingerprint& f) const { return f.low; }
  };
  struct Applied {
    StateId state = 0;
    bool fits = false;
  };
  /// One of unknown outcome that has just happened, and the state before it.
  struct Doubt {
    OpIndex op = kNone;
    StateId state = 0;
  };
  /// One configuration on the current path: how it was reached, and what to try next.
  struct Frame {
    std::size_t order_size = 0;
    StateId state = 0;
    Doubt doubt;
    std::vector<OpIndex> next;
    std::size_t tried = 0;
  };

  void link_events();
  void classify();
  StateId intern(const std::string& state);
  Applied apply(StateId state, OpIndex op);
  void take(OpIndex op);
  void give_back();
  [[nodiscard]] bool is_known(OpIndex op) const { return operations_[op].outcome == Outcome::kOk; }
  [[nodiscard]] bool may_happen(OpIndex op) const;
  template <class F>
  void for_each_candidate(F f) const;
  bool absorb_one(StateId state);
  bool is_new(StateId state, const Doubt& doubt);
  [[nodiscard]] Fingerprint fingerprint(StateId state, const Doubt& doubt) const;
  [[nodiscard]] bool is_covered(const Fingerprint& by) const;
  bool enter(StateId state, Doubt doubt, std::size_t order_size);
  [[nodiscard]] bool makes_no_difference(const Doubt& doubt, OpIndex op, StateId after);
  [[nodiscard]] std::vector<OpIndex> what_next(StateId state, const Doubt& doubt);
  void remember_best();

  std::vector<Operation> operations_;
  const Model& model_;
  std::uint64_t steps_max_;
  std::uint64_t steps_ = 0;

  std::vector<Event> events_;  // [0] is the head of the list
  std::vector<std::uint32_t> invocation_;
  std::vector<std::uint32_t> return_;  // 0: never
  std::vector<OpIndex> predecessor_;   // of the same client, of known outcome, no read
  std::vector<std::uint32_t> class_;   // alike ones have the same
  std::vector<bool> is_neutral_;
  std::vector<bool> has_happened_;
  std::size_t known_left_ = 0;

  std::unordered_map<std::string, StateId> state_ids_;
  std::vector<const std::string*> states_;
  std::unordered_map<std::uint64_t, Applied> applied_;

  std::vector<OpIndex> order_;
  Fingerprint happened_;
  std::vector<Frame> path_;
  std::vector<OpIndex> used_;  ///< those of unknown outcome in order_, ascending
  std::unordered_map<Fingerprint, std::vector<std::vector<OpIndex>>, FingerprintHash> seen_;

  bool has_best_ = false;
  std::vector<OpIndex> best_order_;
  std::vector<OpIndex> best_next_;
};

}  // namespace borg::sim
