// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "coordination/coordinator.h"

namespace borg::coordinators::testing {

/// A new, empty key space of one kind, and as many clients of it as wanted.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::unique_ptr<coordination::Coordinator> make_client() = 0;
};

struct BackendKind {
  std::string name;
  std::function<std::unique_ptr<Backend>()> make;  ///< null if it cannot be had here
};
std::ostream& operator<<(std::ostream& out, const BackendKind& kind);

/// memory, local and etcd.
std::vector<BackendKind> all_backends();

}  // namespace borg::coordinators::testing
