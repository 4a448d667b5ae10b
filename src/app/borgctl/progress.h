// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace borg::borgctl {

/// The bar on stderr while something long runs, and the messages that must not collide with it.
///
/// When stderr is no terminal there is no bar, only the messages. Redraws at most ten times a
/// second, so that update() may be called for each record.
class Progress {
 public:
  /// What has been done; `whole` is empty when nobody knows how much there will be.
  struct Done {
    std::uint64_t part = 0;
    std::optional<std::uint64_t> whole;
    std::uint64_t units = 0;
  };

  /// `unit` is what is counted, one of it: "record".
  Progress(std::string title, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const Done& done);
  /// A line of its own on stderr, "borgctl: …"; the bar is drawn again below it.
  void message(const std::string& line);
  /// Takes the bar away.
  void finish();
  [[nodiscard]] double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::string title_;
  std::string unit_;
  bool is_terminal_;
  bool is_drawn_ = false;
  Clock::time_point started_ = Clock::now();
  Clock::time_point drawn_at_;
};

/// What follows the title: "[#####.....]  50%  1,000 records  2,000/s  3 s left".
[[nodiscard]] std::string progress_text(const Progress::Done& done, const std::string& unit,
                                        double seconds);

}  // namespace borg::borgctl
