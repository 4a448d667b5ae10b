// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/borgctl/cluster_client.h"
#include "app/borgctl/failure.h"
#include "app/borgctl/key_reader.h"
#include "app/borgctl/patience.h"
#include "app/borgctl/progress.h"
#include "app/borgctl/seen_keys.h"

namespace borg::borgctl {

struct SlotRange {
  std::int64_t first = 0;
  std::int64_t last = 0;  ///< included
};

/// Neighbours as one; they are in order.
[[nodiscard]] std::vector<SlotRange> joined(const std::vector<SlotRange>& ranges);
/// "0-31,64-79", neighbours as one.
[[nodiscard]] std::string ranges_text(const std::vector<SlotRange>& ranges,
                                      std::string_view between);

struct DumpCounts {
  std::uint64_t written = 0;
  std::uint64_t failed = 0;         ///< keys that are there and could not be read
  std::vector<SlotRange> lost;      ///< slots whose copies all died, in order
  std::vector<SlotRange> unserved;  ///< slots that no node served for as long as was tried

  [[nodiscard]] bool is_whole() const { return failed == 0 && lost.empty() && unserved.empty(); }
};

/// The cluster could not be read to the end: what was handed over until then is all there is.
class DumpCutShort : public Failure {
  using Failure::Failure;
};

/// Hands over every record of a cluster once: what is there from the beginning to the end of
/// the dump is in it. When its node dies it begins anew at another one and leaves out what it
/// has handed over.
///
/// What is lost it passes over, and what no node serves for as long as it is to try; counts() say
/// which slots that were.
///
/// Errors: DumpCutShort when the cluster cannot be read to the end; counts() are true then, too.
class Dumper {
 public:
  using Write = std::function<void(const Record&)>;
  struct Parts {
    ClusterClient& client;
    Progress& progress;
    Write write;
  };
  Dumper(Parts parts, Milliseconds retry_for) : parts_(std::move(parts)), patience_(retry_for) {}

  void run();
  [[nodiscard]] const DumpCounts& counts() const { return counts_; }

 private:
  using Clock = std::chrono::steady_clock;

  /// One walk over all keys. False: the connection was lost; walk again.
  bool walk();
  [[nodiscard]] Words next_request(const std::string& cursor) const;
  /// Goes on without what cannot be read now, or fails.
  void wait_or_pass_over(const std::string& why);
  bool read_page(std::vector<std::string> keys);
  bool read_keys(std::vector<std::string> keys);
  /// What has to be read again.
  std::vector<std::string> take_items(std::vector<KeyReader::Item> items, bool is_last_try);
  void wait_or_fail(const std::string& why);
  [[nodiscard]] bool wait(const std::string& why);
  [[noreturn]] void fail(const std::string& why) const;
  void complain(const KeyReader::Item& item);
  void learn_size();

  Parts parts_;
  Patience patience_;
  DumpCounts counts_;
  SeenKeys seen_;
  std::uint64_t keys_in_all_ = 0;
  std::size_t keys_per_read_ = 1;  // then as many as their size allows
  bool passes_over_losses_ = false;
  bool passes_over_unserved_ = false;
  std::uint64_t complaints_ = 0;
  Clock::time_point said_at_;
};

}  // namespace borg::borgctl
