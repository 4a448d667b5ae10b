// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace borg::node {

/// The replies in an array of them, one after the other: sizes are read, contents are not.
class RepliesOfExec {
 public:
  /// Borrows the bytes. Empty, or an array's.
  explicit RepliesOfExec(std::string_view array);
  /// The bytes of the next one; an error if there is none, as a primary gave too few.
  std::string_view next();

 private:
  std::string_view rest_;
};

}  // namespace borg::node
