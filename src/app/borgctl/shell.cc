// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/shell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "app/borgctl/failure.h"
#include "app/borgctl/interrupt.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/reply_text.h"
#include "app/borgctl/vocabulary.h"
#include "app/borgctl/words.h"
#include "commands/command.h"

namespace borg::borgctl {
namespace {

/// A reply of these may take as long as it likes; Ctrl-C ends the wait.
constexpr Milliseconds kNoTimeout{std::chrono::hours(24)};

template <std::size_t n>
bool is_one_of(const std::string& word, const std::string_view (&list)[n]) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

bool waits_on_purpose(const std::string& command) {
  static constexpr std::string_view kCommands[] = {"blpop",  "brpop",      "blmove",   "brpoplpush",
                                                   "blmpop", "bzpopmin",   "bzpopmax", "bzmpop",
                                                   "xread",  "xreadgroup", "wait",     "waitaof"};
  return is_one_of(command, kCommands);
}

bool is_followed(const std::string& command) {
  static constexpr std::string_view kCommands[] = {"subscribe", "psubscribe", "ssubscribe",
                                                   "monitor"};
  return is_one_of(command, kCommands);
}

/// Replies that are a text to read rather than a value.
bool is_text_reply(const Words& words) {
  static constexpr std::string_view kCommands[] = {
      "info",        "lolwut",      "borg info",     "cluster info",        "cluster nodes",
      "client list", "client info", "memory doctor", "memory malloc-stats", "latency doctor"};
  std::string name = to_lower(words[0]);
  if (is_one_of(name, kCommands)) return true;
  return words.size() > 1 && is_one_of(name + " " + to_lower(words[1]), kCommands);
}

bool only_reads(const Words& words) {
  const std::vector<std::string_view> args(words.begin(), words.end());
  const commands::CommandSpec* const spec = commands::resolve(args);
  return spec != nullptr && !spec->is(commands::Flag::kWrite) && !spec->is(commands::Flag::kAdmin);
}

}  // namespace

bool Shell::run() {
  while (true) {
    clear_interrupt();  // Ctrl-C of a command that was done before it noticed
    std::optional<std::string> line = parts_.source.read(prompt());
    if (!line) break;
    if (run_line(*line) == Next::kQuit) break;
    flush_out();
  }
  flush_out();
  return all_well_;
}

std::string Shell::prompt() const {
  if (!is_connected_) return "borg (not connected)> ";
  return fmt::format("borg {}> ", parts_.client.endpoint().text());
}

Shell::Next Shell::run_line(const std::string& line) {
  const std::optional<Words> words = split_words(line);
  if (words && (words->empty() || words->front().starts_with('#'))) return Next::kGoOn;
  parts_.source.remember(line);
  if (!words) {
    complain("a quote is not closed, or something stands right behind it");
    return Next::kGoOn;
  }
  const std::string command = to_lower(words->front());
  if (command == "quit" || command == "exit") return Next::kQuit;
  if (command == kRedisWord) {
    const Words behind(words->begin() + 1, words->end());
    if (behind.empty()) {
      complain("a command of Redis stands behind redis");
    } else {
      run_command(behind);
    }
  } else if (command == "help" || command == "?") {
    print_out(help_text({words->begin() + 1, words->end()}));
  } else if (is_shell_word(command)) {
    run_own(*words);
  } else {
    run_command(*words);
  }
  return Next::kGoOn;
}

void Shell::run_own(const Words& words) {
  if (!is_connected_ && !reconnect()) return;
  flush_out();
  Words typed = words;
  typed.front() = to_lower(typed.front());
  if (parts_.run_own(typed, parts_.client.endpoint()) != kExitOk) all_well_ = false;
}

void Shell::run_command(const Words& words) {
  if (!is_connected_ && !reconnect()) return;
  auto reply = call(words);
  if (!reply && reply.error().kind == NetError::Kind::kClosed && only_reads(words)) {
    if (!reconnect()) return;
    reply = call(words);
  }
  if (!reply) {
    after_net_error(words, reply.error());
    return;
  }
  print(words, *reply);
  if (is_followed(to_lower(words.front())) && reply->kind != resp::Value::Kind::kError) {
    follow(words);
  }
}

Result<resp::Value, NetError> Shell::call(const Words& words) {
  Connection& connection = parts_.client.connection();
  const bool waits = waits_on_purpose(to_lower(words.front()));
  connection.set_timeout(waits ? kNoTimeout : parts_.client.timeout());
  return connection.call(words);
}

void Shell::after_net_error(const Words& words, const NetError& error) {
  std::string what = fmt::format("{}: {}", parts_.client.endpoint().text(), error.text);
  if (!only_reads(words)) what += "; whether it was done is unknown";
  complain(what);
  const bool is_interrupted = error.kind == NetError::Kind::kInterrupted;
  clear_interrupt();
  reconnect(is_interrupted ? Prefer::kCurrent : Prefer::kOthers);
}

bool Shell::reconnect(Prefer prefer) {
  const Endpoint before = parts_.client.endpoint();
  is_connected_ = parts_.client.reconnect(prefer);
  if (is_connected_ && parts_.client.endpoint() == before) return true;
  if (is_connected_) {
    fmt::print(stderr, "borgctl: connected to {}\n", parts_.client.endpoint().text());
  } else {
    complain("no node of the cluster answers");
  }
  return is_connected_;
}

void Shell::print(const Words& words, const resp::Value& reply) {
  const bool is_error = reply.kind == resp::Value::Kind::kError;
  if (is_error) all_well_ = false;
  const bool is_text = reply.kind == resp::Value::Kind::kBulk && is_text_reply(words);
  print_out(!is_error && (parts_.is_raw || is_text) ? raw_reply_text(reply) : reply_text(reply));
}

void Shell::follow(const Words& words) {
  parts_.client.connection().set_timeout(kNoTimeout);
  print_out("Reading messages… (Ctrl-C ends it)\n");
  while (true) {
    flush_out();
    const auto message = parts_.client.connection().receive();
    if (!message) {
      if (message.error().kind != NetError::Kind::kInterrupted) complain(message.error().text);
      break;
    }
    print(words, *message);
  }
  // The connection is still subscribed: the shell needs a fresh one.
  clear_interrupt();
  reconnect(Prefer::kCurrent);
}

void Shell::complain(const std::string& what) {
  flush_out();
  fmt::print(stderr, "borgctl: {}\n", what);
  all_well_ = false;
}

}  // namespace borg::borgctl
