// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/order_wait.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/borgctl/failure.h"
#include "app/borgctl/human.h"
#include "app/borgctl/info_command.h"
#include "app/borgctl/interrupt.h"
#include "app/borgctl/patience.h"
#include "app/borgctl/progress.h"
#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds kLookEvery{200};
constexpr Milliseconds kSayEvery{5000};
/// How long the cluster may be out of reach meanwhile.
constexpr Milliseconds kPatience{30000};
/// Nodes come and go: a lack that is over so soon is none.
constexpr Milliseconds kNeededFor{2000};
/// Where memory is known to be short, what still fits is under way within less.
constexpr Milliseconds kMemoryStall{15000};

/// One wait, from look to look.
class Waiting {
 public:
  Waiting(ClusterClient& client, const OrderWait& wait)
      : client_(client),
        wait_(wait),
        progress_(wait.until == Until::kGone ? "leave" : "drain", "slot"),
        is_terminal_(::isatty(STDERR_FILENO) == 1) {}

  void run() {
    while (!is_done(look())) {
      if (interrupted()) fail_as_interrupted();
      std::this_thread::sleep_for(kLookEvery);
    }
  }

 private:
  /// The cluster as one of its nodes sees it; follows it to another node when this one dies.
  ClusterInfo look() {
    Patience patience(kPatience);
    while (true) {
      try {
        return ask_info(client_).info;
      } catch (const Failure& failure) {
        if (interrupted()) fail_as_interrupted();
        if (client_.reconnect()) continue;
        say(failure.what());
        if (!patience.wait()) throw;
      }
    }
  }

  bool is_done(const ClusterInfo& info) {
    const NodeInfo* const node = info.find(wait_.id);
    if (node == nullptr && has_died_ && wait_.until == Until::kGone) {
      throw Failure(fmt::format("{} died before it had left", shown(wait_.node)));
    }
    if (node == nullptr) return true;
    // What the node that is asked knows may be a moment old.
    if (node->state == "active" && goes_) {
      throw Failure(fmt::format("{} was told to stay after all", shown(wait_.node)));
    }
    goes_ = goes_ || node->state == "draining" || node->state == "leaving";
    has_died_ = has_died_ || node->state == "down";
    held_ = node->primary_slots.value_or(0) + node->backup_slots.value_or(0);
    // One that is needed is about to be given data again.
    const bool is_free = held_ == 0 && node->members_missing == 0;
    if (is_free && wait_.until == Until::kEmpty) return true;
    note_movement(info);
    fail_if_it_waits(info, *node);
    show(info, *node);
    return false;
  }

  /// Fewer slots than ever, or bytes that were sent.
  void note_movement(const ClusterInfo& info) {
    std::int64_t sent = 0;
    for (const NodeInfo& node : info.nodes) sent += node.sent_bytes.value_or(0);
    const bool is_first = most_ < 0;
    if (is_first || held_ < least_ || sent > sent_) moved_at_ = Clock::now();
    least_ = is_first ? held_ : std::min(least_, held_);
    most_ = std::max(most_, held_);
    sent_ = std::max(sent_, sent);
  }

  void fail_if_it_waits(const ClusterInfo& info, const NodeInfo& node) {
    const Clock::time_point now = Clock::now();
    if (node.members_missing == 0) free_at_ = now;
    const bool lacks_memory = node.memory_missing_bytes > 0;
    const auto stall = lacks_memory ? std::min(kMemoryStall, wait_.stall) : wait_.stall;
    const bool is_needed = now - free_at_ >= std::min(kNeededFor, stall);
    if (!is_needed && now - moved_at_ < stall) return;
    std::string text = state_text(info, node) + "; the order stands";
    if (node.members_missing > 0) text += " and goes on by itself when a node joins";
    if (node.memory_missing_bytes > 0) text += " and goes on by itself when there is memory";
    text += fmt::format("; borgctl undrain {} takes it back", shown(wait_.node));
    if (node.state == "leaving") text += " unless a signal gave it";
    throw Failure(text, kExitWaiting);
  }

  void show(const ClusterInfo& info, const NodeInfo& node) {
    const auto done = static_cast<std::uint64_t>(most_ - held_);
    progress_.update({.part = done, .whole = static_cast<std::uint64_t>(most_), .units = done});
    if (!is_terminal_ || !cause(info, node).empty()) say(state_text(info, node));
  }

  /// Not more often than people want to read it.
  void say(const std::string& line) {
    const Clock::time_point now = Clock::now();
    if (now - said_at_ < kSayEvery) return;
    said_at_ = now;
    progress_.message(line);
  }

  /// What is known of why nothing moves.
  static std::string cause(const ClusterInfo& info, const NodeInfo& node) {
    if (node.members_missing > 0) {
      return fmt::format("it is needed until {} more {} writes, as fewer than {} others do",
                         human_count(node.members_missing),
                         node.members_missing == 1 ? "node takes" : "nodes take",
                         human_count(std::max<std::int64_t>(info.min_copies.value_or(1), 1)));
    }
    if (node.memory_missing_bytes > 0) {
      return fmt::format("the others have no memory for {} of it",
                         human_bytes(node.memory_missing_bytes));
    }
    if (node.state == "silent" || node.state == "down") return "it is " + node.state;
    return {};
  }

  [[nodiscard]] std::string state_text(const ClusterInfo& info, const NodeInfo& node) const {
    std::string text = shown(wait_.node);
    if (most_ > 0) text += fmt::format(" has handed over {} % and", 100 * (most_ - held_) / most_);
    text += fmt::format(" holds {}", human_number_of(held_, "slot"));
    if (held_ == 0) text = shown(wait_.node) + " holds nothing and has not left yet";
    const std::string why = cause(info, node);
    if (!why.empty()) return text + ": " + why;
    const auto still = Clock::now() - moved_at_;
    if (still < kSayEvery) return text;
    const double seconds = std::chrono::duration<double>(still).count();
    return text + fmt::format("; nothing has moved for {}", human_seconds(seconds));
  }

  [[noreturn]] void fail_as_interrupted() const {
    throw Failure(fmt::format("interrupted; the cluster goes on, borgctl undrain {} takes it back",
                              shown(wait_.node)),
                  kExitInterrupted);
  }

  ClusterClient& client_;
  const OrderWait& wait_;
  Progress progress_;
  const bool is_terminal_;
  bool goes_ = false;
  bool has_died_ = false;
  std::int64_t held_ = 0;  // slots, as primary or backup
  std::int64_t most_ = -1;
  std::int64_t least_ = 0;
  std::int64_t sent_ = 0;  // bytes, by all nodes
  Clock::time_point moved_at_ = Clock::now();
  Clock::time_point free_at_ = Clock::now();  // when it was not needed, last
  Clock::time_point said_at_ = Clock::now();
};

}  // namespace

void wait_for_order(ClusterClient& client, const OrderWait& wait) {
  const InterruptGuard guard;
  Waiting(client, wait).run();
}

}  // namespace borg::borgctl
