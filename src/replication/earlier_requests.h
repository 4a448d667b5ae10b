// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "wire/messages.h"

namespace borg::replication {

/// Requests that were sent again and wait for their answers, though the log no longer has, or never
/// had, the operation: it does not tell which keys they changed, but they do.
///
/// Runs: on the worker of the partition, as primary.
class EarlierRequests {
 public:
  struct Request {
    wire::Origin origin;
    std::vector<std::string> keys;
  };
  /// Null if it is known already.
  const Request* add(Seq seq, const wire::Origin& origin,
                     const std::vector<std::string_view>& keys);
  /// Those before `seq` have their answers.
  void drop_before(Seq seq);
  void clear() { requests_.clear(); }
  [[nodiscard]] bool empty() const { return requests_.empty(); }
  [[nodiscard]] const std::map<Seq, Request>& all() const { return requests_; }

 private:
  std::map<Seq, Request> requests_;
};

}  // namespace borg::replication
