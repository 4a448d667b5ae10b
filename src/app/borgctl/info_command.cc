// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/info_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "app/borgctl/failure.h"
#include "app/borgctl/info_view.h"
#include "app/borgctl/interrupt.h"
#include "app/borgctl/output_file.h"

namespace borg::borgctl {
namespace {

constexpr Milliseconds kWatchEvery{1000};
constexpr const char* kHome = "\033[H";
constexpr const char* kEraseToEndOfLine = "\033[K";
constexpr const char* kEraseBelow = "\033[J";

/// Draws a text over the one before, without the flicker of a cleared screen.
class Screen {
 public:
  Screen() : is_terminal_(::isatty(STDOUT_FILENO) == 1) {
    if (is_terminal_) print_out("\033[2J");
  }
  void draw(const std::string& text) {
    if (!is_terminal_) {
      print_out(text + "\n");
    } else {
      std::string lines = kHome;
      for (const char c : text) {
        if (c == '\n') lines += kEraseToEndOfLine;
        lines += c;
      }
      print_out(lines + kEraseBelow);
    }
    flush_out();
  }

 private:
  bool is_terminal_;
};

std::string without_newline(std::string text) {
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

/// One look for the one who watches; a dead node is a line to show, not the end.
std::string watched_text(ClusterClient& client, MovementBar& movement) {
  try {
    const InfoReply reply = ask_info(client);
    std::string text = info_text(reply.info);
    const std::string moving = movement.next(reply.info.moving_slots.value_or(0));
    if (!moving.empty()) text += moving + "\n";
    return text;
  } catch (const Failure& failure) {
    const std::string what = failure.what();
    if (!interrupted() && client.reconnect()) {
      return fmt::format("{}\nconnected to {}\n", what, client.endpoint().text());
    }
    return fmt::format("{}\nno node of the cluster answers; trying again\n", what);
  }
}

int watch(ClusterClient& client, bool is_json) {
  const InterruptGuard guard;
  client.learn_nodes();
  MovementBar movement;
  if (is_json) {
    while (!interrupted()) {
      print_out(without_newline(ask_info(client).json) + "\n");
      flush_out();
      std::this_thread::sleep_for(kWatchEvery);
    }
    return kExitOk;
  }
  Screen screen;
  while (!interrupted()) {
    const std::string text = watched_text(client, movement);
    if (!interrupted()) screen.draw(text);
    std::this_thread::sleep_for(kWatchEvery);
  }
  return kExitOk;
}

}  // namespace

InfoReply ask_info(ClusterClient& client) {
  resp::Value reply = client.call({"BORG", "INFO"});
  const std::string where = client.endpoint().text();
  if (reply.kind == resp::Value::Kind::kError) {
    throw Failure(fmt::format("{}: BORG INFO: {}", where, reply.text));
  }
  std::optional<ClusterInfo> info = parse_cluster_info(reply.text);
  if (!info) throw Failure(fmt::format("{}: BORG INFO: an unexpected reply", where));
  return {std::move(reply.text), std::move(*info)};
}

int run_info(const Globals& globals, const InfoOptions& options) {
  ClusterClient client = ClusterClient::connect(globals.target);
  if (options.is_watching) return watch(client, globals.is_json);
  const InfoReply reply = ask_info(client);
  print_out(globals.is_json ? without_newline(reply.json) + "\n" : info_text(reply.info));
  return kExitOk;
}

}  // namespace borg::borgctl
