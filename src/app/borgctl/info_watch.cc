// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/info_watch.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "app/borgctl/failure.h"
#include "app/borgctl/info_command.h"
#include "app/borgctl/info_view.h"
#include "app/borgctl/interrupt.h"
#include "app/borgctl/output_file.h"

namespace borg::borgctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds kWatchEvery{1000};
constexpr Milliseconds kNoticeInterrupt{20};
constexpr const char* kClear = "\033[2J";
constexpr const char* kHome = "\033[H";
constexpr const char* kEraseToEndOfLine = "\033[K";
constexpr const char* kEraseBelow = "\033[J";

/// In characters; as large as anybody likes where that is not known.
struct Size {
  std::size_t columns = kAnyWidth;
  std::size_t rows = kAnyWidth;
  friend bool operator==(const Size&, const Size&) = default;
};

Size terminal_size() {
  winsize size = {};
  const bool is_known =
      ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
  return is_known ? Size{size.ws_col, size.ws_row} : Size{};
}

/// Draws a text over the one before, without the flicker of a cleared screen.
class Screen {
 public:
  Screen() : is_terminal_(::isatty(STDOUT_FILENO) == 1) {}
  [[nodiscard]] std::size_t width() const {
    return is_terminal_ ? terminal_size().columns : kAnyWidth;
  }
  /// REQUIRES: the text ends its last line.
  void draw(const std::string& text) {
    print_out(is_terminal_ ? redrawn(text) : text + "\n");
    flush_out();
  }
  /// What comes next does not begin behind the ^C of the terminal.
  void leave() {
    if (!is_terminal_) return;
    print_out("\n");
    flush_out();
  }

 private:
  std::string redrawn(const std::string& text) {
    const Size size = terminal_size();
    // What a smaller terminal wrapped is no longer where it was drawn.
    std::string out = size == drawn_for_ ? "" : kClear;
    drawn_for_ = size;
    out += kHome;
    // The last row stays free: a newline in it would scroll.
    for (const char c : cut_lines(cut_rows(text, size.rows - 1), size.columns)) {
      if (c == '\n') out += kEraseToEndOfLine;
      out += c;
    }
    return out + kEraseBelow;
  }

  bool is_terminal_;
  Size drawn_for_{0, 0};
};

/// How fast all nodes together send, from one look to the next.
class SendRate {
 public:
  std::optional<double> next(const ClusterInfo& info) {
    std::int64_t sent = 0;
    for (const NodeInfo& node : info.nodes) sent += node.sent_bytes.value_or(0);
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - at_).count();
    std::optional<double> rate;
    // Less than before: a node has left, or did not answer.
    if (sent_ && sent >= *sent_ && seconds > 0) {
      rate = static_cast<double>(sent - *sent_) / seconds;
    }
    sent_ = sent;
    at_ = now;
    return rate;
  }

 private:
  std::optional<std::int64_t> sent_;
  Clock::time_point at_;
};

/// One look for the one who watches; a dead node is a line to show, not the end.
std::string watched_text(ClusterClient& client, SendRate& rate, std::size_t width) {
  try {
    const ClusterInfo info = ask_info(client).info;
    const MovementLook look{.width = width, .bytes_per_second = rate.next(info)};
    return info_text(info, width) + movement_text(info, look) + "\n";
  } catch (const Failure& failure) {
    const std::string what = failure.what();
    if (!interrupted() && client.reconnect()) {
      return fmt::format("{}\nconnected to {}\n", what, client.endpoint().text());
    }
    return fmt::format("{}\nno node of the cluster answers; trying again\n", what);
  }
}

/// A signal does not end a sleep of the standard library.
void pause_unless_interrupted() {
  const Clock::time_point end = Clock::now() + kWatchEvery;
  while (!interrupted() && Clock::now() < end) std::this_thread::sleep_for(kNoticeInterrupt);
}

}  // namespace

int watch_info(ClusterClient& client, bool is_json) {
  const InterruptGuard guard;
  client.learn_nodes();
  Screen screen;
  SendRate rate;
  while (!interrupted()) {
    if (is_json) {
      print_out(json_line(ask_info(client)));
      flush_out();
    } else {
      const std::string text = watched_text(client, rate, screen.width());
      if (!interrupted()) screen.draw(text);
    }
    pause_unless_interrupted();
  }
  screen.leave();
  return kExitOk;
}

}  // namespace borg::borgctl
