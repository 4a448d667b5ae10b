// SPDX-License-Identifier: Apache-2.0
#include "commands/transaction_commands.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/planted_bug.h"
#include "base/probe.h"
#include "base/random.h"
#include "base/slot.h"
#include "commands/transaction.h"
#include "resp/parser.h"

namespace borg::commands::run {

namespace {

using storage::WatchToken;
using Words = std::vector<std::string>;

/// A write's reply travels together with its arguments, in one frame. One value of the largest
/// size has its place, with something to spare.
constexpr std::size_t kRepliesBytesMax = resp::kBulkBytesMax + 1024 * 1024;
constexpr std::string_view kTooLarge =
    "ERR too large: the replies of a transaction may have 513 MB together";

bool is_here(const Context& context, std::string_view key) {
  return partition_of(slot_of_key(key)) == context.partition;
}

/// Other nodes may ask for anything, and a key of another partition has no place in the store.
bool are_keys_here(const Context& context, Args args, const TransactionArgs& transaction) {
  bool are_here = true;
  for (std::size_t i = 0; i < transaction.watched.size(); i += 2) {
    are_here = are_here && is_here(context, transaction.watched[i]);
  }
  for (const TransactionArgs::Step& step : transaction.steps) {
    const Args words = step.of(args);
    key_range(*step.spec, words).for_each([&](std::size_t i) {
      are_here = are_here && is_here(context, words[i]);
    });
  }
  return are_here;
}

/// A key that was there when it was watched and is expired now counts as changed; one that was
/// expired then was deleted before it was watched.
bool is_changed(const Context& context, std::string_view key, std::string_view token_text) {
  const storage::WatchTable* const table = context.store.watched();
  const auto token = WatchToken::read(token_text);
  if (table == nullptr || !token) return true;
  if (is_planted(PlantedBug::kIgnoreWatches)) return false;
  const storage::KeyRef ref = context.key(key);
  if (table->is_changed(ref.hash, *token)) return true;
  const auto entry = context.store.find(ref);
  return entry && entry->expired_at(context.now_ms);
}

bool is_any_changed(const Context& context, Args watched) {
  for (std::size_t i = 0; i < watched.size(); i += 2) {
    if (is_changed(context, watched[i], watched[i + 1])) return true;
  }
  return false;
}

/// Executes the commands of one transaction, and notes what replicas are to execute instead.
class Run {
 public:
  Run(Context& context, Args args, const TransactionArgs& transaction)
      : context_(context),
        args_(args),
        transaction_(transaction),
        begin_(context.reply.buffer().size()),
        seeds_(context.random),
        is_read_(!resolve(args)->is(kWrite)),
        // Tokens mean nothing to replicas.
        has_other_outcome_(!transaction.watched.empty()) {}

  void all() {
    context_.reply.array(transaction_.steps.size());
    for (const TransactionArgs::Step& step : transaction_.steps) one(step);
    if (has_other_outcome_) context_.outcome = outcome();
    context_.afterwards = std::move(afterwards_);
  }

 private:
  void one(const TransactionArgs::Step& step) {
    ByteBuffer& buffer = context_.reply.buffer();
    const std::size_t before = buffer.size();
    Context inner{.store = context_.store,
                  .partition = context_.partition,
                  .now_ms = context_.now_ms,
                  .random = seeds_.next(),
                  .reply = context_.reply,
                  .wall_offset_ms = context_.wall_offset_ms,
                  .outcome_bytes_max = outcome_bytes_left_,
                  .known_key = context_.known_key,
                  .events = context_.events};
    step.spec->handler(inner, step.of(args_));
    if (context_.observer != nullptr) context_.observer->on_step(*step.spec, step.of(args_));
    if (buffer.size() - begin_ > kRepliesBytesMax) {
      buffer.truncate(before);
      context_.reply.error(kTooLarge);
    }
    context_.lookups.add(inner.lookups);
    context_.changed = context_.changed || inner.changed;
    context_.met_expired = context_.met_expired || inner.met_expired;
    has_other_outcome_ = has_other_outcome_ || !inner.outcome.empty();
    for (const std::string& word : inner.outcome) {
      outcome_bytes_left_ -= std::min(outcome_bytes_left_, word.size() + 8);
    }
    outcomes_.push_back(std::move(inner.outcome));
    if (!inner.afterwards.empty()) finish(inner.afterwards);
  }

  /// What a read leaves to be done is done at once among writes, on replicas too; and behind them
  /// all if there are none.
  void finish(const Words& left) {
    if (is_read_) {
      if (afterwards_.empty()) afterwards_ = {"_execfree", "0"};
      afterwards_.push_back(std::to_string(left.size()));
      afterwards_.insert(afterwards_.end(), left.begin(), left.end());
      return;
    }
    const std::vector<std::string_view> words(left.begin(), left.end());
    ByteBuffer ignored;
    resp::Writer reply(ignored, context_.reply.version());
    Context inner{.store = context_.store,
                  .partition = context_.partition,
                  .now_ms = context_.now_ms,
                  .random = 0,
                  .reply = reply,
                  .wall_offset_ms = context_.wall_offset_ms};
    resolve(words)->handler(inner, words);
    context_.changed = context_.changed || inner.changed;
  }

  [[nodiscard]] Words outcome() const {
    Words words{"_exec", "0"};
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const Args given = transaction_.steps[i].of(args_);
      const Words& other = outcomes_[i];
      words.push_back(std::to_string(other.empty() ? given.size() : other.size()));
      if (other.empty()) {
        words.insert(words.end(), given.begin(), given.end());
      } else {
        words.insert(words.end(), other.begin(), other.end());
      }
    }
    return words;
  }

  Context& context_;
  const Args args_;
  const TransactionArgs& transaction_;
  const std::size_t begin_;
  Random seeds_;
  const bool is_read_;
  bool has_other_outcome_;
  std::vector<Words> outcomes_;
  std::size_t outcome_bytes_left_ = kOutcomeBytesMax;
  Words afterwards_;  // of a transaction that only reads
};

}  // namespace

void exec(Context& context, Args args) {
  const auto transaction = read_transaction(args);
  if (!transaction || !are_keys_here(context, args, *transaction)) {
    return context.reply.error("ERR not a transaction of this partition");
  }
  if (transaction->is_given_up || is_any_changed(context, transaction->watched)) {
    reached<"a watched key was changed">();
    context.reply.null_array();
    context.outcome = {"_exec", std::string(kGivenUp)};
    return;
  }
  Run(context, args, *transaction).all();
}

void watch(Context& context, Args args) {
  storage::WatchTable* const table = context.store.watched();
  if (table == nullptr) return context.reply.error("ERR only a primary's keys can be watched");
  const Args keys = args.subspan(1);
  context.reply.array(keys.size());
  for (const std::string_view name : keys) {
    const storage::KeyRef key = context.key(name);
    const auto entry = context.store.find(key);
    const bool exists = entry && !entry->expired_at(context.now_ms);
    context.reply.bulk(table->watch(key.hash, exists).text());
  }
}

}  // namespace borg::commands::run
