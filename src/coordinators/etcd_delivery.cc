// SPDX-License-Identifier: Apache-2.0
#include "coordinators/etcd_delivery.h"

#include <algorithm>
#include <utility>

namespace borg::coordinators {

using coordination::Event;
using coordination::Fatal;
using coordination::Trouble;
using coordination::TxnDone;
using coordination::TxnOutcome;

namespace {

/// A watch that lacks what others have seen for so long is taken to be stuck.
constexpr auto kNewsWithin = std::chrono::seconds(1);

}  // namespace

void EtcdDelivery::emit(Event event) {
  const std::lock_guard lock(emit_mutex_);
  sink_(std::move(event));
}

void EtcdDelivery::emit_news(Event news, Revision revision) {
  const std::lock_guard lock(emit_mutex_);
  sink_(std::move(news));
  delivered_ = revision;
  const auto is_ready = [&](const Held& held) { return held.needed <= delivered_; };
  for (const Held& held : held_) {
    if (is_ready(held)) sink_(held.done);
  }
  std::erase_if(held_, is_ready);
  const std::lock_guard inner(mutex_);
  reached_ = delivered_;
  is_holding_ = !held_.empty();
}

void EtcdDelivery::answer(const TxnDone& done, Revision needed, Clock::time_point deadline) {
  const std::lock_guard lock(emit_mutex_);
  if (needed <= delivered_) {
    sink_(done);
    return;
  }
  held_.push_back({done, needed, deadline});
  const std::lock_guard inner(mutex_);
  is_holding_ = true;
}

void EtcdDelivery::answer_overdue(Clock::time_point now) {
  const std::lock_guard lock(emit_mutex_);
  const auto is_overdue = [&](const Held& held) { return held.deadline <= now; };
  for (const Held& held : held_) {
    if (!is_overdue(held)) continue;
    TxnDone done = held.done;
    if (done.outcome == TxnOutcome::kCommitted) done = {done.id, TxnOutcome::kUnknown, Revision()};
    sink_(done);
  }
  std::erase_if(held_, is_overdue);
  const std::lock_guard inner(mutex_);
  is_holding_ = !held_.empty();
}

void EtcdDelivery::expect(Revision revision, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (revision <= reached_ || revision <= expected_) return;
  if (expected_ <= reached_) expected_since_ = now;
  expected_ = revision;
}

bool EtcdDelivery::is_news_late(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (expected_ <= reached_ || now - expected_since_ < kNewsWithin) return false;
  expected_ = Revision();
  return true;
}

bool EtcdDelivery::is_waiting() {
  const std::lock_guard lock(mutex_);
  return is_holding_ || expected_ > reached_;
}

void EtcdDelivery::report(const std::string& who, const std::string& message) {
  const std::lock_guard lock(emit_mutex_);
  if (!troubled_.insert(who).second) return;
  if (!is_over()) sink_(Trouble{false, "etcd: " + who + ": " + message});
}

void EtcdDelivery::recover(const std::string& who) {
  const std::lock_guard lock(emit_mutex_);
  if (troubled_.erase(who) != 0 && troubled_.empty()) sink_(Trouble{true, "etcd answers again"});
}

void EtcdDelivery::fatal(const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_fatal_, true)) return;
    wake_.notify_all();
  }
  emit(Fatal{"etcd: " + message});
}

bool EtcdDelivery::accept(const EtcdHead& head) {
  {
    const std::lock_guard lock(mutex_);
    if (cluster_id_ == 0) cluster_id_ = head.cluster_id;
    if (cluster_id_ == head.cluster_id) return true;
  }
  fatal("the endpoints belong to different etcd clusters");
  return false;
}

void EtcdDelivery::judge(const std::string& who, const EtcdFailure& failure) {
  if (failure.error == EtcdError::kDenied) {
    fatal(failure.message);
  } else {
    report(who, failure.message);
  }
}

bool EtcdDelivery::sleep(std::chrono::nanoseconds span) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, span, [this] { return is_stopped_ || is_fatal_; });
}

void EtcdDelivery::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  wake_.notify_all();
}

bool EtcdDelivery::is_over() {
  const std::lock_guard lock(mutex_);
  return is_stopped_ || is_fatal_;
}

bool EtcdDelivery::is_stopped() {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

bool EtcdDelivery::is_fatal() {
  const std::lock_guard lock(mutex_);
  return is_fatal_;
}

}  // namespace borg::coordinators
