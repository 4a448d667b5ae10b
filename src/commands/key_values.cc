// SPDX-License-Identifier: Apache-2.0
#include "commands/key_values.h"

#include <cstdint>
#include <string>

namespace borg::commands {

bool check_values(const CommandSpec& spec, Args args, resp::Writer& reply) {
  const auto behind_name = static_cast<std::int64_t>(args.size()) - spec.first_key;
  const bool is_counted = spec.numkeys_at != 0;  // then options may follow the values
  if (spec.key_step <= 1 || is_counted || behind_name % spec.key_step == 0) [[likely]]
    return true;
  reply.error("ERR wrong number of arguments for '" + std::string(spec.name) + "' command");
  return false;
}

}  // namespace borg::commands
