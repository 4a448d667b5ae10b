// SPDX-License-Identifier: Apache-2.0
#include "coordinators/etcd_session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "coordinators/clock.h"

namespace borg::coordinators {

using coordination::SessionAlive;
using coordination::SessionLost;

namespace {

constexpr auto kRetryAfter = std::chrono::milliseconds(100);
constexpr auto kRevokeWithin = std::chrono::seconds(1);

std::int64_t whole_seconds(Duration ttl) {
  return std::max<std::int64_t>(1, (ttl.as_millis() + 999) / 1000);
}

}  // namespace

EtcdSession::EtcdSession(const EtcdOptions& options, EtcdDelivery& delivery,
                         std::function<void()> on_lease)
    : options_(options),
      delivery_(delivery),
      on_lease_(std::move(on_lease)),
      client_(options),
      ttl_seconds_(whole_seconds(options.session_ttl)) {}

EtcdSession::Clock::time_point EtcdSession::call_deadline() const {
  return Clock::now() + std::chrono::nanoseconds(options_.call_within.as_nanos());
}

void EtcdSession::run() {
  auto next = Clock::now();
  while (delivery_.sleep(next - Clock::now())) {
    next = Clock::now() + std::chrono::nanoseconds(std::chrono::seconds(ttl_seconds_)) / 5;
    if (lease() == 0) {
      begin();
    } else {
      keep_alive();
    }
    if (lease() == 0) next = Clock::now() + kRetryAfter;
  }
  end();
}

void EtcdSession::begin() {
  const Instant asked_at = instant_now();
  const auto granted = client_.grant_lease(whole_seconds(options_.session_ttl), call_deadline());
  if (!granted) return delivery_.judge(EtcdDelivery::kCalls, granted.error());
  if (!delivery_.accept(granted->head)) return;
  ttl_seconds_ = granted->ttl_seconds;
  lease_ = granted->id;
  prove_alive(*granted, asked_at);
  on_lease_();
}

void EtcdSession::keep_alive() {
  const Instant asked_at = instant_now();
  const auto kept = client_.keep_alive(lease(), call_deadline());
  if (!kept) return delivery_.judge(EtcdDelivery::kCalls, kept.error());
  if (!delivery_.accept(kept->head)) return;
  if (kept->ttl_seconds > 0) return prove_alive(*kept, asked_at);
  lease_ = 0;
  delivery_.emit(SessionLost{});
  begin();
}

/// The member that answered may have asked a leader that was deposed before `asked_at`, whose
/// successor has not heard of it. If after that answer a read is confirmed by a majority in the
/// same term, the leader of that term was still the leader when it renewed the lease.
void EtcdSession::prove_alive(const EtcdLease& lease, Instant asked_at) {
  const auto head = client_.read_head(call_deadline());
  if (!head) return delivery_.judge(EtcdDelivery::kCalls, head.error());
  delivery_.recover(EtcdDelivery::kCalls);
  if (!delivery_.accept(*head) || head->raft_term != lease.head.raft_term) return;
  // A tenth for clocks that do not run at the same rate.
  const Duration valid = Duration::seconds(lease.ttl_seconds) * 9 / 10;
  delivery_.emit(SessionAlive{asked_at + valid});
}

void EtcdSession::end() {
  const std::int64_t lease = lease_.exchange(0);
  if (lease == 0 || delivery_.is_fatal()) return;
  client_.reopen();
  client_.revoke_lease(lease, Clock::now() + kRevokeWithin);
}

}  // namespace borg::coordinators
