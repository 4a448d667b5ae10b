// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "coordination/coordinator.h"
#include "coordinators/etcd_client.h"

namespace borg::coordinators {

/// Where the three threads of an EtcdCoordinator meet: gives their events to the sink one at a
/// time and in the promised order, and knows whether all of them are well.
///
/// Runs: on any thread.
class EtcdDelivery {
 public:
  using Clock = EtcdClient::Clock;

  /// Calls in general: whichever thread is answered shows that all can be.
  inline static const std::string kCalls = "calls";

  explicit EtcdDelivery(coordination::Coordinator::Sink sink) : sink_(std::move(sink)) {}

  void emit(coordination::Event event);
  /// A Snapshot or Changes up to `revision`, then the answers that waited for it.
  void emit_news(coordination::Event news, Revision revision);
  /// Gives the answer once the news have reached `needed`.
  void answer(const coordination::TxnDone& done, Revision needed, Clock::time_point deadline);
  /// Answers whose time is up: a commit that nobody has seen yet becomes kUnknown.
  void answer_overdue(Clock::time_point now);

  /// Somebody has seen this revision.
  void expect(Revision revision, Clock::time_point now);
  /// True, once, if the news have not come in spite of it.
  bool is_news_late(Clock::time_point now);
  [[nodiscard]] bool is_waiting();

  /// Tells the operator that `who` is not well, or is well again.
  void report(const std::string& who, const std::string& message);
  void recover(const std::string& who);
  void fatal(const std::string& message);
  /// Fatal, and false, if the answer comes from another etcd than the first one.
  bool accept(const EtcdHead& head);
  /// What a failed call means for `who`.
  void judge(const std::string& who, const EtcdFailure& failure);

  /// False at once if it is time to end, else true after `span`.
  bool sleep(std::chrono::nanoseconds span);
  void stop();
  /// Stopped, or unusable for good.
  [[nodiscard]] bool is_over();
  [[nodiscard]] bool is_stopped();
  [[nodiscard]] bool is_fatal();

 private:
  struct Held {
    coordination::TxnDone done;
    Revision needed;
    Clock::time_point deadline;
  };

  std::mutex emit_mutex_;  ///< held while the sink runs; taken before mutex_
  coordination::Coordinator::Sink sink_;
  Revision delivered_;
  std::vector<Held> held_;
  std::set<std::string> troubled_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopped_ = false;
  bool is_fatal_ = false;
  std::uint64_t cluster_id_ = 0;
  Revision reached_;   ///< delivered_, for readers that must not wait for the sink
  Revision expected_;  ///< what the news should reach
  Clock::time_point expected_since_;
  bool is_holding_ = false;
};

}  // namespace borg::coordinators
