// SPDX-License-Identifier: Apache-2.0
#include "sim/fillers.h"

#include <algorithm>

namespace borg::sim {
namespace {

constexpr std::uint64_t kKeys = 600;
constexpr Duration kPatience = Duration::seconds(7);

std::string key(std::uint64_t n) { return "x" + std::to_string(n); }

}  // namespace

Fillers::Fillers(Sim& sim, const std::function<Process*()>& choose_process)
    : sim_(sim), fillers_(sim.options.fillers) {
  for (std::size_t i = 0; i < fillers_.size(); ++i) {
    Filler& each = fillers_[i];
    each.line = std::make_unique<MessengerLine>(
        sim, choose_process, [this, &each](const auto& value) { on_answer(each, value); });
  }
}

void Fillers::start() {
  for (Filler& each : fillers_) think(each);
}

void Fillers::empty() {
  is_emptying_ = true;
  for (std::size_t i = 0; i < fillers_.size(); ++i) {
    for (std::uint64_t n = i; n < kKeys; n += fillers_.size()) fillers_[i].left.push_back(n);
  }
}

bool Fillers::is_done(const Filler& filler) const {
  return is_emptying_ && !filler.awaits_answer && filler.lost >= filler.left.size();
}

bool Fillers::are_done() const {
  return std::ranges::all_of(fillers_, [this](const Filler& each) { return is_done(each); });
}

void Fillers::think(Filler& filler) {
  const auto most =
      is_done(filler) ? Duration::millis(200) : Duration::millis(is_emptying_ ? 4 : 10);
  sim_.queue.after(sim_.draw(Duration(), most), [this, &filler] { act(filler); });
}

void Fillers::act(Filler& filler) {
  if (filler.awaits_answer && filler.line->is_up()) {
    if (sim_.queue.now() - filler.asked_at > kPatience) filler.line->hang_up();
    return think(filler);
  }
  filler.awaits_answer = false;  // of a connection that is gone: a key is deleted once more
  if (is_emptying_ && filler.left.empty()) return;
  if (!filler.line->is_up() && !filler.line->connect()) return think(filler);
  filler.awaits_answer = true;
  filler.asked_at = sim_.queue.now();
  if (is_emptying_) {
    filler.line->send({"del", key(filler.left.front())});
  } else {
    const auto size =
        static_cast<std::size_t>(sim_.random.between(1, static_cast<std::int64_t>(kValueBytesMax)));
    filler.line->send({"set", key(sim_.random.below(kKeys)), std::string(size, 'v')});
  }
  think(filler);
}

/// What was asked before the emptying began may be answered in it: only a number is of a DEL.
void Fillers::on_answer(Filler& filler, const resp::Value& value) {
  filler.awaits_answer = false;
  if (!is_emptying_ || filler.left.empty()) return;
  const std::uint64_t tried = filler.left.front();
  if (value.kind == resp::Value::Kind::kInteger) {
    filler.left.pop_front();
    filler.lost = 0;
  } else if (value.text.starts_with("DATALOSS")) {
    filler.left.pop_front();
    filler.left.push_back(tried);
    ++filler.lost;
  }
}

}  // namespace borg::sim
