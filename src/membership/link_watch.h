// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"
#include "membership/liveness.h"

namespace borg::membership {

/// Notices that the other end of a link is gone, or out of reach, though nothing says so.
///
/// A connection whose other end has closed while the way was cut looks as if it stood until
/// something is sent and refused; the system's own probes take hours, and what waits behind a
/// cut is sent again later and later. So an end that hears nothing asks (wire::Ping), and one
/// that goes on hearing nothing breaks the link, which is then made anew.
/// Runs: on the thread of the link; sans-I/O.
class LinkWatch {
 public:
  enum class Verdict : std::uint8_t {
    kFine,
    kAsk,    ///< nothing was heard for a while: ask for a sign of life
    kBreak,  ///< it was asked, and nothing was heard since
  };

  /// The link is new, or something has arrived, or what did not arrive proves nothing: this end
  /// stood still, its output is still moving, or the other is known to be busy.
  void hear(Instant now) { heard_ = now; }
  [[nodiscard]] Verdict look(const LivenessOptions& options, Instant now);

  /// Of silence, until the link is broken: long enough for a process that stops for a moment.
  [[nodiscard]] static Duration patience(const LivenessOptions& options) {
    return options.silence * 5 / 2;
  }

 private:
  Instant heard_;
  Instant asked_;
  Instant first_asked_;  // since something was heard
};

}  // namespace borg::membership
