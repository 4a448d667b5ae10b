// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/borgctl/cluster_client.h"
#include "app/borgctl/line_reader.h"
#include "app/borgctl/patience.h"
#include "app/borgctl/progress.h"
#include "app/borgctl/record_reader.h"

namespace borg::borgctl {

struct LoadCounts {
  std::uint64_t loaded = 0;
  std::uint64_t bad_lines = 0;
  std::uint64_t failed = 0;  ///< good records that the cluster did not take
  bool is_stopped = false;   ///< the rest of the file was not read
};

/// Writes the records of a file into a cluster, many on their way at a time.
///
/// Each is a SET or a RESTORE, which may safely be sent again. What fails for now (a dead node,
/// -INDOUBT, -NOREPLICAS, …) is sent again, together with the later records of the same key in
/// flight, so that the last value in the file is the one that stays.
class Loader {
 public:
  struct Parts {
    ClusterClient& client;
    LineReader& lines;
    RecordReader& records;
    Progress& progress;
  };
  Loader(const Parts& parts, Milliseconds retry_for) : parts_(parts), patience_(retry_for) {}

  LoadCounts run();

 private:
  struct Item {
    std::uint64_t line;
    Record record;
  };
  using Batch = std::vector<Item>;

  Batch read_batch();
  void send(const Batch& batch);
  void finish(Batch batch);
  /// Takes the replies; what has to be sent again remains, in its order.
  Batch take_replies(Batch batch);
  bool prepare_retry();
  void give_up(const Batch& batch);
  void complain(std::uint64_t line, const std::string& what);
  void show_progress();

  Parts parts_;
  Patience patience_;
  LoadCounts counts_;
  NetFailure net_failure_;    // of the connection, until it is replaced
  std::string retry_reason_;  // of the first record that has to be sent again
  int retries_in_vain_ = 0;
  std::uint64_t complaints_ = 0;
};

}  // namespace borg::borgctl
