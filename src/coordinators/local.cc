// SPDX-License-Identifier: Apache-2.0
#include "coordinators/local.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "base/check.h"
#include "coordination/key_space.h"
#include "coordinators/local_database.h"
#include "coordinators/local_directory.h"

namespace borg::coordinators {

using coordination::Event;
using coordination::Fatal;
using coordination::SessionAlive;
using coordination::Trouble;
using coordination::Txn;
using coordination::TxnDone;
using coordination::TxnId;
using coordination::TxnOutcome;

namespace {

using Clock = std::chrono::steady_clock;

/// A busy database is Trouble only if it stays so: two writers at once are everyday.
constexpr auto kBusyIsTroubleAfter = std::chrono::seconds(1);
constexpr auto kRetryBusyAfter = std::chrono::milliseconds(2);
constexpr auto kRetryOpenAfter = std::chrono::milliseconds(20);
constexpr auto kProbeEvery = std::chrono::milliseconds(500);
constexpr auto kCalmAfter = std::chrono::seconds(2);
constexpr auto kStopWithin = std::chrono::seconds(1);

std::chrono::nanoseconds nanos(Duration d) { return std::chrono::nanoseconds(d.as_nanos()); }

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

LocalDatabaseOptions database_options(const LocalOptions& options) {
  LocalDatabaseOptions out;
  const std::string directory =
      options.directory.empty() ? default_local_directory(options.cluster) : options.directory;
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(directory, ignored);
  out.directory = ignored ? directory : absolute.string();
  out.cluster = options.cluster;
  out.size_bytes_max = options.size_bytes_max;
  return out;
}

}  // namespace

class LocalCoordinator::Impl {
 public:
  explicit Impl(LocalOptions options)
      : options_(std::move(options)), db_(std::in_place, database_options(options_)) {}

  void start(Sink sink) {
    BORG_CHECK(!thread_.joinable());
    sink_ = std::move(sink);
    thread_ = std::thread([this] { run(); });
  }
  void submit(TxnId id, Txn txn) {
    BORG_CHECK(coordination::is_well_formed(txn));
    const std::lock_guard lock(mutex_);
    inbox_.push_back({id, std::move(txn), Clock::now() + nanos(options_.answer_within)});
    wake_.notify_one();
  }
  void hint(Revision revision) {
    const std::lock_guard lock(mutex_);
    hinted_ = std::max(hinted_, revision);
    wake_.notify_one();
  }
  void suspect() {
    const std::lock_guard lock(mutex_);
    is_suspecting_ = true;
    wake_.notify_one();
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Request {
    TxnId id;
    Txn txn;
    Clock::time_point deadline;
  };

  void run() {
    while (collect()) {
      if (!is_open_ && !is_broken_) open();
      if (is_usable()) look();
      if (is_usable()) transact();
      answer_overdue();
    }
    if (is_usable()) end_session();
    db_.reset();
  }

  [[nodiscard]] bool is_usable() const { return is_open_ && !is_broken_; }

  /// Sleeps until there is something to do, and takes it over. False: stop.
  bool collect() {
    std::unique_lock lock(mutex_);
    const auto is_ready = [this] {
      return is_stopping_ || !inbox_.empty() || is_suspecting_ || hinted_ > handled_hint_;
    };
    wake_.wait_until(lock, wake_at(), is_ready);
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(requests_));
    inbox_.clear();
    if (is_ready()) last_news_ = Clock::now();
    is_reap_due_ |= std::exchange(is_suspecting_, false);
    is_poll_due_ |= is_usable() && hinted_ > db_->seen();
    handled_hint_ = hinted_;
    return !is_stopping_;
  }

  [[nodiscard]] Clock::time_point wake_at() const {
    const Clock::time_point now = Clock::now();
    if (is_broken_) return now + nanos(options_.poll_every);
    if (!is_open_) return now + kRetryOpenAfter;
    return !requests_.empty() || is_reap_due_ ? now + kRetryBusyAfter : next_look_;
  }

  void open() {
    const LocalStatus status = db_->open(random_seed());
    judge(status);
    if (status != LocalStatus::kOk) return;
    is_open_ = true;
    is_poll_due_ = true;
    next_look_ = Clock::now();
    sink_(SessionAlive{Instant::never()});
  }

  void look() {
    const Clock::time_point now = Clock::now();
    if (now >= next_look_) {
      is_poll_due_ = is_reap_due_ = true;
      const bool is_calm = now - last_news_ > kCalmAfter;
      next_look_ = now + nanos(is_calm ? options_.poll_every_calm : options_.poll_every);
    }
    if (is_poll_due_ && !has_view_) {
      // The first view has nobody who is dead already: else a node that is started behind a
      // crash of all others would join them.
      if (take(db_->reap()).status == LocalStatus::kBusy) return;
    }
    if (std::exchange(is_poll_due_, false)) {
      const LocalOutcome outcome = take(db_->poll());
      has_view_ |= outcome.status == LocalStatus::kOk;
    }
    if (is_usable() && has_view_ && is_reap_due_) {
      is_reap_due_ = take(db_->reap()).status == LocalStatus::kBusy;
    }
    if (requests_.empty() && !is_reap_due_) busy_since_.reset();
    if (is_usable() && is_troubled_ && now >= next_probe_) {
      next_probe_ = now + kProbeEvery;
      if (db_->probe()) judge(LocalStatus::kOk);
    }
  }

  void transact() {
    while (!requests_.empty() && is_usable() && has_view_) {
      const LocalOutcome outcome = take(db_->apply(requests_.front().txn));
      if (outcome.status == LocalStatus::kBusy) return;
      if (outcome.status == LocalStatus::kOk) judge(outcome.status);
      answer_first({requests_.front().id, outcome.txn, outcome.revision});
    }
  }

  void answer_first(const TxnDone& done) {
    requests_.pop_front();
    sink_(done);
  }

  void answer_overdue() {
    const Clock::time_point now = Clock::now();
    while (!requests_.empty() && (is_broken_ || now >= requests_.front().deadline)) {
      answer_first({requests_.front().id, TxnOutcome::kUnavailable, Revision()});
    }
  }

  LocalOutcome take(LocalOutcome outcome) {
    if (outcome.news) {
      last_news_ = Clock::now();
      sink_(std::move(*std::exchange(outcome.news, std::nullopt)));
    }
    if (outcome.status != LocalStatus::kOk) judge(outcome.status);
    return outcome;
  }

  /// Turns statuses into Trouble and Fatal. kOk is to be told only after a write went through,
  /// as reads go on while another process keeps the write lock.
  void judge(LocalStatus status) {
    const Clock::time_point now = Clock::now();
    if (status == LocalStatus::kOk) {
      busy_since_.reset();
      if (std::exchange(is_troubled_, false)) sink_(Trouble{true, "the database works again"});
    } else if (status == LocalStatus::kBroken) {
      is_broken_ = true;
      sink_(Fatal{db_->message()});
    } else {
      if (!busy_since_) busy_since_ = now;
      const bool is_brief = now - *busy_since_ < kBusyIsTroubleAfter;
      if (is_troubled_ || (status == LocalStatus::kBusy && is_brief)) return;
      is_troubled_ = true;
      next_probe_ = now + kProbeEvery;
      sink_(Trouble{false, db_->message()});
    }
  }

  /// If it cannot be written in time, the others see the free lock instead.
  void end_session() {
    const Clock::time_point deadline = Clock::now() + kStopWithin;
    while (db_->end_session().status == LocalStatus::kBusy && Clock::now() < deadline) {
      std::this_thread::sleep_for(kRetryBusyAfter);
    }
  }

  const LocalOptions options_;
  Sink sink_;
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Request> inbox_;
  Revision hinted_;
  bool is_suspecting_ = false;
  bool is_stopping_ = false;

  // The thread's own.
  std::optional<LocalDatabase> db_;
  std::deque<Request> requests_;
  Revision handled_hint_;
  bool is_open_ = false;
  bool is_broken_ = false;
  bool has_view_ = false;
  bool is_poll_due_ = false;
  bool is_reap_due_ = false;
  bool is_troubled_ = false;
  std::optional<Clock::time_point> busy_since_;
  Clock::time_point next_look_;
  Clock::time_point last_news_;  // or wish
  Clock::time_point next_probe_;
};

LocalCoordinator::LocalCoordinator(LocalOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
LocalCoordinator::~LocalCoordinator() { stop(); }
void LocalCoordinator::start(Sink sink) { impl_->start(std::move(sink)); }
void LocalCoordinator::submit(TxnId id, Txn txn) { impl_->submit(id, std::move(txn)); }
void LocalCoordinator::hint(Revision revision) { impl_->hint(revision); }
void LocalCoordinator::suspect(std::string_view /*key*/) { impl_->suspect(); }
void LocalCoordinator::stop() { impl_->stop(); }

}  // namespace borg::coordinators
