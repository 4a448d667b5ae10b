// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/borgctl/cluster_info.h"
#include "app/borgctl/globals.h"

namespace borg::borgctl {

/// The reply to BORG INFO, as it came and as it is understood.
struct InfoReply {
  std::string json;
  ClusterInfo info;
};
/// Throws a Failure when the node does not know the command or answers something else.
[[nodiscard]] InfoReply ask_info(ClusterClient& client);

/// The reply as it came, on a line of its own.
[[nodiscard]] std::string json_line(const InfoReply& reply);

struct InfoOptions {
  bool is_watching = false;
};
int run_info(const Globals& globals, const InfoOptions& options);

}  // namespace borg::borgctl
