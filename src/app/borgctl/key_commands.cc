// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/key_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "app/borgctl/failure.h"
#include "app/borgctl/holders.h"
#include "app/borgctl/human.h"
#include "app/borgctl/jsonl.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

using Kind = resp::Value::Kind;

std::string read_stdin() {
  std::string bytes;
  char buffer[64 * 1024];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, stdin)) bytes.append(buffer, n);
  if (std::ferror(stdin) != 0) {
    throw Failure(fmt::format("cannot read stdin: {}", std::strerror(errno)));
  }
  return bytes;
}

std::string ttl_ms_text(double seconds) {
  constexpr double kSecondsMax = 1e12;
  const bool is_usable = std::isfinite(seconds) && seconds >= 0.001 && seconds <= kSecondsMax;
  if (!is_usable) throw Failure("--ttl is a number of seconds, at least 0.001");
  return std::to_string(static_cast<std::int64_t>(std::llround(seconds * 1000)));
}

/// The nodes that hold the key; empty on a server that is not Borg.
std::vector<Holder> ask_holders(ClusterClient& client, const std::string& key) {
  const resp::Value reply = client.call({"BORG", "WHEREIS", key});
  return parse_holders(reply).value_or(std::vector<Holder>());
}

}  // namespace

int run_put(const Globals& globals, const PutOptions& options) {
  Words words = {"SET", options.key, options.value == "-" ? read_stdin() : options.value};
  if (options.ttl_seconds) {
    words.insert(words.end(), {"PX", ttl_ms_text(*options.ttl_seconds)});
  }
  ClusterClient client = ClusterClient::connect(globals.target);
  client.call_or_fail(words);
  const std::vector<Holder> holders = ask_holders(client, options.key);
  if (globals.is_json) {
    print_out(fmt::format("{{\"ok\": true, \"nodes\": {}}}\n", holders_json(holders)));
  } else if (holders.empty()) {
    print_out("OK\n");
  } else {
    print_out(fmt::format("OK {}\n", holders_line(holders)));
  }
  return kExitOk;
}

int run_get(const Globals& globals, const std::string& key) {
  ClusterClient client = ClusterClient::connect(globals.target);
  const resp::Value reply = client.call_or_fail({"GET", key});
  if (reply.kind == Kind::kNull) throw Failure(fmt::format("no such key: {}", shown(key)));
  if (globals.is_json) {
    std::string out;
    append_json_record(out, {.key = key, .value = reply.text, .ttl_ms = {}, .expires_at_ms = {}});
    print_out(out);
    return kExitOk;
  }
  print_out(reply.text);
  if (::isatty(STDOUT_FILENO) == 1) print_out("\n");
  return kExitOk;
}

int run_delete(const Globals& globals, const std::vector<std::string>& keys) {
  Words words = {"DEL"};
  words.insert(words.end(), keys.begin(), keys.end());
  ClusterClient client = ClusterClient::connect(globals.target);
  const resp::Value reply = client.call_or_fail(words);
  if (globals.is_json) {
    print_out(fmt::format("{{\"deleted\": {}}}\n", reply.integer));
  } else {
    print_out(fmt::format("deleted {}\n", human_number_of(reply.integer, "key")));
  }
  return kExitOk;
}

int run_whereis(const Globals& globals, const std::string& key) {
  ClusterClient client = ClusterClient::connect(globals.target);
  const resp::Value reply = client.call_or_fail({"BORG", "WHEREIS", key});
  const auto holders = parse_holders(reply);
  if (!holders) throw Failure("BORG WHEREIS: an unexpected reply");
  print_out(globals.is_json ? holders_json(*holders) + "\n" : holders_table(*holders));
  return kExitOk;
}

}  // namespace borg::borgctl
