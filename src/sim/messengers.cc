// SPDX-License-Identifier: Apache-2.0
#include "sim/messengers.h"

#include <algorithm>
#include <utility>

#include "sim/session.h"
#include "sim/trace.h"
#include "sim/workload.h"

namespace borg::sim {
namespace {

constexpr std::size_t kChannels = 3;
constexpr std::size_t kSubscriptions = kChannels + 1;  // and one pattern
constexpr std::uint64_t kMessagesMax = 60;             // of one publisher, before the last
constexpr std::size_t kLastMessages = 6;
constexpr Duration kPatience = Duration::seconds(5);

std::string channel(std::uint64_t n) { return "channel:" + std::to_string(n % kChannels); }

}  // namespace

// ---- a connection ----

MessengerLine::MessengerLine(Sim& sim, std::function<Process*()> choose_process, OnReply on_reply)
    : sim_(sim), choose_process_(std::move(choose_process)), on_reply_(std::move(on_reply)) {}

bool MessengerLine::connect() {
  Process* const process = choose_process_();
  if (process == nullptr) return false;
  worker_ = process->workers[sim_.random.below(process->workers.size())].get();
  session_ = std::make_shared<Session>();
  const std::weak_ptr<Session> weak = session_;
  session_->on_reply = [this, weak](const std::string& bytes) {
    if (weak.lock() == session_) read(bytes);
  };
  session_->on_closed = [this, weak] {
    if (weak.lock() == session_) session_ = nullptr;
  };
  received_.clear();
  ++number_;
  worker_->accept(session_);
  return true;
}

void MessengerLine::send(const std::vector<std::string>& words) {
  const Command command{.words = words, .parts = {}};
  const Duration now = sim_.queue.now();
  session_->last_sent =
      std::max(session_->last_sent, now + sim_.draw(Duration::micros(20), Duration::micros(300)));
  sim_.queue.after(session_->last_sent - now,
                   [session = session_, worker = worker_, bytes = command.as_resp()] {
                     if (!session->closed && worker->alive())
                       worker->receive(session, bytes);
                     else if (!session->closed)
                       session->on_closed();
                   });
}

void MessengerLine::hang_up() {
  if (session_ == nullptr) return;
  worker_->hang_up(session_);
  session_ = nullptr;
}

std::string MessengerLine::place() const { return worker_ == nullptr ? "-" : worker_->name(); }

void MessengerLine::read(const std::string& bytes) {
  received_ += bytes;
  while (true) {
    const resp::ReplyResult result = resp::parse_reply(received_);
    if (result.error == resp::ReplyError::kMalformed && !result.reply) {
      throw Violation("resp", printable(received_));
    }
    if (!result.reply) return;
    const resp::Value value = result.reply->value;
    received_.erase(0, result.reply->consumed);
    on_reply_(value);
  }
}

// ---- all of them ----

Messengers::Messengers(Sim& sim, const std::function<Process*()>& choose_process)
    : sim_(sim), publishers_(sim.options.publishers), subscribers_(sim.options.subscribers) {
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    Publisher& each = publishers_[i];
    each.id = i + 1;
    each.line = std::make_unique<MessengerLine>(
        sim, choose_process, [this, &each](const auto& value) { on_answer(each, value); });
  }
  for (Subscriber& each : subscribers_) {
    each.line = std::make_unique<MessengerLine>(
        sim, choose_process, [this, &each](const auto& value) { on_message(each, value); });
  }
}

void Messengers::start() {
  for (Subscriber& each : subscribers_) subscribe(each);
  for (Publisher& each : publishers_) think(each);
}

// ---- publishers ----

void Messengers::think(Publisher& publisher) {
  if (is_finishing_) return;
  const Duration gap = sim_.options.fault_time * 2 / static_cast<std::int64_t>(kMessagesMax);
  sim_.queue.after(sim_.draw(Duration(), gap), [this, &publisher] { publish(publisher); });
}

void Messengers::publish(Publisher& publisher) {
  if (is_finishing_ || publisher.sent >= kMessagesMax) return;
  if (publisher.unanswered > 0 && publisher.line->is_up()) {
    if (sim_.queue.now() - publisher.asked_at > kPatience) publisher.line->hang_up();
    return think(publisher);
  }
  publisher.unanswered = 0;  // of a connection that is gone: never sent again
  if (!publisher.line->is_up() && !publisher.line->connect()) return think(publisher);
  for (std::uint64_t burst = 1 + sim_.random.below(4); burst > 0; --burst) say(publisher, "m");
  think(publisher);
}

void Messengers::say(Publisher& publisher, const std::string& mark) {
  ++publisher.sent;
  ++publisher.unanswered;
  publisher.asked_at = sim_.queue.now();
  publisher.line->send({"PUBLISH", channel(sim_.random.next()),
                        mark + " " + std::to_string(publisher.id) + "." +
                            std::to_string(publisher.line->number()) + " " +
                            std::to_string(publisher.sent)});
}

void Messengers::on_answer(Publisher& publisher, const resp::Value& value) {
  if (value.kind != resp::Value::Kind::kInteger || publisher.unanswered == 0) {
    throw Violation("PUBLISH answers a number", value.text);
  }
  --publisher.unanswered;
  const auto all = static_cast<std::int64_t>(subscribers_.size() * 2);
  if (is_last_ && value.integer != all) {
    throw Violation("PUBLISH counts every subscriber",
                    std::to_string(value.integer) + " of " + std::to_string(all));
  }
}

// ---- subscribers ----

void Messengers::subscribe(Subscriber& subscriber) {
  if (!subscriber.line->is_up() && subscriber.line->connect()) {
    subscriber.confirmed = 0;
    subscriber.latest.clear();
    std::vector<std::string> words{"SUBSCRIBE"};
    for (std::uint64_t n = 0; n < kChannels; ++n) words.push_back(channel(n));
    subscriber.line->send(words);
    subscriber.line->send({"PSUBSCRIBE", "chan*"});
  }
  sim_.queue.after(sim_.draw(Duration::millis(1), Duration::millis(300)), [this, &subscriber] {
    if (!is_last_) subscribe(subscriber);
  });
}

void Messengers::on_message(Subscriber& subscriber, const resp::Value& value) {
  const auto& parts = value.elements;
  if (parts.size() < 3) throw Violation("a message has its parts", value.text);
  const std::string& kind = parts.front().text;
  if (kind == "subscribe" || kind == "psubscribe") {
    ++subscriber.confirmed;
    return;
  }
  const std::string& message = parts.back().text;
  const std::size_t name = message.find(' ') + 1;
  const std::size_t number = message.find(' ', name) + 1;
  sim_.trace.mix(message);
  std::uint64_t& latest = subscriber.latest[kind + parts.at(parts.size() - 2).text + " " +
                                            message.substr(name, number - name)];
  const std::uint64_t sequence = std::stoull(message.substr(number));
  if (sequence <= latest) throw Violation("messages in order, none twice", message);
  latest = sequence;
  if (message.front() == 'l') ++subscriber.last_heard;
}

// ---- the end ----

bool Messengers::is_ready_for_last() {
  is_finishing_ = true;
  for (Publisher& publisher : publishers_) {
    if (publisher.unanswered > 0 && publisher.line->is_up()) return false;
    publisher.unanswered = 0;
    if (!publisher.line->is_up() && !publisher.line->connect()) return false;
  }
  return std::all_of(subscribers_.begin(), subscribers_.end(), [](const Subscriber& each) {
    return each.line->is_up() && each.confirmed == kSubscriptions;
  });
}

std::string Messengers::describe() const {
  std::string text;
  for (const Publisher& each : publishers_) {
    text += "publisher " + std::to_string(each.id) + (each.line->is_up() ? " at " : " was at ") +
            each.line->place() + ": " + std::to_string(each.unanswered) + " unanswered; ";
  }
  for (const Subscriber& each : subscribers_) {
    text += std::string("subscriber") + (each.line->is_up() ? " at " : " was at ") +
            each.line->place() + ": " + std::to_string(each.confirmed) + " confirmed, " +
            std::to_string(each.last_heard) + " heard; ";
  }
  return text;
}

void Messengers::publish_last() {
  is_last_ = true;
  for (Publisher& publisher : publishers_) {
    for (std::size_t n = 0; n < kLastMessages; ++n) say(publisher, "l");
  }
}

bool Messengers::has_heard_last() const {
  const std::size_t all = publishers_.size() * kLastMessages * 2;
  return std::all_of(subscribers_.begin(), subscribers_.end(),
                     [&](const Subscriber& each) { return each.last_heard == all; }) &&
         std::all_of(publishers_.begin(), publishers_.end(),
                     [](const Publisher& each) { return each.unanswered == 0; });
}

}  // namespace borg::sim
