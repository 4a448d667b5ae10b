// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/ids.h"
#include "base/time.h"
#include "node/command_counts.h"
#include "node/subscriptions.h"
#include "node/transaction.h"
#include "resp/parser.h"
#include "resp/writer.h"

namespace borg::node {

/// One client connection: its protocol state, and the order of its replies.
///
/// Runs: on the worker that accepted it.
/// Owns: replies that are finished too early, until all before them are.
class Client {
 public:
  /// Where a reply that is not finished yet goes.
  using Slot = std::uint64_t;

  Client(ConnectionId id, std::string address, std::string local_address, Instant now)
      : id_(id),
        address_(std::move(address)),
        local_address_(std::move(local_address)),
        since_(now) {}

  /// True if a reply may go straight to the output.
  [[nodiscard]] bool nothing_pending() const { return pending_.empty(); }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  /// What the pending replies may come to, going by those that came before.
  [[nodiscard]] std::size_t pending_bytes() const { return pending_.size() * reply_bytes_; }
  /// Reserves the next place in the order of replies.
  Slot reserve() {
    pending_.push_back({.silenced = silenced, .answers = answers});
    return first_slot_ + pending_.size() - 1;
  }
  /// Finishes a reply, and moves to the output what is now in order. The client must be flushed
  /// at the end of the turn, whether it has output or not.
  void finish(Slot slot, std::string_view reply, Instant valid_until);
  /// Writes a reply behind all that are pending.
  void reply_now(std::string_view reply, Instant valid_until = Instant::never());

  /// Writes what the client gets unasked: at once, but behind replies that it must not overtake.
  void push(std::string_view message);
  /// What is pushed from here on leaves behind the replies that are reserved so far.
  void hold_pushes() { pushes_from_ = first_slot_ + pending_.size(); }
  /// While one reply is made of several (EXEC's), nothing is pushed into the middle of it.
  void begin_reply_of_parts() { has_parts_ = true; }
  void end_reply_of_parts();
  /// Of replies that wait for others before them, or for the end of one made of parts.
  [[nodiscard]] std::size_t held() const;
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_ + pushed_later_.size(); }
  /// All that waits for the socket, or for replies before it.
  [[nodiscard]] std::size_t output_bytes() const {
    return output.size() + held_bytes_ + pushed_later_.size();
  }

  ByteBuffer output;
  /// Where the worker makes replies: a large one that has nothing before it takes the buffer
  /// along instead of being copied. May be null.
  ByteBuffer* workspace = nullptr;
  /// The replies finished since the last flush are known to be the latest until this moment
  /// (leases): a flush that comes later closes the connection. One that comes in time proves
  /// them for good, those too that have to wait for others: each was right after it was asked.
  Instant output_valid_until = Instant::never();
  void confirm_before(Instant valid_until) {
    if (valid_until < output_valid_until) output_valid_until = valid_until;
  }

  resp::RequestParser parser;
  resp::Version version = resp::Version::kResp2;
  std::string name;
  std::string library_name;
  std::string library_version;
  const commands::CommandSpec* last_command = nullptr;
  /// What is being executed: errors are counted as its own, whenever they come. Null: a command
  /// that is not executed, as it was refused or waits for EXEC.
  const commands::CommandSpec* answers = nullptr;
  /// A command of a transaction: a call of its own.
  void begin_step(const commands::CommandSpec& spec);
  /// The reply to it, which leaves within that of EXEC.
  void note_reply_to_step(std::string_view reply) { note_late_reply(answers, reply); }
  /// For something that may take long: it may leave meanwhile.
  [[nodiscard]] bool waits() const { return blocked_on != 0 || is_held; }
  std::uint64_t blocked_on = 0;  ///< its request that may block, until it is answered; 0: none
  bool is_blocked = false;       ///< that request waits at a primary
  bool closing = false;          ///< no more commands; closed when the output has left
  bool gone = false;             ///< the connection is closed; kept for replies that are pending
  bool dirty = false;            ///< listed as having output
  bool killed = false;           ///< closed at once, whatever it has not got yet
  bool is_held = false;          ///< its next command waits for the end of CLIENT PAUSE
  bool awaits_reply = false;     ///< its next command waits for the reply to the last one
  bool is_monitor = false;       ///< has said MONITOR
  bool sees_commands = false;    ///< and has the answer
  bool no_evict = false;
  bool no_touch = false;
  bool can_redirect = false;  ///< has said so, by CLIENT CAPA
  bool replies_off = false;   ///< CLIENT REPLY OFF
  bool skip_next = false;     ///< CLIENT REPLY SKIP
  bool silenced = false;      ///< the command under way gets no reply
  Instant last_active;
  int descriptor = -1;          ///< of its socket
  std::size_t input_bytes = 0;  ///< that have come and are not executed
  /// What the connection takes, about.
  [[nodiscard]] std::size_t memory_bytes() const;
  CommandCounts* counts = nullptr;               ///< of the worker: replies are counted there
  std::unique_ptr<Transaction> transaction;      ///< null: it watches nothing, and is not in MULTI
  std::unique_ptr<Subscriptions> subscriptions;  ///< null: it is subscribed to nothing

  [[nodiscard]] ConnectionId id() const { return id_; }
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& local_address() const { return local_address_; }
  [[nodiscard]] Instant since() const { return since_; }

 private:
  void put_out(std::string_view reply);

  struct Pending {
    bool silenced = false;
    bool ready = false;
    std::string reply;
    const commands::CommandSpec* answers = nullptr;
  };

  void note_late_reply(const commands::CommandSpec* spec, std::string_view reply);
  void note_reply(std::string_view reply);

  const ConnectionId id_;
  const std::string address_;
  const std::string local_address_;
  const Instant since_;
  void move_front();

  /// Of replies that had to wait, for those to come: most are short and of a size.
  static constexpr std::size_t kSpareMax = 16;
  static constexpr std::size_t kSpareBytesMax = 128;
  std::vector<std::string> spare_;
  Slot first_slot_ = 0;
  /// The size of a reply that had to be waited for: the last one's if it was large, less with
  /// each that is smaller. A new connection is thought to ask for values of this size.
  std::size_t reply_bytes_ = 32 * 1024;
  std::deque<Pending> pending_;
  std::size_t held_bytes_ = 0;  // of finished replies in there
  Slot pushes_from_ = 0;        // pushes do not overtake replies before this one
  bool has_parts_ = false;      // see begin_reply_of_parts()
  std::string pushed_later_;    // while it has
};

}  // namespace borg::node
