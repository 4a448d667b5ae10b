// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_client.h"

#include <algorithm>

namespace borg::sim {

SimClient::SimClient(Sim& sim, const ClientSetting& setting, std::uint64_t id)
    : sim_(sim), setting_(setting), id_(id) {}

void SimClient::start() { think(); }

void SimClient::think() {
  sim_.queue.after(sim_.draw(Duration(), sim_.options.think_max), [this] { next(); });
}

void SimClient::finish_with(std::vector<Command> last) {
  is_finishing_ = true;
  std::reverse(last.begin(), last.end());
  last_ = std::move(last);
}

void SimClient::next() {
  if (under_way_) return;
  const bool spent = setting_.counts->sent >= sim_.options.ops_max;
  if (last_.empty() && (is_finishing_ || spent)) {
    think();
    return;
  }
  if (session_ == nullptr) connect();
  if (session_ == nullptr) {
    think();
    return;
  }
  if (last_.empty()) {
    send(setting_.workload->draw());
    return;
  }
  Command command = std::move(last_.back());
  last_.pop_back();
  send(std::move(command));
}

void SimClient::connect() {
  Process* process = setting_.choose_process();
  if (process == nullptr) return;
  worker_ = process->workers[sim_.random.below(process->workers.size())].get();
  session_ = std::make_shared<Session>();
  session_->on_reply = [this, weak = std::weak_ptr(session_)](const std::string& bytes) {
    if (auto session = weak.lock()) on_reply(session, bytes);
  };
  session_->on_closed = [this, weak = std::weak_ptr(session_)] {
    if (auto session = weak.lock()) on_closed(session);
  };
  received_.clear();
  worker_->accept(session_);
}

void SimClient::send(Command command) {
  under_way_ = true;
  command_ = std::move(command);
  invoked_ = sim_.queue.now();
  ++setting_.counts->sent;
  history_ids_.clear();
  for (const Command::Part& part : command_.parts) {
    history_ids_.push_back(
        setting_.history->invoke(id_, invoked_.as_nanos(), part.key, part.name, part.args));
  }
  if (sim_.trace.prints()) {
    sim_.trace.print(invoked_, "client " + std::to_string(id_),
                     command_.text() + " to " + worker_->name());
  }
  session_->last_sent = std::max(session_->last_sent,
                                 invoked_ + sim_.draw(Duration::micros(20), Duration::micros(300)));
  sim_.queue.after(session_->last_sent - invoked_,
                   [session = session_, worker = worker_, bytes = command_.as_resp()] {
                     if (!session->closed && worker->alive())
                       worker->receive(session, bytes);
                     else if (!session->closed)
                       session->on_closed();
                   });
  const Duration patience = sim_.options.node.request_deadline + Duration::millis(1500);
  sim_.queue.after(patience, [this, number = ++number_] { on_timeout(number); });
}

void SimClient::on_reply(const std::shared_ptr<Session>& session, const std::string& bytes) {
  if (session != session_) return;
  received_ += bytes;
  while (true) {
    const resp::ReplyResult result = resp::parse_reply(received_);
    if (!result.reply) {
      if (result.error == resp::ReplyError::kMalformed) {
        throw Violation("resp", printable(received_));
      }
      return;
    }
    if (!under_way_) throw Violation("resp", "a reply to nothing: " + printable(received_));
    received_.erase(0, result.reply->consumed);
    conclude(result.reply->value);
  }
}

void SimClient::conclude(const resp::Value& value) {
  under_way_ = false;
  ++number_;
  sim_.trace.mix(value.text);
  if (sim_.trace.prints()) {
    std::string text = describe(to_reply(value));
    for (const auto& element : value.elements) text += " " + describe(to_reply(element));
    sim_.trace.print(sim_.queue.now(), "client " + std::to_string(id_),
                     command_.text() + " -> " + text);
  }
  const bool split = command_.parts.size() > 1;
  const bool is_error = value.kind == resp::Value::Kind::kError;
  ++setting_.counts->done;
  for (std::size_t i = 0; i < command_.parts.size(); ++i) {
    // Of a command that failed in one part the others may have happened.
    if (split && is_error) {
      conclude_part(i, command_.parts[i].name == "get"
                           ? value
                           : resp::Value{.kind = value.kind,
                                         .text = "INDOUBT " + value.text,
                                         .integer = 0,
                                         .elements = {}});
    } else if (value.kind == resp::Value::Kind::kArray) {
      if (value.elements.size() != command_.parts.size()) throw Violation("resp", "odd array");
      conclude_part(i, value.elements[i]);
    } else {
      conclude_part(i, value);
    }
  }
  think();
}

void SimClient::conclude_part(std::size_t part, const resp::Value& value) {
  const std::string& key = command_.parts[part].key;
  const History::Id id = history_ids_[part];
  const std::int64_t now = sim_.queue.now().as_nanos();
  ClientCounts& counts = *setting_.counts;
  if (value.kind == resp::Value::Kind::kError) {
    const auto is = [&](std::string_view code) { return value.text.starts_with(code); };
    if (is("INDOUBT")) {
      ++counts.in_doubt;
      return;
    }
    if (is("NOREPLICAS") || is("CLUSTERDOWN")) {
      ++(is("NOREPLICAS") ? counts.no_replicas : counts.cluster_down);
      setting_.history->fail(id, now);
      return;
    }
    if (is("DATALOSS")) {
      ++counts.data_loss;
      setting_.on_data_loss(command_.parts);
      setting_.history->fail(id, now);
      return;
    }
  }
  setting_.on_result(key, invoked_);
  setting_.history->complete(id, now, to_reply(value));
}

/// The outcome of what is under way will never be known.
void SimClient::forget() {
  under_way_ = false;
  ++number_;
  session_ = nullptr;
  think();
}

void SimClient::on_closed(const std::shared_ptr<Session>& session) {
  if (session != session_) return;
  if (!under_way_) {
    session_ = nullptr;
    return;
  }
  ++setting_.counts->disconnected;
  if (sim_.trace.prints()) {
    sim_.trace.print(sim_.queue.now(), "client " + std::to_string(id_),
                     command_.text() + " -> connection lost");
  }
  forget();
}

void SimClient::on_timeout(std::uint64_t number) {
  if (!under_way_ || number != number_) return;
  ++setting_.counts->given_up;
  if (sim_.trace.prints()) {
    sim_.trace.print(sim_.queue.now(), "client " + std::to_string(id_),
                     command_.text() + " -> given up");
  }
  worker_->hang_up(session_);
  forget();
}

}  // namespace borg::sim
