// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coordinators/etcd_client.h"
#include "coordinators/etcd_delivery.h"

namespace borg::coordinators {

/// Reads the whole key space once, then every change to it, through any number of broken
/// connections.
///
/// Runs: run() on a thread of its own until the delivery is over; the rest on any thread.
class EtcdWatch {
 public:
  EtcdWatch(const EtcdOptions& options, EtcdDelivery& delivery);

  void run();
  /// The watch seems stuck: begin it anew, at another member if there is one.
  void restart() { client_.interrupt(); }
  void shut_down() { client_.shut_down(); }

 private:
  bool catch_up();
  bool read_snapshot();
  bool check_history();
  void follow();
  [[nodiscard]] EtcdClient::Clock::time_point call_deadline() const;

  const EtcdOptions& options_;
  EtcdDelivery& delivery_;
  EtcdClient client_;
  bool has_snapshot_ = false;
  Revision seen_;
};

}  // namespace borg::coordinators
