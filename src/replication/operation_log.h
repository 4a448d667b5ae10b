// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/ids.h"

namespace borg::replication {

/// The operations of a primary that some replica may still need to be sent again: whole frames,
/// consecutive, one block of memory that is reused.
///
/// Runs: on the worker of the partition.
class OperationLog {
 public:
  /// Begins operation `seq`, which follows the last one, or the log is empty. The caller
  /// appends the frame to the buffer and then calls close().
  ByteBuffer& open(Seq seq);
  /// Ends it; returns the frame, valid until the next change.
  std::string_view close();
  /// Forgets the operations up to and including `seq`.
  void drop_through(Seq seq);
  void clear();
  [[nodiscard]] bool empty() const { return sizes_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return frames_.size(); }
  [[nodiscard]] Seq first() const { return first_; }

  /// Calls visit(seq, frame) for each operation behind `after`, in order.
  template <class F>
  void for_each_after(Seq after, F&& visit) const {
    std::string_view rest = frames_.view();
    Seq seq = first_;
    for (const std::uint32_t size : sizes_) {
      if (seq > after) visit(seq, rest.substr(0, size));
      rest.remove_prefix(size);
      seq = seq.next();
    }
  }

 private:
  Seq first_;  // of the oldest operation, if there is one
  ByteBuffer frames_;
  std::size_t open_at_ = 0;
  std::deque<std::uint32_t> sizes_;
};

}  // namespace borg::replication
