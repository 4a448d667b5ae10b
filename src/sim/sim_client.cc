// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_client.h"

#include <algorithm>
#include <utility>

#include "sim/redis_integer.h"

namespace borg::sim {

SimClient::SimClient(Sim& sim, const ClientSetting& setting, std::uint64_t id)
    : sim_(sim),
      setting_(setting),
      id_(id),
      pipeline_(1 + sim.random.below(sim.options.pipeline_max)) {}

void SimClient::start() { think(); }

void SimClient::think() {
  if (is_thinking_) return;
  is_thinking_ = true;
  const auto burst = static_cast<std::int64_t>(pipeline_ + 1);
  sim_.queue.after(sim_.draw(Duration(), sim_.options.think_max * burst / 2), [this] {
    is_thinking_ = false;
    next();
  });
}

void SimClient::finish_with(std::vector<Command> last) {
  is_finishing_ = true;
  std::reverse(last.begin(), last.end());
  last_ = std::move(last);
}

bool SimClient::has_next() const {
  const bool spent = setting_.counts->sent >= sim_.options.ops_max;
  return !last_.empty() || !(is_finishing_ || spent);
}

void SimClient::next() {
  if (under_way_.size() == pipeline_) return;
  if (session_ == nullptr && has_next()) connect();
  if (session_ != nullptr && has_next()) send();
  if (under_way_.size() < pipeline_) think();
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

Command SimClient::draw() {
  if (follow_up_) return *std::exchange(follow_up_, std::nullopt);
  if (last_.empty()) return setting_.workload->draw(pipeline_ == 1);
  Command command = std::move(last_.back());
  last_.pop_back();
  return command;
}

/// So many at once as fit, or fewer.
void SimClient::send() {
  std::string bytes;
  std::uint64_t burst = 1 + sim_.random.below(pipeline_ - under_way_.size());
  for (; burst > 0 && has_next(); --burst) begin(draw(), bytes);
  const Duration now = sim_.queue.now();
  session_->last_sent =
      std::max(session_->last_sent, now + sim_.draw(Duration::micros(20), Duration::micros(300)));
  sim_.queue.after(session_->last_sent - now,
                   [session = session_, worker = worker_, sent = std::move(bytes)] {
                     if (!session->closed && worker->alive())
                       worker->receive(session, sent);
                     else if (!session->closed)
                       session->on_closed();
                   });
}

void SimClient::begin(Command command, std::string& bytes) {
  const Duration now = sim_.queue.now();
  ++setting_.counts->sent;
  say(command, "to " + worker_->name());
  bytes += command.as_resp();
  UnderWay& begun = under_way_.emplace_back(UnderWay{++next_number_, std::move(command), now, {}});
  begun.replies_ahead = begun.command.ahead.size();
  for (const Command::Part& part : begun.command.parts) {
    begun.history_ids.push_back(
        setting_.history->invoke(id_, now.as_nanos(), part.key, part.name, part.args));
  }
  for (const UnderWay& each : under_way_) begun.may_take = begun.may_take + each.command.may_take;
  const Duration patience = sim_.options.node.request_deadline + Duration::millis(1500);
  sim_.queue.after(patience + begun.may_take,
                   [this, number = begun.number] { on_timeout(number); });
}

void SimClient::say(const Command& command, const std::string& what) const {
  if (!sim_.trace.prints()) return;
  sim_.trace.print(sim_.queue.now(), "client " + std::to_string(id_), command.text() + " " + what);
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
    if (under_way_.empty()) throw Violation("resp", "a reply to nothing: " + printable(received_));
    received_.erase(0, result.reply->consumed);
    UnderWay& first = under_way_.front();
    if (first.replies_ahead == 0) {
      conclude(result.reply->value);
      continue;
    }
    --first.replies_ahead;
    first.was_refused |= result.reply->value.kind == resp::Value::Kind::kError;
  }
}

namespace {

/// Of a queue: the element that was popped, or the elements that are there as one text.
resp::Value plain(const Command& command, const resp::Value& value) {
  using Kind = resp::Value::Kind;
  if (command.parts.size() != 1 || value.kind != Kind::kArray) return value;
  const std::string& name = command.parts.front().name;
  if (name == "pop" && value.elements.size() == 2) return value.elements[1];
  if (name != "rest") return value;
  resp::Value all{.kind = Kind::kBulk, .text = "", .integer = 0, .elements = {}};
  for (const resp::Value& element : value.elements) all.text += element.text + " ";
  return all;
}

}  // namespace

void SimClient::conclude(const resp::Value& reply) {
  const resp::Value value = plain(under_way_.front().command, reply);
  const UnderWay done = std::move(under_way_.front());
  under_way_.pop_front();
  const std::vector<Command::Part>& parts = done.command.parts;
  sim_.trace.mix(value.text);
  std::string text = describe(to_reply(value));
  for (const auto& element : value.elements) text += " " + describe(to_reply(element));
  say(done.command, "-> " + text);
  if (done.command.then && !done.was_refused && value.kind != resp::Value::Kind::kError) {
    follow_up_ = done.command.then(value);
  }
  const bool split = parts.size() > 1;
  const bool is_error = value.kind == resp::Value::Kind::kError;
  ++setting_.counts->done;
  setting_.on_end(worker_->host, done.invoked, done.may_take, is_error ? value.text : "");
  if (done.command.is_transaction) {
    conclude_transaction(done, value);
    return think();
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // Of a command that failed in one part the others may have happened.
    if (split && is_error) {
      conclude_part(done, i,
                    parts[i].name == "get" ? value
                                           : resp::Value{.kind = value.kind,
                                                         .text = "INDOUBT " + value.text,
                                                         .integer = 0,
                                                         .elements = {}});
    } else if (value.kind == resp::Value::Kind::kArray && !done.command.is_whole) {
      if (value.elements.size() != parts.size()) throw Violation("resp", "odd array");
      conclude_part(done, i, value.elements[i]);
    } else {
      conclude_part(done, i, value);
    }
  }
  think();
}

/// All or nothing, and nil is nothing.
void SimClient::conclude_transaction(const UnderWay& done, const resp::Value& value) {
  using Kind = resp::Value::Kind;
  const std::vector<Command::Part>& parts = done.command.parts;
  const std::int64_t now = sim_.queue.now().as_nanos();
  if (value.kind == Kind::kNull && !done.command.is_watched) {
    throw Violation("EXEC is nil only if a watched key was changed", done.command.text());
  }
  const bool is_whole = value.kind == Kind::kArray && value.elements.size() == parts.size();
  if (!is_whole && value.kind != Kind::kNull && value.kind != Kind::kError) {
    throw Violation("a transaction has one reply a command", done.command.text());
  }
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (value.kind == Kind::kNull) {
      setting_.history->fail(done.history_ids[i], now);
    } else if (!is_whole) {
      conclude_part(done, i, value);
    } else if (done.command.is_watched) {
      conclude_part(done, i, {.kind = Kind::kInteger, .text = {}, .integer = 1, .elements = {}});
    } else {
      const resp::Value& element = value.elements[i];
      sum += element.kind == Kind::kInteger ? element.integer
                                            : redis_integer(element.text).value_or(0);
      conclude_part(done, i, element);
    }
  }
  if (is_whole && done.command.sums_to_zero) setting_.on_sum(parts.front().key, sum);
}

void SimClient::conclude_part(const UnderWay& done, std::size_t part, const resp::Value& value) {
  const std::string& key = done.command.parts[part].key;
  const History::Id id = done.history_ids[part];
  const std::int64_t now = sim_.queue.now().as_nanos();
  ClientCounts& counts = *setting_.counts;
  if (value.kind == resp::Value::Kind::kError) {
    const auto is = [&](std::string_view code) { return value.text.starts_with(code); };
    if (is("INDOUBT")) {
      ++counts.in_doubt;
      return;
    }
    if (is("NOREPLICAS") || is("CLUSTERDOWN") || is("EXECABORT") || is("OOM")) {
      ++(is("CLUSTERDOWN") ? counts.cluster_down : counts.no_replicas);
      setting_.history->fail(id, now);
      return;
    }
    if (is("DATALOSS")) {
      ++counts.data_loss;
      setting_.on_data_loss(done.command.parts);
      return;
    }
  }
  // A pop that has waited in vain says nothing about what is there.
  const bool says_nothing =
      done.command.parts[part].name == "pop" && value.kind == resp::Value::Kind::kNull;
  if (!says_nothing) setting_.on_result(key, done.invoked);
  const bool is_share = done.command.parts[part].name == "remove";
  const Reply reply = done.command.is_whole ? to_whole_reply(value) : to_reply(value);
  setting_.history->complete(id, now, is_share ? Reply::ok() : reply);
}

/// The outcome of what is under way will never be known.
void SimClient::forget() {
  under_way_.clear();
  follow_up_.reset();
  session_ = nullptr;
  think();
}

void SimClient::on_closed(const std::shared_ptr<Session>& session) {
  if (session != session_) return;
  if (under_way_.empty()) {
    session_ = nullptr;
    follow_up_.reset();
    return;
  }
  ++setting_.counts->disconnected;
  for (const UnderWay& each : under_way_) say(each.command, "-> connection lost");
  forget();
}

void SimClient::on_timeout(std::uint64_t number) {
  if (under_way_.empty() || under_way_.front().number != number) return;
  ++setting_.counts->given_up;
  const UnderWay& first = under_way_.front();
  say(first.command, "-> given up");
  setting_.on_end(worker_->host, first.invoked, first.may_take, "no answer");
  worker_->hang_up(session_);
  forget();
}

}  // namespace borg::sim
