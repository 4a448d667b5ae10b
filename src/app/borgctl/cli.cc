// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/cli.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <optional>

#include "app/borgctl/command_line.h"
#include "app/borgctl/failure.h"
#include "app/borgctl/history_file.h"
#include "app/borgctl/interrupt.h"
#include "app/borgctl/line_editor.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/shell.h"
#include "app/borgctl/vocabulary.h"

namespace borg::borgctl {
namespace {

int run_shell(const Globals& globals, bool is_raw) {
  ClusterClient client = ClusterClient::connect(globals.target);
  client.learn_nodes();
  const bool is_interactive = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  const std::unique_ptr<LineSource> source =
      is_interactive ? make_terminal_source(&complete, default_history_path())
                     : make_script_source();
  // At a terminal Ctrl-C ends what a command waits for; a script it ends.
  std::optional<InterruptGuard> guard;
  if (is_interactive) guard.emplace(InterruptGuard::Catch::kInterruptOnly);
  Target target = globals.target;
  const auto run_own = [&target](const Words& words, const Endpoint& node) {
    target.host = node.host;
    target.port = node.port;
    return run_cli(words, &target);
  };
  const bool all_well = Shell({*source, client, run_own, is_raw}).run();
  // Someone at a terminal has seen the errors; a script's caller has only the exit code.
  return all_well || is_interactive ? kExitOk : kExitFailure;
}

int run_action(CommandLine& line, const Target* node) {
  if (node != nullptr) line.globals().target = *node;
  if (line.action()) return line.action()();
  if (node != nullptr) return kExitOk;
  return run_shell(line.globals(), line.is_raw());
}

int parse_and_run(const std::vector<std::string>& arguments, const Target* node) {
  CommandLine line;
  try {
    line.parse(arguments);
  } catch (const CLI::CallForVersion& version) {
    print_out(std::string(version.what()) + "\n");
    return kExitOk;
  } catch (const CLI::Success&) {  // --help
    print_out(line.help());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    throw Failure(line.complaint(error));
  }
  return run_action(line, node);
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments, const Target* node) {
  try {
    const int code = parse_and_run(arguments, node);
    flush_out();
    return code;
  } catch (const Failure& failure) {
    std::fflush(stdout);
    fmt::print(stderr, "borgctl: {}\n", failure.what());
    return failure.exit_code();
  } catch (const std::exception& error) {
    fmt::print(stderr, "borgctl: {}\n", error.what());
    return kExitFailure;
  }
}

}  // namespace borg::borgctl
