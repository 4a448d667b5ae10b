// SPDX-License-Identifier: Apache-2.0
#include "sim/planted_bugs.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "base/planted_bug.h"

namespace borg::sim {

#ifdef BORG_SIMULATION

namespace {

struct NamedBug {
  PlantedBug bug;
  const char* name;
};

constexpr NamedBug kBugs[] = {
    {PlantedBug::kAcknowledgeTooEarly, "acknowledge too early"},
    {PlantedBug::kServeWithoutLease, "serve without a lease"},
    {PlantedBug::kForgetRequests, "forget requests"},
    {PlantedBug::kPromoteSyncing, "promote a syncing replica"},
    {PlantedBug::kBelieveOldReports, "believe old reports"},
    {PlantedBug::kForgetWritesDuringSync, "forget writes during a sync"},
    {PlantedBug::kNoCompare, "write without compare"},
    {PlantedBug::kPromiseAfterTakeOver, "promise after a take-over"},
    {PlantedBug::kTakeOverAtOnce, "take over at once"},
    {PlantedBug::kTooFewCopies, "too few copies"},
    {PlantedBug::kNeverRepair, "never repair"},
    {PlantedBug::kShowUnstable, "show what is not stable"},
    {PlantedBug::kServeDuringHandOver, "serve during a hand-over"},
    {PlantedBug::kSnapshotMissesWrites, "a snapshot misses writes"},
    {PlantedBug::kForgetDeletesDuringSync, "forget deletes during a sync"},
    {PlantedBug::kLeaseOfAsker, "a lease of the asker's length"},
    {PlantedBug::kLeaseFromAnswer, "a lease from its answer on"},
    {PlantedBug::kExpireByOwnClock, "expire by the replica's own clock"},
    {PlantedBug::kSilentLoss, "go on after a loss in silence"},
    {PlantedBug::kReuseEpoch, "reuse an epoch"},
    {PlantedBug::kIgnoreWatches, "go on though a watched key was changed"},
    {PlantedBug::kSplitTransactions, "replicate a transaction in two parts"},
    {PlantedBug::kForgetCancels, "forget cancels"},
    {PlantedBug::kForgetTheDrained, "the data ends though a drained member lives"},
    {PlantedBug::kEndUnannounced, "the data ends while somebody joins"},
    {PlantedBug::kLeaveWithAStaleView, "leave with a stale view"},
    {PlantedBug::kKeepBlocked, "keep commands blocked after resigning"},
    {PlantedBug::kTrustStandingLinks, "trust links that stand"},
    {PlantedBug::kJudgeUnheard, "judge others though nobody hears it"},
    {PlantedBug::kOwnMemoryOnly, "look at the primary's memory alone"},
    {PlantedBug::kLeaveUnderWayToSnapshot, "leave what is under way to the snapshot"},
    {PlantedBug::kRepeatWithoutRecord, "repeat an operation without its result"},
    {PlantedBug::kBelieveRepeats, "believe repeats that are not acknowledged"},
    {PlantedBug::kClockFollowsWalls, "a clock that follows the walls"},
    {PlantedBug::kClockOfOwnWall, "a new primary's clock is its wall's"},
    {PlantedBug::kClockStandsStill, "a clock that stands still until a take-over"},
    {PlantedBug::kBelieveOwnWall, "believe one's own wall clock"},
};

enum class Outcome : std::uint8_t { kPassed, kFailed, kCrashed };

/// A page that a child process shares with this one.
class SharedSeed {
 public:
  SharedSeed()
      : page_(::mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    BORG_CHECK(page_ != MAP_FAILED);
  }
  ~SharedSeed() { ::munmap(page_, sizeof(std::uint64_t)); }
  SharedSeed(const SharedSeed&) = delete;
  SharedSeed& operator=(const SharedSeed&) = delete;
  [[nodiscard]] std::uint64_t* get() const { return static_cast<std::uint64_t*>(page_); }

 private:
  void* page_;
};

/// In a process of its own: a planted bug may break the cores' own checks, which abort. Whatever
/// else ends the process is a mistake of the simulator.
Outcome run_apart(PlantedBug bug, const RunnerOptions& options) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    planted_bug = bug;
    const int code = run_seeds(options);
    std::fflush(stdout);
    std::_Exit(code);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return Outcome::kCrashed;
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? Outcome::kPassed : Outcome::kFailed;
  return WTERMSIG(status) == SIGABRT ? Outcome::kFailed : Outcome::kCrashed;
}

/// A seed counts that fails with the bug and not without it.
bool is_found(const NamedBug& bug, const RunnerOptions& options) {
  std::printf("planted: %s\n", bug.name);
  const SharedSeed seed;
  RunnerOptions with = options;
  with.planted_bugs = with.keep_going = with.prints_probes = false;
  with.seed_under_way = seed.get();
  const std::uint64_t end = options.from + options.seeds;
  while (with.from < end) {
    with.seeds = end - with.from;
    const Outcome outcome = run_apart(bug.bug, with);
    if (outcome == Outcome::kPassed) return false;
    const std::uint64_t failed = *seed.get();
    const auto number = static_cast<unsigned long long>(failed);
    if (outcome == Outcome::kCrashed) {
      std::printf("THE SIMULATOR CRASHED at seed %llu with: %s\n", number, bug.name);
      return false;
    }
    RunnerOptions without = with;
    without.from = failed;
    without.seeds = 1;
    if (run_apart(PlantedBug::kNone, without) == Outcome::kPassed) return true;
    std::printf("seed %llu fails without the bug as well\n", number);
    with.from = failed + 1;
  }
  return false;
}

}  // namespace

int find_planted_bugs(const RunnerOptions& options) {
  int missed = 0;
  for (const NamedBug& bug : kBugs) {
    const bool is_wanted = std::string_view(bug.name).find(options.only) != std::string_view::npos;
    if (!is_wanted || is_found(bug, options)) continue;
    ++missed;
    std::printf("NOT FOUND: %s\n", bug.name);
  }
  return missed == 0 ? 0 : 1;
}

#else

int find_planted_bugs(const RunnerOptions&) {
  std::fputs("bugs can be planted in the simulator's own build only\n", stderr);
  return 2;
}

#endif

}  // namespace borg::sim
