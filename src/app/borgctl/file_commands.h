// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/borgctl/format.h"
#include "app/borgctl/globals.h"

namespace borg::borgctl {

struct FileOptions {
  std::string file;  ///< "-": stdin or stdout
  FormatWords format;
  double retry_seconds = 30;
};
/// Exit code 0 only if every line of the file is a record that the cluster holds now.
int run_load(const Globals& globals, const FileOptions& options);
/// Exit code 0 only if every key of the cluster is in the file.
int run_dump(const Globals& globals, const FileOptions& options);

}  // namespace borg::borgctl
