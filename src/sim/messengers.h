// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "resp/parser.h"
#include "sim/process.h"
#include "sim/sim.h"

namespace borg::sim {

/// One connection of a program that publishes or subscribes; lost, it is made again to any node.
class MessengerLine {
 public:
  using OnReply = std::function<void(const resp::Value&)>;
  MessengerLine(Sim& sim, std::function<Process*()> choose_process, OnReply on_reply);
  /// False: there is no node to talk to.
  bool connect();
  void send(const std::vector<std::string>& words);
  void hang_up();
  /// A worker that dies before it has accepted the connection tells nobody.
  [[nodiscard]] bool is_up() const { return session_ != nullptr && worker_->alive(); }
  /// The worker that it is, or was, connected to.
  [[nodiscard]] std::string place() const;
  /// How many connections there have been.
  [[nodiscard]] std::uint64_t number() const { return number_; }

 private:
  void read(const std::string& bytes);

  Sim& sim_;
  const std::function<Process*()> choose_process_;
  const OnReply on_reply_;
  std::shared_ptr<Session> session_;
  WorkerActor* worker_ = nullptr;
  std::string received_;
  std::uint64_t number_ = 0;
};

/// Publishers and subscribers beside the clients, and what they check of messages.
///
/// Always: none comes twice to a subscription, and those that one connection published to a
/// channel come in their order. At rest: what is published reaches every subscriber, and PUBLISH
/// says how many there are.
class Messengers {
 public:
  Messengers(Sim& sim, const std::function<Process*()>& choose_process);
  void start();
  /// Ends what is under way, and has all subscribers connected; true when that is done.
  [[nodiscard]] bool is_ready_for_last();
  /// What is not as it should be, for explanations.
  [[nodiscard]] std::string describe() const;
  void publish_last();
  /// Every subscriber has all that publish_last() sent, and every publisher its answers.
  [[nodiscard]] bool has_heard_last() const;

 private:
  struct Publisher {
    std::unique_ptr<MessengerLine> line;
    std::uint64_t id = 0;
    std::uint64_t sent = 0;
    std::size_t unanswered = 0;
    Duration asked_at;
  };
  struct Subscriber {
    std::unique_ptr<MessengerLine> line;
    std::size_t confirmed = 0;                    ///< of its subscriptions
    std::map<std::string, std::uint64_t> latest;  ///< by kind, channel and publisher's connection
    std::size_t last_heard = 0;
  };
  void think(Publisher& publisher);
  void publish(Publisher& publisher);
  void say(Publisher& publisher, const std::string& mark);
  void on_answer(Publisher& publisher, const resp::Value& value);
  void subscribe(Subscriber& subscriber);
  void on_message(Subscriber& subscriber, const resp::Value& value);

  Sim& sim_;
  std::vector<Publisher> publishers_;
  std::vector<Subscriber> subscribers_;
  bool is_finishing_ = false;
  bool is_last_ = false;
};

}  // namespace borg::sim
