// SPDX-License-Identifier: Apache-2.0
#include "node/replies_of_exec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "resp/integer.h"

namespace borg::node {
namespace {

/// What an element's header says of what is behind it.
struct Behind {
  std::size_t bytes = 0;
  std::uint64_t elements = 0;
};

Behind read_header(std::string_view line) {
  std::int64_t count = 0;
  if (!resp::parse_whole(line.substr(1), count) || count < 0) return {};
  const auto size = static_cast<std::uint64_t>(count);
  switch (line.front()) {
    case '$':
    case '=':
    case '!':
      return {.bytes = size + 2};
    case '*':
    case '~':
    case '>':
      return {.elements = size};
    case '%':
      return {.elements = size * 2};
    default:
      return {};
  }
}

/// Of the reply at the front; 0 if it is not whole.
std::size_t size_of_reply(std::string_view replies) {
  std::size_t at = 0;
  for (std::uint64_t missing = 1; missing > 0; --missing) {
    const std::size_t line_end = replies.find("\r\n", std::min(at, replies.size()));
    if (line_end == std::string_view::npos || line_end == at) return 0;
    const Behind behind = read_header(replies.substr(at, line_end - at));
    at = line_end + 2 + behind.bytes;
    missing += behind.elements;
  }
  return at <= replies.size() ? at : 0;
}

}  // namespace

RepliesOfExec::RepliesOfExec(std::string_view array) {
  const std::size_t header = array.find("\r\n");
  if (header != std::string_view::npos) rest_ = array.substr(header + 2);
}

std::string_view RepliesOfExec::next() {
  const std::size_t size = size_of_reply(rest_);
  if (size == 0) return "-ERR the primary gave an unexpected reply\r\n";
  const std::string_view first = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return first;
}

}  // namespace borg::node
