// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "coordinators/testing/process.h"

namespace borg::coordinators::testing {

/// A real etcd of one member on free ports, without fsync.
class EtcdServer {
 public:
  EtcdServer();

  /// "127.0.0.1:port"
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] static bool is_installed();
  /// Starts it, with the data of before, and waits until it answers.
  bool start();
  void kill() { process_.reset(); }
  /// Forgets everything. REQUIRES: not running.
  void wipe();
  void signal(int number) const { process_->signal(number); }
  /// Throws away the history before the current revision.
  bool compact();

 private:
  [[nodiscard]] bool wait_until_it_answers() const;

  TempDirectory directory_;
  std::string endpoint_;
  std::string peer_;
  std::unique_ptr<Process> process_;
};

}  // namespace borg::coordinators::testing
