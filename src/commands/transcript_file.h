// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "resp/parser.h"

namespace borg::commands::testing {

/// A command and the lines expected as its reply, or a passing of time.
struct TranscriptStep {
  std::size_t line_number = 0;
  std::string command;
  std::int64_t wait_ms = 0;  ///< no command then
  bool is_sorted = false;
  bool is_raw = false;
  std::vector<std::string> expected;
};

struct TranscriptGroup {
  std::string title;
  bool is_resp3 = false;
  bool only_others = false;
  bool is_stateful = false;  ///< depends on the state of a connection
  std::vector<TranscriptStep> steps;
};

/// Reads a text in the format of tests/transcripts/README.md.
[[nodiscard]] std::vector<TranscriptGroup> read_transcript(std::string_view text);

/// A reply as the transcripts show it; the elements of the outermost array sorted or not.
/// RESP2's null array is shown as any null.
[[nodiscard]] std::vector<std::string> show_reply(const resp::Value& value, bool is_sorted);

/// Whether `actual` is as expected, with the patterns that a transcript may have.
[[nodiscard]] bool reply_matches(const std::vector<std::string>& expected,
                                 const std::vector<std::string>& actual);

}  // namespace borg::commands::testing
