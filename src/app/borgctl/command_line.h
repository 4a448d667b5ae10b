// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "app/borgctl/file_commands.h"
#include "app/borgctl/globals.h"
#include "app/borgctl/info_command.h"
#include "app/borgctl/key_commands.h"
#include "app/borgctl/node_commands.h"

namespace borg::borgctl {

/// The flags and commands of borgctl, and what was said of them.
class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// Throws CLI::ParseError.
  void parse(const std::vector<std::string>& arguments);
  [[nodiscard]] std::string help() const { return app_.help(); }
  /// What to say, in one line, about words that were not understood.
  [[nodiscard]] std::string complaint(const CLI::ParseError& error) const;

  [[nodiscard]] Globals& globals() { return globals_; }
  [[nodiscard]] bool is_raw() const { return is_raw_; }
  /// Runs the command that was named; null if none was.
  [[nodiscard]] const std::function<int()>& action() const { return action_; }

 private:
  CLI::App* add(const std::string& name, const std::string& summary, std::function<int()> action);
  void add_globals();
  void add_key_commands();
  void add_file_commands();
  void add_file_options(CLI::App& command, const std::string& file_help);
  void add_node_commands();
  void add_help();
  /// Throws a Failure if there is no such command, here or in the shell.
  [[nodiscard]] std::string help_of(const std::vector<std::string>& words) const;

  CLI::App app_;
  Globals globals_;
  double timeout_seconds_ = 5;
  bool is_raw_ = false;
  std::function<int()> action_;

  PutOptions put_;
  std::string key_;
  std::vector<std::string> keys_;
  std::string node_;
  bool is_sure_ = false;
  bool is_forced_ = false;
  double stall_seconds_ = 60;
  FileOptions file_;
  InfoOptions info_;
};

}  // namespace borg::borgctl
