// SPDX-License-Identifier: Apache-2.0
#include "sim/operators.h"

#include <iterator>
#include <string>
#include <vector>

#include "sim/world.h"

namespace borg::sim {

Process* Operators::any_process() {
  const auto live = world_.live();
  return live.empty() ? nullptr : live[sim_.random.below(live.size())];
}

void Operators::err() {
  const std::int64_t orders = sim_.random.between(1, 3);
  const bool are_at_once = sim_.random.chance(1, 2);
  for (std::int64_t i = 0; i < orders; ++i) {
    sim_.queue.after(are_at_once ? Duration() : sim_.draw(Duration(), Duration::millis(300)),
                     [this] { order(); });
  }
}

void Operators::order() {
  Process* const process = any_process();
  Process* const asked = any_process();
  if (sim_.calm || process == nullptr) return;
  static constexpr const char* kCommands[] = {"DRAIN", "DRAIN",   "LEAVE",       "LEAVE",
                                              "LEAVE", "UNDRAIN", "ACCEPT-LOSS", "FORGET"};
  const std::uint64_t drawn = sim_.random.below(std::size(kCommands) + 2);
  if (drawn >= std::size(kCommands)) {
    if (!process->is_leaving) process->leave();
    return;
  }
  std::vector<std::string> command{"BORG", kCommands[drawn]};
  const bool accepts = command.back() == "ACCEPT-LOSS";
  // Where more than orders goes wrong there may be a loss, which it would make good.
  if (accepts && !sim_.options.only_operators && !sim_.options.accepts_loss) return;
  if (!accepts) command.push_back(process->name);
  const bool goes = command[1] == "DRAIN" || command[1] == "LEAVE";
  if (goes) process->is_drained = true;
  // Said where more may happen than is promised, and nowhere else.
  const bool may_force = command.size() == 3 && command[1] != "UNDRAIN";
  if (may_force && sim_.options.exceeds_promise && sim_.random.chance(1, 2)) {
    command.emplace_back("FORCE");
  }
  asked->ask(std::move(command));
}

void Operators::take_back() {
  take_back_now();
  // An order that was on its way for long may still come.
  sim_.queue.after(Duration::millis(300), [this] { take_back(); });
}

bool Operators::take_back_now() {
  bool any = false;
  for (Process* process : world_.live()) {
    const auto view = process->control->core.view();
    const auto* record = view == nullptr ? nullptr : view->cluster->member(process->id);
    if (process->is_leaving || record == nullptr) continue;
    const auto state = record->member.state;
    const bool is_going = state == coordination::MemberState::kDraining ||
                          state == coordination::MemberState::kLeaving;
    process->is_drained |= is_going;
    if (!process->is_drained) continue;
    any = true;
    // Its own view may be old: only what is asked for again and again is certain.
    if (state == coordination::MemberState::kActive && sim_.random.chance(1, 4)) {
      process->is_drained = false;
    }
    any_process()->ask({"BORG", "UNDRAIN", process->name});
  }
  return any;
}

}  // namespace borg::sim
