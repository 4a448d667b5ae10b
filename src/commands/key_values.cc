// SPDX-License-Identifier: Apache-2.0
#include "commands/key_values.h"

#include <string>

namespace borg::commands {

bool check_values(const CommandSpec& spec, Args args, resp::Writer& reply) {
  const KeyRange range = key_range(spec, args);
  if ((args.size() - range.first) % range.step == 0) return true;
  reply.error("ERR wrong number of arguments for '" + std::string(spec.name) + "' command");
  return false;
}

}  // namespace borg::commands
