// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "base/ids.h"
#include "wire/messages.h"

namespace borg::replication {

/// The results of recent writes of one partition, so that a request that is sent again after a
/// failure gets its first result instead of happening twice.
///
/// Source:    RIFL (Lee et al., SOSP'15): a record is part of the data it protects, and is kept
///            until its client has said that it has the answer.
/// Runs:      on the worker of the partition; part of its replicated state.
/// Classes:   requests that may wait for hours (wire::kLongLivedBit) have no floor. A gateway says
///            of each by itself that it has the answer, with its next such request; else they go
///            by age alone.
/// Invariant: a request below its gateway's floor is never executed again.
class Records {
 public:
  enum class Status : std::uint8_t {
    kNew,    ///< execute it
    kDone,   ///< it was executed: result is its first answer
    kStale,  ///< the gateway has had its answer: say nothing
  };
  struct Found {
    Status status = Status::kNew;
    Seq seq;                  ///< of the operation, if done; 0: none was, the request was refused
    std::string_view result;  ///< if done; valid until the next change
  };
  [[nodiscard]] Found find(const wire::Origin& origin) const;

  /// Keeps the result of an executed request and drops those that its gateway no longer needs.
  void add(const wire::Origin& origin, Seq seq, std::string_view result);

  /// Drops the record of the long-lived request of which this one says that it is answered.
  void drop_finished(const wire::Origin& origin);

  /// Drops what was here already at the call before, and forbids its execution. So a record is
  /// kept for at least the time between two calls, whatever the wall clocks say: the caller
  /// leaves more time between them than a gateway goes on asking.
  void age();
  /// Drops the gateways that are no longer there, whose ids never come back, once their records
  /// have expired: one that seems not to be there may be newer than the view.
  void forget_gateways(const std::function<bool(NodeId)>& is_member);
  void clear() {
    gateways_.clear();
    bytes_ = 0;
  }
  [[nodiscard]] std::size_t size() const;
  /// What the records take, about.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// There is a result of this operation.
  [[nodiscard]] bool has(Seq seq) const;
  /// The largest seq of each gateway's newest request; 0 if there is none.
  [[nodiscard]] Seq newest() const;

  void encode(Encoder& out) const;
  /// Replaces everything; false if the bytes are damaged (then it is empty).
  [[nodiscard]] bool decode(std::string_view bytes);

 private:
  struct Record {
    std::uint64_t request;
    Seq seq;
    std::uint64_t generation;  // of this copy: not replicated
    std::string result;
  };
  struct Gateway {
    wire::Endpoint endpoint;
    std::uint64_t floor = 0;
    std::deque<Record> records;  // by request, ascending
    std::map<std::uint64_t, Record> long_lived;
    [[nodiscard]] bool has_records() const { return !records.empty() || !long_lived.empty(); }
  };
  [[nodiscard]] const Gateway* gateway(const wire::Endpoint& endpoint) const;
  static void encode_record(Encoder& out, const Record& record);
  [[nodiscard]] Record decode_record(Decoder& in) const;
  [[nodiscard]] static std::size_t bytes_of(const Record& record) {
    return sizeof(Record) + record.result.size();
  }
  void raise_floor(Gateway& gateway, std::uint64_t floor);
  void drop_long_lived(Gateway& gateway, std::uint64_t request);

  std::vector<Gateway> gateways_;
  std::uint64_t generation_ = 0;  // calls of age()
  std::size_t bytes_ = 0;
};

}  // namespace borg::replication
