// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "coordinators/etcd_client.h"
#include "coordinators/etcd_delivery.h"

namespace borg::coordinators {

/// Keeps a lease alive, and begins a new one when it is lost.
///
/// Runs: run() on a thread of its own until the delivery is over; the rest on any thread.
class EtcdSession {
 public:
  using Clock = EtcdClient::Clock;

  /// `on_lease` is called when there is a new lease.
  EtcdSession(const EtcdOptions& options, EtcdDelivery& delivery, std::function<void()> on_lease);

  void run();
  /// The lease for bound keys; 0: none at the moment.
  [[nodiscard]] std::int64_t lease() const { return lease_.load(); }
  void shut_down() { client_.shut_down(); }

 private:
  void begin();
  void keep_alive();
  void prove_alive(const EtcdLease& lease, Instant asked_at);
  void end();
  [[nodiscard]] Clock::time_point call_deadline() const;

  const EtcdOptions& options_;
  EtcdDelivery& delivery_;
  std::function<void()> on_lease_;
  EtcdClient client_;
  std::atomic<std::int64_t> lease_{0};
  std::int64_t ttl_seconds_;
};

}  // namespace borg::coordinators
