// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/borgctl/cluster_client.h"
#include "app/borgctl/key_reader.h"
#include "app/borgctl/patience.h"
#include "app/borgctl/progress.h"
#include "app/borgctl/seen_keys.h"

namespace borg::borgctl {

struct DumpCounts {
  std::uint64_t written = 0;
  std::uint64_t failed = 0;  ///< keys that are there and could not be read
};

/// Hands over every record of a cluster once: what is there from the beginning to the end of
/// the dump is in it. When its node dies it begins anew at another one and leaves out what it
/// has handed over.
///
/// Errors: a Failure when the cluster cannot be read to the end.
class Dumper {
 public:
  using Write = std::function<void(const Record&)>;
  struct Parts {
    ClusterClient& client;
    Progress& progress;
    Write write;
  };
  Dumper(Parts parts, Milliseconds retry_for) : parts_(std::move(parts)), patience_(retry_for) {}

  DumpCounts run();

 private:
  /// One walk over all keys. False: the connection was lost; walk again.
  bool walk();
  bool read_page(std::vector<std::string> keys);
  bool read_keys(std::vector<std::string> keys);
  /// What has to be read again.
  std::vector<std::string> take_items(std::vector<KeyReader::Item> items, bool is_last_try);
  void wait_or_fail(const std::string& why);
  void learn_size();

  Parts parts_;
  Patience patience_;
  DumpCounts counts_;
  SeenKeys seen_;
  std::uint64_t keys_in_all_ = 0;
  std::size_t keys_per_read_ = 1;  // then as many as their size allows
};

}  // namespace borg::borgctl
