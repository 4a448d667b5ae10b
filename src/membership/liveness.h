// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "wire/messages.h"

namespace borg::membership {

struct LivenessOptions {
  Duration heartbeat = Duration::millis(100);
  Duration silence = Duration::millis(600);
  Duration lease = Duration::millis(1000);
  /// So long a worker may be busy with one command before its node is taken for silent.
  Duration busy_max = Duration::seconds(60);
};

/// Until when a peer has promised not to replace this node. Written by the control thread, read
/// by the workers.
class PeerLease {
 public:
  [[nodiscard]] Instant until() const {
    return Instant::at_nanos(until_.load(std::memory_order_acquire));
  }
  void set(Instant until) { until_.store(until.as_nanos(), std::memory_order_release); }

 private:
  std::atomic<std::int64_t> until_{INT64_MIN};
};

/// Whom this node reaches, who has promised it what, and what it has promised to whom.
///
/// A peer is *silent* if it has not answered a heartbeat that was sent lately: an answer proves
/// both ways, while something that merely arrives proves one. So of a pair that is cut one way
/// each finds the other silent, and judgement.h says which of them may act on it. Nor does an
/// answer count that says that the peer finds this node silent: it promises nothing, and the two
/// may have been started with different notions of how late is too late.
///
/// A lease is between a pair: by answering a heartbeat a node promises not to take over from
/// the asker for its `lease`, which the answer tells. The asker counts that, or its own if it is
/// shorter, from before it asked, the promiser from when it answered and a fortieth longer: more
/// than 1.01 / 0.99, so that clock rates that are off by 1 % each way do no harm.
/// Source:    Gray and Cheriton, SOSP'89.
/// Runs:      on the control thread; sans-I/O.
/// Invariant: the promiser's end of a lease is later than the asker's, in real time.
class Liveness {
 public:
  explicit Liveness(const LivenessOptions& options) : options_(options) {}

  /// Follows who is a member; a new one counts as just heard. True if there is one.
  bool set_members(const std::vector<NodeId>& others, Instant now);

  /// True if it is time to send a heartbeat to every peer, or will be `early`.
  [[nodiscard]] bool heartbeat_due(Instant now, Duration early = {});
  [[nodiscard]] Instant next_heartbeat() const { return next_heartbeat_; }
  [[nodiscard]] wire::Heartbeat heartbeat(Revision revision, Instant now) const;

  /// Answers a heartbeat: gives the promise, unless it is withheld or the peer is silent. A peer
  /// that can be heard and not be reached must be replaced: it would else be promised not to be,
  /// for as long as that lasts, and serve nothing.
  wire::HeartbeatAck on_heartbeat(NodeId from, const wire::Heartbeat& m, Revision revision,
                                  Instant now);
  /// Uses the promise if this node's view, which is at `revision`, knows all take-overs that
  /// came before it. True if lease(from) is another one from now on.
  bool on_heartbeat_ack(NodeId from, const wire::HeartbeatAck& m, Revision revision, Instant now);

  /// This node is about to take over from `node`, or may have done so without knowing: no
  /// promise until each withhold() is followed by a release().
  void withhold(NodeId node);
  /// The outcome is known. What was taken over, if anything, `node` learns from views of this
  /// revision on: an older view of it must not use promises given from now on.
  void release(NodeId node, Revision needed);

  /// This node itself stood still (it was stopped, or starved): what it did not hear proves
  /// nothing about others.
  void stood_still(Instant now);
  /// A worker's link to this peer has not moved for too long.
  void set_stalled(NodeId node, bool stalled, Instant now);

  [[nodiscard]] bool is_silent(NodeId node, Instant now) const;
  /// ... and for twice as long as that takes.
  [[nodiscard]] bool is_long_silent(NodeId node, Instant now) const;
  /// True if the peer is in reach beyond doubt: it has answered a heartbeat that was sent within
  /// half of the time after which it would be silent.
  [[nodiscard]] bool is_reached(NodeId node, Instant now) const;
  /// ... and heard steadily, and its answers were not late for a while.
  [[nodiscard]] bool is_steadily_reached(NodeId node, Instant now) const;
  /// True if the peer is heard, and was for a while without a gap of several heartbeats.
  [[nodiscard]] bool is_steady(NodeId node, Instant now) const;
  /// True if `reporter` is heard, and by its latest heartbeat does not hear `node` steadily, or
  /// finds it silent.
  [[nodiscard]] bool reports_trouble(NodeId reporter, NodeId node, Instant now) const;
  /// True if `reporter` is heard, and by its latest heartbeat does not hear `node` steadily.
  [[nodiscard]] bool reports_unheard(NodeId reporter, NodeId node, Instant now) const;
  /// True if a promise not to replace `node` is still in force.
  [[nodiscard]] bool is_promised(NodeId node, Instant now) const;
  /// How many of these nodes said lately that `suspect` is silent, this one included.
  [[nodiscard]] std::size_t silence_reports(NodeId suspect, Instant now) const;
  /// True if every one of the others has promised this node something that holds now.
  [[nodiscard]] Instant earliest_lease_of_all() const;
  [[nodiscard]] std::shared_ptr<const PeerLease> lease(NodeId node) const;
  [[nodiscard]] const LivenessOptions& options() const { return options_; }

 private:
  struct Peer {
    Instant heard;   // anything
    Instant proven;  // when the latest heartbeat was sent that it has answered
    Instant agreed;  // ... saying that this node is in its reach as well
    Instant unsteady_until;
    Instant late_until;      // as is_steadily_reached() has it
    Instant promised_until;  // by this node to the peer
    std::size_t withheld = 0;
    Revision needed;        // what the peer's view must know to use it
    Revision lease_needed;  // the same for the peer's promise to this node
    std::shared_ptr<PeerLease> lease = std::make_shared<PeerLease>();  // by the peer
    std::vector<NodeId> reports_silent;
    std::vector<NodeId> reports_unheard;
    std::optional<Instant> stalled_since;
  };
  [[nodiscard]] const Peer* peer(NodeId node) const;
  [[nodiscard]] const Peer* heard_peer(NodeId node, Instant now) const;
  void hear(Peer& peer, Instant now);
  /// From so old a proof on a peer is not in reach beyond doubt.
  [[nodiscard]] Duration proof_age_max() const { return options_.silence / 2; }
  /// What was noted of a peer's heartbeats and answers counts for so long.
  [[nodiscard]] Duration memory() const { return options_.silence * 2; }
  /// A heartbeat, or an answer, that comes so late is noted.
  [[nodiscard]] Duration gap_max() const { return options_.silence * 2 / 3; }

  LivenessOptions options_;
  std::map<NodeId, Peer> peers_;
  Instant next_heartbeat_;
};

}  // namespace borg::membership
