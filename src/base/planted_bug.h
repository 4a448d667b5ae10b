// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace borg {

/// A fault put into the protocol on purpose, to see that the simulator finds it. Exists in the
/// simulator's build (BORG_SIMULATION) alone: elsewhere is_planted() is false when compiled.
enum class PlantedBug : std::uint8_t {
  kNone,
  kAcknowledgeTooEarly,      ///< a write is answered before the backups have it
  kServeWithoutLease,        ///< reads are answered whatever the leases say
  kForgetRequests,           ///< a request that is sent again is executed again
  kPromoteSyncing,           ///< a replica counts as in sync before it has caught up
  kBelieveOldReports,        ///< that a replica has caught up is believed for later epochs
  kForgetWritesDuringSync,   ///< ... without what was acknowledged while it was being synced
  kNoCompare,                ///< configurations are written over whatever there is
  kPromiseAfterTakeOver,     ///< a promise is used though the view misses a take-over
  kTakeOverAtOnce,           ///< a backup does not wait out the lease that it granted
  kTooFewCopies,             ///< a write is answered though fewer nodes hold it than must
  kNeverRepair,              ///< no substitute is ever synced
  kShowUnstable,             ///< a read does not wait for the writes that it could have seen
  kServeDuringHandOver,      ///< commands are served while a hand-over is committed
  kSnapshotMissesWrites,     ///< what a snapshot has passed is not sent any more
  kForgetDeletesDuringSync,  ///< a key deleted while its partition is synced stays on the copy
  kLeaseOfAsker,             ///< a lease lasts as the asker's options have it, not the promiser's
  kLeaseFromAnswer,          ///< a lease counts from the answer, not from before it was asked for
  kExpireByOwnClock,         ///< a backup removes expired keys by its own clock
  kSilentLoss,               ///< what was lost goes on empty though nobody said that it may
  kReuseEpoch,               ///< a new primary goes on under the term of the one before
  kIgnoreWatches,            ///< EXEC goes on though a watched key was changed
  kSplitTransactions,        ///< a transaction is replicated in two parts
  kForgetCancels,            ///< what waits no longer is answered without proof or record
  kForgetTheDrained,         ///< the last active node ends the data though a drained one lives
  kEndUnannounced,           ///< ... without a word before, so that nobody who joins can know
  kLeaveWithAStaleView,      ///< a node leaves when it seems to hold nothing, unannounced
  kKeepBlocked,              ///< commands stay blocked at a primary that is none any more
  kTrustStandingLinks,       ///< a link over which nothing comes is never broken
  kJudgeUnheard,             ///< whoever finds another one silent acts on it
  kOwnMemoryOnly,            ///< a primary looks at its own memory alone, not at its replicas'
  kLeaveUnderWayToSnapshot,  ///< what was under way at a death waits for a whole snapshot
  kRepeatWithoutRecord,      ///< ... or is sent to the new copy without its result
  kBelieveRepeats,           ///< ... or counts as held there before it is acknowledged
  kClockFollowsWalls,        ///< a partition's clock is the latest wall clock that it has seen
  kClockOfOwnWall,           ///< a new primary's clock begins at its own wall clock
  kClockStandsStill,         ///< a new primary's clock goes on from the last operation's time
  kBelieveOwnWall,           ///< times of the wall are what the primary's own wall clock shows
};

#ifdef BORG_SIMULATION
inline PlantedBug planted_bug = PlantedBug::kNone;
inline bool is_planted(PlantedBug bug) { return planted_bug == bug; }
#else
constexpr bool is_planted(PlantedBug) { return false; }
#endif

}  // namespace borg
