// SPDX-License-Identifier: Apache-2.0
#include "server/run_delay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace borg::server {

RunDelay::RunDelay() : file_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

RunDelay::~RunDelay() {
  if (file_ >= 0) close(file_);
}

std::optional<std::uint32_t> RunDelay::percent(Instant now) {
  std::array<char, 96> text{};
  const ssize_t size = file_ < 0 ? 0 : pread(file_, text.data(), text.size(), 0);
  if (size <= 0) return std::nullopt;
  const char* const end = text.data() + size;
  std::uint64_t ran = 0;  // not of interest
  std::uint64_t waited = 0;
  const auto first = std::from_chars(text.data(), end, ran);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  if (std::from_chars(first.ptr + 1, end, waited).ec != std::errc()) return std::nullopt;
  const std::uint64_t waiting = waited - std::exchange(waited_ns_, waited);
  const Duration since = now - std::exchange(asked_at_, now);
  if (std::exchange(is_first_, false) || since <= Duration()) return std::nullopt;
  const std::uint64_t percent = waiting * 100 / static_cast<std::uint64_t>(since.as_nanos());
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(percent, 100));
}

}  // namespace borg::server
