// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "app/borgctl/human.h"
#include "app/borgctl/info_view.h"

namespace borg::borgctl {
namespace {

constexpr std::size_t kBarWidth = 30;
constexpr std::chrono::milliseconds kRedrawEvery{100};
constexpr const char* kEraseLine = "\r\033[K";
/// A forecast from less than this is a guess.
constexpr double kForecastAfterSeconds = 1.0;

}  // namespace

std::string progress_text(const Progress::Done& done, const std::string& unit, double seconds) {
  std::string line;
  double part = 0;
  if (done.whole && *done.whole > 0) {
    part = static_cast<double>(done.part) / static_cast<double>(*done.whole);
    part = part > 1 ? 1 : part;
    line += fmt::format("{} {:3.0f}%  ", bar(part, kBarWidth), part * 100);
  }
  line += human_number_of(static_cast<std::int64_t>(done.units), unit);
  if (seconds > 0) {
    const double rate = static_cast<double>(done.units) / seconds;
    line += fmt::format("  {}/s", human_count(static_cast<std::int64_t>(rate)));
  }
  if (part > 0 && part < 1 && seconds >= kForecastAfterSeconds) {
    line += fmt::format("  {} left", human_seconds(seconds / part * (1 - part)));
  }
  return line;
}

Progress::Progress(std::string title, std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      is_terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { finish(); }

void Progress::update(const Done& done) {
  if (!is_terminal_) return;
  const Clock::time_point now = Clock::now();
  if (is_drawn_ && now - drawn_at_ < kRedrawEvery) return;
  fmt::print(stderr, "{}{} {}", kEraseLine, title_, progress_text(done, unit_, seconds()));
  std::fflush(stderr);
  is_drawn_ = true;
  drawn_at_ = now;
}

void Progress::message(const std::string& line) {
  finish();
  fmt::print(stderr, "borgctl: {}\n", line);
}

void Progress::finish() {
  if (std::exchange(is_drawn_, false)) fmt::print(stderr, "{}", kEraseLine);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - started_).count();
}

}  // namespace borg::borgctl
