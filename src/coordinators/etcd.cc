// SPDX-License-Identifier: Apache-2.0
#include "coordinators/etcd.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/check.h"
#include "coordination/key_space.h"
#include "coordinators/etcd_client.h"
#include "coordinators/etcd_delivery.h"
#include "coordinators/etcd_session.h"
#include "coordinators/etcd_watch.h"

namespace borg::coordinators {

using coordination::Txn;
using coordination::TxnDone;
using coordination::TxnId;
using coordination::TxnOutcome;

namespace {

using Clock = EtcdClient::Clock;

/// etcd is well but does not take our writes, say for lack of space.
const std::string kRefusals = "writes";
/// How often answers and news are looked at while some are awaited.
constexpr auto kTick = std::chrono::milliseconds(100);

std::chrono::nanoseconds nanos(Duration d) { return std::chrono::nanoseconds(d.as_nanos()); }

bool has_bound(const Txn& txn) {
  return std::any_of(txn.puts.begin(), txn.puts.end(),
                     [](const coordination::Put& put) { return put.bound_to_session; });
}

TxnOutcome outcome_of(EtcdError error) {
  return error == EtcdError::kLost ? TxnOutcome::kUnknown : TxnOutcome::kUnavailable;
}

}  // namespace

class EtcdCoordinator::Impl {
 public:
  explicit Impl(EtcdOptions options) : options_(std::move(options)), client_(options_) {}

  void start(Sink sink) {
    BORG_CHECK(!delivery_);
    delivery_.emplace(std::move(sink));
    session_.emplace(options_, *delivery_, [this] { wake(); });
    watch_.emplace(options_, *delivery_);
    session_thread_ = std::thread([this] { session_->run(); });
    watch_thread_ = std::thread([this] { watch_->run(); });
    thread_ = std::thread([this] { run(); });
  }

  void submit(TxnId id, Txn txn) {
    BORG_CHECK(coordination::is_well_formed(txn));
    const bool is_bound = has_bound(txn);
    const std::int64_t lease = is_bound && session_ ? session_->lease() : 0;
    const std::lock_guard lock(mutex_);
    queue_.push_back(
        {id, std::move(txn), is_bound, lease, Clock::now() + nanos(options_.answer_within)});
    wake_.notify_one();
  }

  void hint(Revision revision) {
    if (!delivery_) return;
    delivery_->expect(revision, Clock::now());
    wake();
  }

  void stop() {
    if (!thread_.joinable()) return;
    delivery_->stop();
    client_.shut_down();
    session_->shut_down();
    watch_->shut_down();
    wake();
    thread_.join();
    watch_thread_.join();
    session_thread_.join();
  }

 private:
  struct Request {
    TxnId id;
    Txn txn;
    bool is_bound;
    std::int64_t lease;  ///< of the session in which it was submitted; 0: there was none yet
    Clock::time_point deadline;
  };

  void wake() {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    wake_.notify_one();
  }

  void run() {
    while (!delivery_->is_stopped()) {
      wait();
      while (auto request = take()) execute(*request);
      const Clock::time_point now = Clock::now();
      delivery_->answer_overdue(now);
      if (delivery_->is_news_late(now)) watch_->restart();
    }
  }

  void wait() {
    const bool is_waiting = delivery_->is_waiting();
    std::unique_lock lock(mutex_);
    if (is_waiting || !queue_.empty()) {
      wake_.wait_for(lock, kTick, [this] { return is_woken_ || is_runnable(); });
    } else {
      wake_.wait(lock, [this] { return is_woken_ || !queue_.empty(); });
    }
    is_woken_ = false;
  }

  /// The first request, unless it waits for the first session. REQUIRES: the lock.
  [[nodiscard]] bool is_runnable() const {
    if (queue_.empty()) return false;
    const Request& first = queue_.front();
    return !first.is_bound || first.lease != 0 || session_->lease() != 0 ||
           Clock::now() >= first.deadline;
  }

  std::optional<Request> take() {
    const std::lock_guard lock(mutex_);
    if (queue_.empty() || !(is_runnable() || delivery_->is_over())) return std::nullopt;
    Request request = std::move(queue_.front());
    queue_.pop_front();
    return request;
  }

  void execute(const Request& request) {
    if (delivery_->is_stopped()) return;
    const Clock::time_point now = Clock::now();
    const std::int64_t lease = session_->lease();
    const bool is_session_gone =
        request.is_bound && (lease == 0 || (request.lease != 0 && request.lease != lease));
    TxnDone done{request.id, TxnOutcome::kUnavailable, Revision()};
    if (is_session_gone || now >= request.deadline || delivery_->is_fatal()) {
      return delivery_->emit(done);
    }
    const auto reply = client_.transact(
        request.txn, lease, std::min(request.deadline, now + nanos(options_.call_within)));
    if (delivery_->is_stopped()) return;
    if (!reply) {
      const bool is_refused = reply.error().error == EtcdError::kRefused;
      delivery_->judge(is_refused ? kRefusals : EtcdDelivery::kCalls, reply.error());
      done.outcome = outcome_of(reply.error().error);
      return delivery_->emit(done);
    }
    delivery_->recover(EtcdDelivery::kCalls);
    if (reply->is_changed) delivery_->recover(kRefusals);
    delivery_->accept(reply->head);
    answer(request, *reply);
  }

  void answer(const Request& request, const EtcdTxnReply& reply) {
    TxnDone done{request.id, TxnOutcome::kConflict, reply.head.revision};
    Revision needed = reply.newest_compared;
    if (reply.is_committed) {
      done.outcome = TxnOutcome::kCommitted;
      needed = reply.is_changed ? reply.head.revision : Revision();
    }
    delivery_->expect(needed, Clock::now());
    delivery_->answer(done, needed, request.deadline);
  }

  const EtcdOptions options_;
  EtcdClient client_;
  std::optional<EtcdDelivery> delivery_;
  std::optional<EtcdSession> session_;
  std::optional<EtcdWatch> watch_;
  std::thread thread_;
  std::thread session_thread_;
  std::thread watch_thread_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Request> queue_;
  bool is_woken_ = false;
};

EtcdCoordinator::EtcdCoordinator(EtcdOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
EtcdCoordinator::~EtcdCoordinator() { stop(); }
void EtcdCoordinator::start(Sink sink) { impl_->start(std::move(sink)); }
void EtcdCoordinator::submit(TxnId id, Txn txn) { impl_->submit(id, std::move(txn)); }
void EtcdCoordinator::hint(Revision revision) { impl_->hint(revision); }
void EtcdCoordinator::stop() { impl_->stop(); }

}  // namespace borg::coordinators
