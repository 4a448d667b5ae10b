// SPDX-License-Identifier: Apache-2.0
#include "replication/operation_log.h"

#include "base/check.h"

namespace borg::replication {
namespace {

/// A log that a slow replica made large gives its memory back when it is empty again.
constexpr std::size_t kKeptCapacityMax = 64 * 1024;

}  // namespace

ByteBuffer& OperationLog::open(Seq seq) {
  if (sizes_.empty()) first_ = seq;
  BORG_CHECK(seq.value() == first_.value() + sizes_.size());
  open_at_ = frames_.size();
  return frames_;
}

std::string_view OperationLog::close() {
  sizes_.push_back(static_cast<std::uint32_t>(frames_.size() - open_at_));
  return frames_.view().substr(open_at_);
}

void OperationLog::drop_through(Seq seq) {
  while (!sizes_.empty() && first_ <= seq) {
    frames_.consume(sizes_.front());
    sizes_.pop_front();
    first_ = first_.next();
  }
  if (sizes_.empty() && frames_.capacity() > kKeptCapacityMax) frames_.release();
}

void OperationLog::clear() {
  sizes_.clear();
  frames_.release();
}

}  // namespace borg::replication
