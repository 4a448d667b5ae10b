// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "app/borgctl/format.h"
#include "app/borgctl/line_reader.h"
#include "app/borgctl/record.h"

namespace borg::borgctl {

/// What stands at a line: a record, or why there is none.
struct LineRecord {
  std::uint64_t line = 0;  ///< where it starts, from 1
  RecordResult record;
};

/// Reads the records of a file one by one; a bad one does not stop it.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  /// Nothing at the end.
  virtual std::optional<LineRecord> next() = 0;
};

/// Borrows the lines, which must outlive it.
[[nodiscard]] std::unique_ptr<RecordReader> make_record_reader(const FileFormat& format,
                                                               LineReader& lines);

}  // namespace borg::borgctl
