// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/info_command.h"

#include <fmt/format.h>

#include "app/borgctl/failure.h"
#include "app/borgctl/info_view.h"
#include "app/borgctl/info_watch.h"
#include "app/borgctl/output_file.h"

namespace borg::borgctl {

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

std::string json_line(const InfoReply& reply) {
  return reply.json.substr(0, reply.json.find_last_not_of('\n') + 1) + "\n";
}

int run_info(const Globals& globals, const InfoOptions& options) {
  ClusterClient client = ClusterClient::connect(globals.target);
  if (options.is_watching) return watch_info(client, globals.is_json);
  const InfoReply reply = ask_info(client);
  print_out(globals.is_json ? json_line(reply) : info_text(reply.info));
  return kExitOk;
}

}  // namespace borg::borgctl
