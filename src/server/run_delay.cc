// SPDX-License-Identifier: Apache-2.0
#include "server/run_delay.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

namespace borg::server {

RunDelay::RunDelay() : file_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

RunDelay::~RunDelay() {
  if (file_ >= 0) close(file_);
}

std::optional<std::uint32_t> RunDelay::percent() {
  std::array<char, 96> text{};
  const ssize_t size = file_ < 0 ? 0 : pread(file_, text.data(), text.size(), 0);
  if (size <= 0) return std::nullopt;
  const char* const end = text.data() + size;
  std::uint64_t ran = 0;
  std::uint64_t waited = 0;
  const auto first = std::from_chars(text.data(), end, ran);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  if (std::from_chars(first.ptr + 1, end, waited).ec != std::errc()) return std::nullopt;
  const std::uint64_t running = ran - std::exchange(ran_ns_, ran);
  const std::uint64_t waiting = waited - std::exchange(waited_ns_, waited);
  if (std::exchange(is_first_, false) || running + waiting == 0) return std::nullopt;
  return static_cast<std::uint32_t>(waiting * 100 / (running + waiting));
}

}  // namespace borg::server
