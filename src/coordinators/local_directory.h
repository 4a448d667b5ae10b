// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace borg::coordinators {

/// A message for the operator.
struct LocalProblem {
  std::string message;
};

/// True for 1 to 64 of [A-Za-z0-9._-], not beginning with a dot: fit for a directory's name and
/// an etcd prefix.
[[nodiscard]] bool is_cluster_name(std::string_view name);

/// Where the nodes of this user on this machine meet: $XDG_RUNTIME_DIR/borg-<cluster>, or
/// /tmp/borg-<uid>-<cluster>.
[[nodiscard]] std::string default_local_directory(std::string_view cluster);

/// Creates the directory with mode 0700 if it is absent. Refuses what another user could have
/// put there or can write to: whoever writes to it decides what the cluster believes.
/// Returns a descriptor with a shared flock, which keeps systemd-tmpfiles from ageing the files.
[[nodiscard]] Result<int, LocalProblem> open_local_directory(const std::string& directory);

}  // namespace borg::coordinators
