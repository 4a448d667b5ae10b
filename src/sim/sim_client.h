// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "sim/history.h"
#include "sim/process.h"
#include "sim/workload.h"

namespace borg::sim {

/// What clients saw beside results.
struct ClientCounts {
  std::uint64_t sent = 0;
  std::uint64_t done = 0;
  std::uint64_t in_doubt = 0;
  std::uint64_t cluster_down = 0;
  std::uint64_t no_replicas = 0;
  std::uint64_t data_loss = 0;
  std::uint64_t disconnected = 0;  ///< with a command under way
  std::uint64_t given_up = 0;
};

/// What clients share.
struct ClientSetting {
  std::function<Process*()> choose_process;
  std::function<void(const std::vector<Command::Part>&)> on_data_loss;
  /// A result for this key, of a command that began at `invoked`.
  std::function<void(const std::string& key, Duration invoked)> on_result;
  /// A transaction showed a sum that is always zero.
  std::function<void(const std::string& key, std::int64_t sum)> on_sum;
  /// A command that this host had been sent at `invoked` has ended: with an error that says that
  /// it could not be carried out, or not at all. It was to wait for `may_take` itself.
  std::function<void(std::size_t host, Duration invoked, Duration may_take,
                     const std::string& error)>
      on_end;
  History* history = nullptr;
  Workload* workload = nullptr;
  ClientCounts* counts = nullptr;
};

/// A program that uses the cluster: one command at a time, or some in a row without waiting,
/// to whichever node it is connected to; when that node is gone, or silent for too long, it
/// goes to another one.
class SimClient {
 public:
  SimClient(Sim& sim, const ClientSetting& setting, std::uint64_t id);
  void start();
  /// Nothing new after what is under way, and then these.
  void finish_with(std::vector<Command> last);
  [[nodiscard]] bool is_idle() const {
    return under_way_.empty() && last_.empty() && is_finishing_;
  }

 private:
  struct UnderWay {
    std::uint64_t number = 0;
    Command command;
    Duration invoked;
    std::vector<History::Id> history_ids;
    Duration may_take;  ///< with those before it
    std::size_t replies_ahead = 0;
    bool was_refused = false;  ///< one of those that were sent ahead
  };
  void think();
  void connect();
  void next();
  [[nodiscard]] bool has_next() const;
  [[nodiscard]] Command draw();
  void send();
  void begin(Command command, std::string& bytes);
  void on_reply(const std::shared_ptr<Session>& session, const std::string& bytes);
  void on_closed(const std::shared_ptr<Session>& session);
  void on_timeout(std::uint64_t number);
  void conclude(const resp::Value& value);
  void conclude_transaction(const UnderWay& done, const resp::Value& value);
  void conclude_part(const UnderWay& done, std::size_t part, const resp::Value& value);
  void say(const Command& command, const std::string& what) const;
  void forget();

  Sim& sim_;
  const ClientSetting setting_;
  const std::uint64_t id_;
  std::shared_ptr<Session> session_;
  WorkerActor* worker_ = nullptr;
  std::string received_;
  const std::size_t pipeline_;
  bool is_thinking_ = false;
  std::uint64_t next_number_ = 0;
  std::deque<UnderWay> under_way_;
  bool is_finishing_ = false;
  std::vector<Command> last_;
  std::optional<Command> follow_up_;  ///< on this connection or never
};

}  // namespace borg::sim
