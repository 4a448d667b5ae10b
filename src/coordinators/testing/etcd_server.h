// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "coordinators/testing/process.h"

namespace borg::coordinators::testing {

/// A real etcd of one member on free ports, without fsync.
class EtcdServer {
 public:
  EtcdServer();

  /// "127.0.0.1:port"
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] static bool is_installed();
  [[nodiscard]] bool is_running() const { return process_ != nullptr; }
  /// Starts it, with the data of before, and waits until it answers.
  bool start();
  void kill() { process_.reset(); }
  /// Forgets everything. REQUIRES: not running.
  void wipe();
  void signal(int number) const { process_->signal(number); }
  /// Throws away the history before the revision.
  [[nodiscard]] bool compact(Revision revision) const;
  /// Runs etcdctl with these arguments. False if it fails.
  [[nodiscard]] bool control(const std::vector<std::string>& arguments) const;
  /// From the next start() on it serves TLS only, and asks clients for a certificate that
  /// ca_file() has signed. False if the certificates cannot be made here.
  bool use_tls();
  [[nodiscard]] std::string ca_file() const { return directory_.path() + "/ca.pem"; }
  [[nodiscard]] std::string cert_file() const { return directory_.path() + "/cert.pem"; }
  [[nodiscard]] std::string key_file() const { return directory_.path() + "/key.pem"; }

 private:
  TempDirectory directory_;
  std::string endpoint_;
  std::string peer_;
  bool is_tls_ = false;
  std::unique_ptr<Process> process_;
};

}  // namespace borg::coordinators::testing
