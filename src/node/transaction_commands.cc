// SPDX-License-Identifier: Apache-2.0
// MULTI EXEC DISCARD WATCH UNWATCH: a client's transaction is kept here, and executed by the
// primary of its slot as one command.
#include "node/transaction_commands.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/slot.h"
#include "node/gateway_commands.h"
#include "node/replies_of_exec.h"
#include "node/transaction.h"
#include "resp/parser.h"

namespace borg::node {
namespace {

constexpr std::string_view kCrossSlot = "CROSSSLOT Keys in request don't hash to the same slot";
constexpr std::string_view kTooLarge =
    "ERR too large: a transaction may have 512 MB and a million arguments together";
constexpr std::string_view kOutOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";
constexpr std::string_view kDiscarded = "-EXECABORT Transaction discarded because of: ";
constexpr std::string_view kAborted = "EXECABORT Transaction discarded because of previous errors.";

Transaction& transaction_of(Client& client) {
  if (client.transaction == nullptr) client.transaction = std::make_unique<Transaction>();
  return *client.transaction;
}

/// The error why a command has no place in any transaction; empty if it has.
std::string refusal_of(const commands::CommandSpec& spec) {
  // MONITOR's lines would come between the replies.
  if (spec.is(commands::kNotInMulti) || spec.name == "monitor") {
    return "ERR Command not allowed inside a transaction";
  }
  if (!spec.is(commands::kEveryPartition) && !spec.is(commands::kWholeKeyspace)) return {};
  return "CROSSSLOT A transaction is of one slot, and '" + std::string(spec.name) +
         "' concerns all of them";
}

/// Whether the command would be refused now, as far as this node knows: what is queued takes memory
/// here, and what it makes at the holders of its slot. For good that is decided by the primary.
bool is_out_of_memory(const GatewayHost& host, const commands::CommandSpec& spec,
                      commands::Args args) {
  const commands::KeyRange range = commands::key_range(spec, args);
  if (!spec.is(commands::kDenyOom) || range.first == 0) return false;
  return host.out_of_memory(partition_of(slot_of_key(args[range.first])));
}

/// WATCH: asks the primary since when the keys are watched. Until it has answered the client's
/// next command waits, which may be the EXEC that needs the answer.
class WatchCommand : public Composite {
 public:
  WatchCommand(Gateway& gateway, Client& client, commands::Args keys)
      : gateway_(gateway),
        client_(client),
        slot_(client.reserve()),
        keys_(keys.begin(), keys.end()) {
    client.awaits_reply = true;
  }
  [[nodiscard]] Client& client() override { return client_; }

  void part_done(std::size_t, std::string_view reply) override {
    client_.awaits_reply = false;
    ByteBuffer out;
    resp::Writer writer(out, client_.version);
    if (reply.starts_with('-')) {
      out.append(reply);
    } else {
      take_tokens(reply, writer);
    }
    gateway_.finish(client_, slot_, out.view());
  }

 private:
  void take_tokens(std::string_view reply, resp::Writer& out) {
    const auto parsed = resp::parse_reply(reply);
    if (!parsed.reply || parsed.reply->value.elements.size() != keys_.size()) {
      return out.error("ERR the primary gave an unexpected reply");
    }
    Transaction& transaction = transaction_of(client_);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const auto added = transaction.watch(keys_[i], parsed.reply->value.elements[i].text);
      if (added != Transaction::Added::kYes) return out.error(kTooLarge);
    }
    out.ok();
  }

  Gateway& gateway_;
  Client& client_;
  const Client::Slot slot_;
  const std::vector<std::string> keys_;
};

/// What has a primary's reply for each of its commands: not that a watched key was changed, nor an
/// error.
bool is_executed(std::string_view reply) {
  return reply.starts_with('*') && !reply.starts_with("*-1");
}

/// EXEC of commands that are all the primary's.
class PrimaryExec : public Composite {
 public:
  PrimaryExec(Gateway& gateway, Client& client, const Transaction& transaction)
      : gateway_(gateway), client_(client), slot_(client.reserve()) {
    for (const Transaction::Step& step : transaction.steps()) specs_.push_back(step.spec);
  }
  [[nodiscard]] Client& client() override { return client_; }

  void part_done(std::size_t, std::string_view reply) override {
    if (is_executed(reply)) count_steps(RepliesOfExec(reply));
    gateway_.finish(client_, slot_, reply);
  }

 private:
  void count_steps(RepliesOfExec replies) {
    const commands::CommandSpec* const under_way = client_.answers;
    for (const commands::CommandSpec* const spec : specs_) {
      client_.begin_step(*spec);
      client_.note_reply_to_step(replies.next());
    }
    client_.answers = under_way;
  }

  Gateway& gateway_;
  Client& client_;
  const Client::Slot slot_;
  std::vector<const commands::CommandSpec*> specs_;
};

void write_header(Gateway& gateway, Client& client, Client::Slot slot, std::size_t replies) {
  ByteBuffer out;
  resp::Writer(out, client.version).array(replies);
  gateway.finish(client, slot, out.view());
}

/// Replies to all commands of a transaction, one by one: executes those of the gateway, and has the
/// primary's replies to the others. Between two slots that hold back what comes before and behind,
/// and the client itself if it has left.
void run_steps(Gateway& gateway, Client& client, const Transaction& transaction,
               RepliesOfExec replies) {
  const commands::CommandSpec* const under_way = client.answers;
  for (const Transaction::Step& step : transaction.steps()) {
    client.begin_step(*step.spec);
    if (step.is_for_primary()) {
      client.reply_now(replies.next());
      continue;
    }
    const std::vector<std::string_view> args(step.args.begin(), step.args.end());
    gateway.run(client, *step.spec, args);
    gateway.host().note_step(client, *step.spec, args);
  }
  client.answers = under_way;
}

/// EXEC of commands some of which are the gateway's own (PING, CLIENT …): those are executed
/// when the primary has answered for the others, and only then, for it may be that a watched key
/// was changed. The replies leave one by one, in the client's order of replies. Its next command
/// waits so long: its reply comes behind.
class MixedExec : public Composite, public std::enable_shared_from_this<MixedExec> {
 public:
  MixedExec(Gateway& gateway, Client& client, std::unique_ptr<Transaction> transaction)
      : gateway_(gateway),
        client_(client),
        slot_(client.reserve()),
        transaction_(std::move(transaction)) {
    client.awaits_reply = true;
  }
  [[nodiscard]] Client& client() override { return client_; }

  void part_done(std::size_t, std::string_view reply) override {
    if (!is_executed(reply)) {
      client_.awaits_reply = false;
      return gateway_.finish(client_, slot_, reply);
    }
    reply_ = reply;
    // Not from within an answer: commands of its own may ask somebody too.
    gateway_.defer(shared_from_this());
  }

  void go_on() override {
    gateway_.host().begin_steps();
    client_.awaits_reply = false;
    client_.begin_reply_of_parts();
    const Client::Slot last = client_.reserve();
    write_header(gateway_, client_, slot_, transaction_->steps().size());
    run_steps(gateway_, client_, *transaction_, RepliesOfExec(reply_));
    client_.end_reply_of_parts();
    gateway_.finish(client_, last, {});
  }

 private:
  Gateway& gateway_;
  Client& client_;
  const Client::Slot slot_;
  const std::unique_ptr<Transaction> transaction_;
  std::string reply_;  // of the primary
};

void multi(const GatewayCall& call) {
  Transaction& transaction = transaction_of(call.client);
  if (transaction.is_open()) return call.error("ERR MULTI calls can not be nested");
  transaction.open();
  call.ok();
}

void discard(const GatewayCall& call) {
  if (!is_in_multi(call.client)) return call.error("ERR DISCARD without MULTI");
  call.client.transaction.reset();
  call.ok();
}

void watch(const GatewayCall& call) {
  if (is_in_multi(call.client)) return call.error("ERR WATCH inside MULTI is not allowed");
  const commands::Args keys = call.args.subspan(1);
  if (!transaction_of(call.client).has_slot_of(keys)) return call.error(kCrossSlot);
  std::vector<std::string_view> args(call.args.begin(), call.args.end());
  args.front() = "_watch";
  call.gateway.submit_part(std::make_shared<WatchCommand>(call.gateway, call.client, keys), 0,
                           {.partition = partition_of(slot_of_key(keys.front())),
                            .version = call.client.version,
                            .args = args});
}

/// In a transaction EXEC has forgotten all that is watched before it comes to this.
void unwatch(const GatewayCall& call) {
  call.client.transaction.reset();
  call.ok();
}

void execute_here(Gateway& gateway, Client& client, const Transaction& transaction) {
  client.begin_reply_of_parts();
  const Client::Slot first = client.reserve();
  const Client::Slot last = client.reserve();
  write_header(gateway, client, first, transaction.steps().size());
  run_steps(gateway, client, transaction, RepliesOfExec({}));
  client.end_reply_of_parts();
  gateway.finish(client, last, {});
}

void exec(const GatewayCall& call) {
  if (!is_in_multi(call.client)) return call.error("ERR EXEC without MULTI");
  auto transaction = std::move(call.client.transaction);
  if (transaction->is_aborted()) return call.error(kAborted);
  const auto request = transaction->request();
  if (request == nullptr) return execute_here(call.gateway, call.client, *transaction);
  const auto is_asked = [](const auto& step) { return step.is_for_primary(); };
  const bool asks_primary_alone = std::ranges::all_of(transaction->steps(), is_asked);
  std::shared_ptr<Composite> reply;
  if (asks_primary_alone) {
    reply = std::make_shared<PrimaryExec>(call.gateway, call.client, *transaction);
  } else {
    reply = std::make_shared<MixedExec>(call.gateway, call.client, std::move(transaction));
  }
  call.gateway.submit_part(reply, 0,
                           {.partition = request->partition,
                            .is_write = request->is_write,
                            .version = call.client.version,
                            .args = request->args});
}

constexpr std::array<GatewayRow, 5> kRows{{
    {"multi", multi},
    {"exec", exec},
    {"discard", discard},
    {"watch", watch},
    {"unwatch", unwatch},
}};

}  // namespace

bool is_in_multi(const Client& client) {
  return client.transaction != nullptr && client.transaction->is_open();
}

void abort_multi(Client& client) {
  if (client.transaction != nullptr) client.transaction->abort();
}

void refuse_arity(GatewayHost& host, Client& client, const commands::CommandSpec& spec,
                  std::string_view error) {
  constexpr std::string_view kCode = "-ERR ";
  if (spec.name == "exec" && error.starts_with(kCode)) {
    client.transaction.reset();
    client.reply_now(std::string(kDiscarded) + std::string(error.substr(kCode.size())));
  } else {
    abort_multi(client);
    client.reply_now(error);
  }
  host.client_has_output(client);
}

bool queue_command(Gateway& gateway, Client& client, const commands::CommandSpec& spec,
                   commands::Args args) {
  std::string error = refusal_of(spec);
  if (is_out_of_memory(gateway.host(), spec, args)) error = kOutOfMemory;
  if (error.empty()) {
    const auto added = client.transaction->queue(spec, args);
    if (added == Transaction::Added::kOtherSlot) error = kCrossSlot;
    if (added == Transaction::Added::kTooLarge) error = kTooLarge;
  }
  if (!error.empty()) client.transaction->abort();
  write_reply(gateway.host(), client, [&](resp::Writer& reply) {
    if (error.empty()) {
      reply.simple("QUEUED");
    } else {
      reply.error(error);
    }
  });
  return error.empty();
}

std::span<const GatewayRow> transaction_rows() { return kRows; }

}  // namespace borg::node
