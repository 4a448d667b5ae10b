// SPDX-License-Identifier: Apache-2.0
#include "coordinators/etcd_watch.h"

#include <string>
#include <utility>

namespace borg::coordinators {

namespace {

const std::string kWho = "watch";
constexpr auto kRetryAfter = std::chrono::milliseconds(50);

}  // namespace

EtcdWatch::EtcdWatch(const EtcdOptions& options, EtcdDelivery& delivery)
    : options_(options), delivery_(delivery), client_(options) {}

EtcdClient::Clock::time_point EtcdWatch::call_deadline() const {
  return EtcdClient::Clock::now() + std::chrono::nanoseconds(options_.call_within.as_nanos());
}

void EtcdWatch::run() {
  while (!delivery_.is_over()) {
    if (catch_up()) follow();
    delivery_.sleep(kRetryAfter);
  }
}

bool EtcdWatch::catch_up() { return has_snapshot_ ? check_history() : read_snapshot(); }

bool EtcdWatch::read_snapshot() {
  auto read = client_.read_all(call_deadline());
  if (!read) {
    delivery_.judge(kWho, read.error());
    return false;
  }
  if (!delivery_.accept(read->head)) return false;
  has_snapshot_ = true;
  seen_ = read->head.revision;
  delivery_.emit_news(std::move(read->snapshot), seen_);
  return true;
}

/// A watch from a revision that does not exist yet would wait in silence for etcd to get there.
bool EtcdWatch::check_history() {
  const auto head = client_.read_head(call_deadline());
  if (!head) {
    delivery_.judge(kWho, head.error());
    return false;
  }
  if (!delivery_.accept(*head)) return false;
  if (head->revision >= seen_) return true;
  delivery_.fatal("it has lost its history: revision " + std::to_string(seen_.value()) +
                  " was followed by " + std::to_string(head->revision.value()));
  return false;
}

void EtcdWatch::follow() {
  if (const auto failure = client_.begin_watch(seen_.next(), call_deadline())) {
    return delivery_.judge(kWho, *failure);
  }
  while (auto news = client_.next_news()) {
    delivery_.recover(kWho);
    if (news->is_compacted) {
      has_snapshot_ = false;
      break;
    }
    if (news->changes.changes.empty()) continue;
    seen_ = news->changes.revision;
    delivery_.emit_news(std::move(news->changes), seen_);
  }
  const EtcdFailure failure = client_.end_watch();
  // A compaction or a restart of ours is no trouble; a real one shows at the next attempt.
  if (failure.error == EtcdError::kDenied) delivery_.judge(kWho, failure);
}

}  // namespace borg::coordinators
