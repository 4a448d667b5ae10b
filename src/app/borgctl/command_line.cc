// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/borgctl/argument_escape.h"
#include "app/borgctl/failure.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/text_bytes.h"
#include "app/borgctl/vocabulary.h"
#include "base/address.h"

namespace borg::borgctl {
namespace {

constexpr const char* kDescription =
    "borgctl: the shell and admin tool of a Borg cluster.\n"
    "Without a command it is an interactive shell; with stdin not a terminal it runs the lines\n"
    "of a script. Any node of the cluster will do.";

constexpr const char* kFooter =
    "Examples:\n"
    "  borgctl put color red            write a key; shows the nodes that took it\n"
    "  borgctl get color                its value\n"
    "  borgctl info --watch             the nodes and totals, every second\n"
    "  borgctl dump all.jsonl           every key, value and expiry into a file\n"
    "  borgctl load all.jsonl           and back\n"
    "  borgctl put -- -key- --value--   words that look like flags stand behind --\n"
    "  echo 'INCR visits' | borgctl     a script\n"
    "\n"
    "Exit code: 0 all is well; 1 something was not; 3 what was ordered stands, and\n"
    "waits; 130 interrupted.";

/// For a flag: "[::1]" becomes "::1". Returns what is wrong.
std::string without_brackets(std::string& text) {
  text = unescaped(text);
  const auto host = host_from_text(text);
  if (!host) return "'" + text + "' is neither an IP address nor a host name";
  text = *host;
  return {};
}

}  // namespace

CommandLine::CommandLine() : app_(kDescription, "borgctl") {
  app_.footer(kFooter);
  app_.set_version_flag("--version", "borgctl " BORG_VERSION);
  app_.require_subcommand(0, 1);
  app_.get_formatter()->column_width(32);
  add_globals();
  add_key_commands();
  add_file_commands();
  add_node_commands();
  add_help();
}

void CommandLine::add_globals() {
  app_.add_option("--host", globals_.target.host,
                  "The node's name or IP address (default 127.0.0.1)")
      ->transform(CLI::Validator(&without_brackets, ""))
      ->envname("BORG_HOST")
      ->type_name("HOST");
  app_.add_option("-p,--port", globals_.target.port,
                  "The node's port (default: the first that answers of 7001 to 7010)")
      ->envname("BORG_PORT")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535).description(""));
  app_.add_option("--timeout", timeout_seconds_, "Seconds to wait for an answer (default 5)")
      ->envname("BORG_TIMEOUT")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 86400.0).description(""));
  app_.add_flag("--json", globals_.is_json, "Print JSON instead of text for people");
  app_.add_flag("--raw", is_raw_, "In the shell: print replies as they are");
}

CLI::App* CommandLine::add(const std::string& name, const std::string& summary,
                           std::function<int()> action) {
  CLI::App* const command = app_.add_subcommand(name, summary);
  command->fallthrough();
  command->footer("The flags of borgctl itself (--host, --port, --json, ...) may stand here too.");
  command->callback([this, run = std::move(action)] { action_ = run; });
  return command;
}

void CommandLine::add_key_commands() {
  CLI::App* const put = add("put", "Write a key; prints the nodes that took it", [this] {
    PutOptions options = put_;
    options.key = unescaped(options.key);
    options.value = unescaped(options.value);
    return run_put(globals_, options);
  });
  put->add_option("key", put_.key, "The key")->required();
  put->add_option("value", put_.value, "The value; - reads it from stdin")->required();
  put->add_option_function<double>(
         "--ttl", [this](const double& seconds) { put_.ttl_seconds = seconds; },
         "Seconds until the key goes away")
      ->type_name("SECONDS");

  CLI::App* const get = add("get", "Print the value of a key, byte for byte",
                            [this] { return run_get(globals_, unescaped(key_)); });
  get->add_option("key", key_, "The key")->required();

  CLI::App* const erase = add("delete", "Delete keys", [this] {
    std::vector<std::string> keys;
    for (const std::string& key : keys_) keys.push_back(unescaped(key));
    return run_delete(globals_, keys);
  });
  erase->add_option("key", keys_, "The keys")->required();

  CLI::App* const whereis = add("whereis", "The nodes that hold a key, primary first",
                                [this] { return run_whereis(globals_, unescaped(key_)); });
  whereis->add_option("key", key_, "The key")->required();

  CLI::App* const local = add("local", "What a node itself holds, with its role for each key",
                              [this] { return run_local(globals_, unescaped(node_)); });
  local->add_option("node", node_, "The node's name, id or address")->required();
}

void CommandLine::add_file_options(CLI::App& command, const std::string& file_help) {
  command.add_option("file", file_.file, file_help)->required();
  command.add_option("--format", file_.format.format,
                     "jsonl or csv (default: by the file's name, else jsonl)");
  command
      .add_option("--delimiter", file_.format.delimiter,
                  "Between the fields of CSV (default: a comma)")
      ->type_name("CHAR");
  command
      .add_option("--retry-for", file_.retry_seconds,
                  "Seconds to go on trying while the cluster heals (default 30)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 86400.0).description(""));
}

void CommandLine::add_file_commands() {
  const auto plain = [this] {
    FileOptions options = file_;
    options.file = unescaped(options.file);
    options.format.delimiter = unescaped(options.format.delimiter);
    return options;
  };
  CLI::App* const load = add("load", "Write the records of a file into the cluster",
                             [this, plain] { return run_load(globals_, plain()); });
  add_file_options(*load, "The file; - is stdin");
  load->footer(
      "JSON lines: {\"key\": \"k\", \"value\": \"v\"} with, if need be, \"ttl_ms\" or "
      "\"expires_at_ms\";\nbytes that are not UTF-8 as \"key_base64\" and \"value_base64\".\n"
      "CSV (RFC 4180): key,value[,expires_at_ms]; a header of these names may stand first.");
  CLI::App* const dump = add("dump", "Write every key, value and expiry into a file",
                             [this, plain] { return run_dump(globals_, plain()); });
  add_file_options(*dump, "The file, which is replaced when all is written; - is stdout");
  dump->add_flag("--base64", file_.format.is_base64,
                 "CSV: columns key_base64 and value_base64, for bytes that are not text");
}

void CommandLine::add_node_commands() {
  CLI::App* const info = add("info", "The nodes, then the totals of the cluster",
                             [this] { return run_info(globals_, info_); });
  info->alias("nodes");
  info->add_flag("--watch", info_.is_watching, "Draw it anew every second, until Ctrl-C");

  const auto add_node = [this](CLI::App* command) {
    command->add_option("name", node_, "The node's name")->required();
  };
  const auto add_force = [this](CLI::App* command, const std::string& help) {
    command->add_flag("--force", is_forced_, help);
  };
  const auto order = [this] {
    const auto stall = Milliseconds(static_cast<std::int64_t>(stall_seconds_ * 1000));
    return NodeOptions{.node = unescaped(node_), .is_forced = is_forced_, .stall = stall};
  };
  const auto add_stall = [this](CLI::App* command) {
    command
        ->add_option("--wait-for", stall_seconds_,
                     "Seconds to wait while nothing moves (default 60)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 86400.0).description(""));
  };
  CLI::App* const drain =
      add("drain", "Move a node's data away; when it is done the node is safe to stop",
          [this, order] { return run_drain(globals_, order()); });
  add_node(drain);
  add_stall(drain);
  add_force(drain, "Also if too few nodes are left to take writes, or without memory for its data");
  add_node(add("undrain", "Take back that a node drains, or leaves if no signal told it to",
               [this] { return run_undrain(globals_, unescaped(node_)); }));
  CLI::App* const leave = add("leave", "Let a node hand its data over and leave",
                              [this, order] { return run_leave(globals_, order()); });
  add_node(leave);
  add_stall(leave);
  add_force(
      leave,
      "Also if too few nodes are left to take writes, or without memory for its data, or none: "
      "the data ends then");
  CLI::App* const forget = add("forget", "Remove a node that will not come back", [this] {
    return run_forget(
        globals_,
        {.node = unescaped(node_), .is_forced = is_forced_, .is_sure = is_sure_ || is_forced_});
  });
  add_node(forget);
  forget->add_flag("-y,--yes", is_sure_, "Do not ask");
  add_force(forget, "Also if it is the only holder of slots, which are lost then; does not ask");
  add("accept-loss", "Make slots whose copies are all lost usable again, with what is left",
      [this] { return run_accept_loss(globals_); });
}

/// What people type first. The same as --help; of commands of Redis what the shell says.
void CommandLine::add_help() {
  CLI::App* const help = add("help", "What borgctl, or one of its commands, can do", [this] {
    std::vector<std::string> words;
    for (const std::string& word : keys_) words.push_back(unescaped(word));
    print_out(help_of(words));
    return kExitOk;
  });
  help->add_option("command", keys_, "The command");
}

std::string CommandLine::help_of(const std::vector<std::string>& words) const {
  if (words.empty()) {
    CommandLine fresh;  // this one has chosen its command: it would tell of that one only
    return fresh.help();
  }
  if (words.size() == 1) {
    for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
      if (command->check_name(words.front())) return command->help(app_.get_name());
    }
  }
  std::string text = help_text(words);
  if (text.starts_with(kNoSuchCommand)) {
    throw Failure(fmt::format("unknown command {}; see borgctl --help", shown(words.front())));
  }
  return text;
}

void CommandLine::parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = escaped(arguments);
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  app_.parse(std::move(words));
  globals_.target.timeout = Milliseconds(static_cast<std::int64_t>(timeout_seconds_ * 1000));
}

std::string CommandLine::complaint(const CLI::ParseError& error) const {
  const std::vector<CLI::App*> commands = app_.get_subcommands();
  const std::string where = commands.empty() ? "" : commands.front()->get_name() + " ";
  const bool is_extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const std::vector<std::string> extras = app_.remaining(true);
  std::string what = error.what();
  if (is_extra && !extras.empty()) {
    const std::string first = unescaped(extras.front());
    const bool is_flag = first.size() > 1 && first.front() == '-';
    const char* const kind = is_flag ? "flag" : where.empty() ? "command" : "argument";
    what = fmt::format("unknown {} {}", kind, shown(first));
    if (!is_flag && !where.empty()) what = fmt::format("one argument too many: {}", shown(first));
  }
  std::replace(what.begin(), what.end(), '\n', ' ');
  return fmt::format("{}; see borgctl {}--help", what, where);
}

}  // namespace borg::borgctl
