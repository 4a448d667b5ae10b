// SPDX-License-Identifier: Apache-2.0
#include "sim/ballast.h"

#include <string>

#include "resp/parser.h"
#include "sim/history.h"
#include "sim/trace.h"
#include "sim/workload.h"

namespace borg::sim {

Ballast::Ballast(Sim& sim, WorkerActor& worker)
    : sim_(sim), worker_(worker), replies_left_(sim.options.key_tags) {}

/// The connection stays open: nobody hears of its end.
Ballast::~Ballast() {
  if (session_ == nullptr) return;
  session_->on_reply = [](const std::string&) {};
  session_->on_closed = [] {};
}

void Ballast::start() {
  session_ = std::make_shared<Session>();
  session_->on_reply = [this](const std::string& bytes) { on_reply(bytes); };
  session_->on_closed = [] { throw Violation("resp", "a connection ends without a fault"); };
  worker_.accept(session_);
  std::string bytes;
  for (std::size_t tag = 0; tag < sim_.options.key_tags; ++tag) {
    Command command;
    command.words.emplace_back("mset");
    for (std::size_t i = 0; i < sim_.options.ballast_keys; ++i) {
      command.words.push_back("ballast" + std::to_string(i) + "{" + std::to_string(tag) + "}");
      command.words.emplace_back("x");
    }
    bytes += command.as_resp();
  }
  sim_.queue.after(Duration::micros(100),
                   [session = session_, worker = &worker_, bytes = std::move(bytes)] {
                     worker->receive(session, bytes);
                   });
}

void Ballast::on_reply(const std::string& bytes) {
  received_ += bytes;
  while (const auto reply = resp::parse_reply(received_).reply) {
    received_.erase(0, reply->consumed);
    --replies_left_;
  }
}

}  // namespace borg::sim
