// SPDX-License-Identifier: Apache-2.0
#include "sim/planted_bugs.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

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
    {PlantedBug::kHeardIsReached, "take who is heard for who hears"},
    {PlantedBug::kOwnMemoryOnly, "look at the primary's memory alone"},
    {PlantedBug::kLeaveUnderWayToSnapshot, "leave what is under way to the snapshot"},
    {PlantedBug::kRepeatWithoutRecord, "repeat an operation without its result"},
    {PlantedBug::kBelieveRepeats, "believe repeats that are not acknowledged"},
    {PlantedBug::kClockFollowsWalls, "a clock that follows the walls"},
    {PlantedBug::kClockOfOwnWall, "a new primary's clock is its wall's"},
    {PlantedBug::kClockStandsStill, "a clock that stands still until a take-over"},
    {PlantedBug::kBelieveOwnWall, "believe one's own wall clock"},
};

/// In a process of its own: a planted bug may break the cores' own checks, which abort.
bool is_found(const NamedBug& bug, const RunnerOptions& options) {
  std::printf("planted: %s\n", bug.name);
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    planted_bug = bug.bug;
    RunnerOptions plain = options;
    plain.planted_bugs = plain.prints_probes = false;
    const int code = run_seeds(plain);
    std::fflush(stdout);
    std::_Exit(code);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
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
