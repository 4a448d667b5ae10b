// SPDX-License-Identifier: Apache-2.0
#include "sim/orders.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "sim/world.h"

namespace borg::sim {
namespace {

enum class Act : std::uint8_t {
  kDrain,
  kDrainForced,
  kLeave,
  kLeaveForced,
  kUndrain,
  kForget,
  kAcceptLoss,
  kSignal,
};
constexpr Act kActs[] = {Act::kDrain,   Act::kDrainForced, Act::kLeave,      Act::kLeaveForced,
                         Act::kUndrain, Act::kForget,      Act::kAcceptLoss, Act::kSignal};

struct Step {
  Act act = Act::kDrain;
  std::size_t host = 0;
};

bool is_forced(Act act) { return act == Act::kDrainForced || act == Act::kLeaveForced; }

std::vector<std::string> words_of(Act act, const std::string& name) {
  if (act == Act::kAcceptLoss) return {"BORG", "ACCEPT-LOSS"};
  const char* const command = act == Act::kDrain || act == Act::kDrainForced   ? "DRAIN"
                              : act == Act::kLeave || act == Act::kLeaveForced ? "LEAVE"
                              : act == Act::kUndrain                           ? "UNDRAIN"
                                                                               : "FORGET";
  std::vector<std::string> words{"BORG", command, name};
  if (is_forced(act)) words.emplace_back("FORCE");
  return words;
}

std::string text_of(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    const std::string name(1, static_cast<char>('a' + step.host));
    std::string words = step.act == Act::kSignal ? " SIGTERM " + name : "";
    if (words.empty()) {
      for (const std::string& word : words_of(step.act, name)) {
        if (word != "BORG") words += " " + word;
      }
    }
    text += (text.empty() ? "" : ",") + words;
  }
  return text;
}

/// The table of docs/operations.md, for orders of which each is done before the next.
class Table {
 public:
  Table(std::size_t nodes, std::size_t min_copies)
      : states_(nodes, State::kActive), min_copies_(min_copies) {}

  [[nodiscard]] bool is_gone(std::size_t host) const { return states_[host] == State::kGone; }
  [[nodiscard]] bool all_gone() const {
    return std::all_of(states_.begin(), states_.end(), [](State s) { return s == State::kGone; });
  }

  /// How the answer begins; what it changes is changed.
  std::string answer(const Step& step, bool asks_itself) {
    State& state = states_[step.host];
    const std::string name(1, static_cast<char>('a' + step.host));
    if (step.act == Act::kAcceptLoss) return "+OK nothing is lost";
    if (step.act == Act::kSignal) {
      state = State::kGone;
      return "";
    }
    if (state == State::kGone) return "-ERR no such node";
    switch (step.act) {
      case Act::kUndrain:
        if (state == State::kActive) return "+OK " + name + " is active";
        state = State::kActive;
        return "+OK " + name + " takes data again";
      case Act::kForget:
        return asks_itself ? "-ERR a node cannot forget itself" : "-ERR the node is alive";
      case Act::kDrain:
      case Act::kDrainForced:
        return drain(step, name);
      default:
        return leave(step, name);
    }
  }

 private:
  enum class State : std::uint8_t { kActive, kDraining, kDrainingForced, kGone };

  std::string drain(const Step& step, const std::string& name) {
    State& state = states_[step.host];
    const State wanted = is_forced(step.act) ? State::kDrainingForced : State::kDraining;
    const bool is_so = state == wanted || state == State::kDrainingForced;
    if (is_so) return "+OK " + name + " is draining already";
    if (state == State::kDraining && !is_forced(step.act)) return "+OK";
    if (others(step.host, false) == 0) return "-ERR no other member could take what " + name;
    if (!is_forced(step.act) && others(step.host, true) < min_copies_) return "-ERR only ";
    state = wanted;
    return "+OK " + name + " hands its data over and stays";
  }

  std::string leave(const Step& step, const std::string& name) {
    State& state = states_[step.host];
    const bool is_last = others(step.host, false) == 0;
    if (!is_forced(step.act)) {
      if (is_last) return "-ERR " + name + " is the last member";
      if (others(step.host, true) < min_copies_) return "-ERR only ";
    }
    state = State::kGone;
    return "+OK " + name + (is_last ? " is the last member" : " hands its data over and leaves");
  }

  [[nodiscard]] std::size_t others(std::size_t but, bool only_active) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const bool counts = only_active ? states_[i] == State::kActive : states_[i] != State::kGone;
      count += i != but && counts ? 1 : 0;
    }
    return count;
  }

  std::vector<State> states_;
  std::size_t min_copies_;
};

SimOptions options_for(std::size_t nodes, std::size_t min_copies) {
  SimOptions o;
  o.nodes = o.hosts_max = nodes;
  o.node.settings.copies = 2;
  o.node.settings.min_copies = static_cast<std::uint32_t>(min_copies);
  o.node.death_is_proven = true;
  o.only_operators = true;
  o.restarts = false;
  o.workers_max = 1;
  o.clients = 2;
  o.ops_max = 30;
  o.think_max = Duration::millis(20);
  o.clocks.wall_skew = Duration();
  return o;
}

class Case {
 public:
  Case(std::size_t nodes, std::size_t min_copies, std::uint64_t seed)
      : world_(seed, false, options_for(nodes, min_copies)), table_(nodes, min_copies) {}

  void run(const std::vector<Step>& steps, bool in_turn) {
    world_.begin();
    for (const Step& step : steps) {
      if (table_.all_gone()) break;
      Process* const target = process_of(step.host);
      Process* const asked = step.host == 0 || target == nullptr ? any() : world_.live().front();
      if (asked == nullptr) break;
      const std::string expected = table_.answer(step, asked == target);
      give(step, target, *asked);
      if (in_turn) check_answer(*asked, expected);
    }
    world_.run_for(Duration::seconds(in_turn ? 0 : 3));
    take_back();
  }

 private:
  /// Not the first, unless there is no other.
  Process* any() {
    const auto live = world_.live();
    return live.empty() ? nullptr : live.back();
  }
  Process* process_of(std::size_t host) {
    for (Process* process : world_.live()) {
      if (process->host == host) return process;
    }
    return nullptr;
  }

  void give(const Step& step, Process* target, Process& asked) {
    if (step.act == Act::kSignal) {
      if (target != nullptr && !target->is_leaving) target->leave();
      return;
    }
    // Nobody may say that data is lost which an operator has given up with a word.
    if (step.act == Act::kLeaveForced && target != nullptr) target->is_leaving = true;
    if (target != nullptr) target->is_drained = true;
    asked.ask(words_of(step.act, std::string(1, static_cast<char>('a' + step.host))));
  }

  void check_answer(Process& asked, const std::string& expected) {
    for (int i = 0; i < 40; ++i) world_.run_for(Duration::millis(25));
    if (expected.empty()) return;
    const std::string found = asked.last_answer;
    if (!found.starts_with(expected)) {
      throw Violation("an order is answered as the table says", expected + "… and not " + found);
    }
  }

  void take_back() {
    if (world_.live().empty()) return;
    for (std::size_t host = 0; host < world_.hosts(); ++host) {
      if (process_of(host) == nullptr) world_.restart_later(host, Duration());
    }
    Operators operators(world_.sim(), world_);
    for (int i = 0; i < 4; ++i) {
      operators.take_back_now();
      world_.run_for(Duration::millis(500));
      for (std::size_t host = 0; host < world_.hosts(); ++host) {
        if (process_of(host) == nullptr) world_.restart_later(host, Duration());
      }
    }
    world_.finish();
  }

  World world_;
  Table table_;
};

struct Kind {
  std::size_t nodes;
  std::size_t min_copies;
  std::size_t length;
  bool in_turn;
};

/// Every row of orders but for the names of the nodes: a new one is the next in the alphabet.
/// Of several orders at once nobody knows which is refused because another is under way: the data
/// may end only where a signal says so.
void for_each_row(const Kind& kind, std::vector<Step>& row,
                  const std::function<void(const std::vector<Step>&)>& use) {
  if (row.size() == kind.length) return use(row);
  std::size_t used = 0;
  for (const Step& step : row) used = std::max(used, step.host + 1);
  for (const Act act : kActs) {
    if (act == Act::kLeaveForced && !kind.in_turn) continue;
    const std::size_t last = act == Act::kAcceptLoss ? 0 : std::min(used, kind.nodes - 1);
    for (std::size_t host = 0; host <= last; ++host) {
      row.push_back({act, host});
      for_each_row(kind, row, use);
      row.pop_back();
    }
  }
}

}  // namespace

int run_orders(std::uint64_t seed) {
  static constexpr Kind kKinds[] = {{1, 1, 3, true},  {2, 1, 3, true},  {2, 2, 3, true},
                                    {3, 2, 3, true},  {1, 1, 3, false}, {2, 1, 3, false},
                                    {2, 2, 2, false}, {3, 2, 2, false}};
  int failures = 0;
  for (const Kind& kind : kKinds) {
    std::size_t rows = 0;
    std::vector<Step> row;
    for_each_row(kind, row, [&](const std::vector<Step>& steps) {
      ++rows;
      try {
        Case(kind.nodes, kind.min_copies, seed + rows).run(steps, kind.in_turn);
      } catch (const std::exception& e) {
        ++failures;
        std::printf("FAILED on %zu nodes, min-copies %zu, %s:%s: %s\n", kind.nodes, kind.min_copies,
                    kind.in_turn ? "in turn" : "at once", text_of(steps).c_str(), e.what());
      }
    });
    std::printf("%zu nodes, min-copies %zu, %zu orders %s: %zu rows\n", kind.nodes, kind.min_copies,
                kind.length, kind.in_turn ? "in turn" : "at once", rows);
    std::fflush(stdout);
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace borg::sim
