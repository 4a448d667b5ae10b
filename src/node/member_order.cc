// SPDX-License-Identifier: Apache-2.0
#include "node/member_order.h"

#include <algorithm>

#include "commands/arguments.h"
#include "membership/departure.h"

namespace borg::node {
namespace {

using commands::equals_ignoring_case;
using coordination::Member;
using coordination::MemberState;
using coordination::Order;
using membership::ClusterView;
using membership::MemberRecord;

/// One order about one member that exists.
class Judge {
 public:
  Judge(const MemberOrder& order, const ClusterView& view, const OrderContext& context,
        const MemberRecord& record)
      : order_(order), view_(view), context_(context), record_(record) {}

  OrderVerdict drain() const {
    if (is(MemberState::kDown)) return refuse("the node is down, use BORG FORGET");
    if (is(MemberState::kLeaving)) return refuse(name() + " is leaving already");
    const Order wanted = order_.is_forced ? Order::kDrainForced : Order::kDrain;
    if (is(MemberState::kDraining) && (member().order == wanted || !order_.is_forced)) {
      return accept(" is draining already" + need_text());
    }
    if (!membership::another_could_hold(view_, member().id)) {
      return refuse("no other member could take what " + name() + " holds: BORG LEAVE " + name() +
                    " FORCE ends it");
    }
    if (!order_.is_forced && !suffice_without()) return refuse_for_writes("DRAIN");
    if (lacks_memory()) return refuse_for_memory("DRAIN");
    return change(MemberState::kDraining, wanted, " hands its data over and stays");
  }

  OrderVerdict leave() const {
    if (is(MemberState::kDown)) return refuse("the node is down, use BORG FORGET");
    const Order wanted = order_.is_forced ? Order::kLeaveForced : Order::kLeave;
    const bool goes_already =
        coordination::goes_in_any_case(member().order) || member().order == wanted;
    if (is(MemberState::kLeaving) && goes_already)
      return accept(" is leaving already" + need_text());
    const bool is_last = !membership::another_could_hold(view_, member().id);
    if (order_.is_forced) {
      return change(MemberState::kLeaving, wanted,
                    is_last ? " is the last member: its data ends with it"
                            : " hands its data over and leaves");
    }
    if (is_last) {
      return refuse(name() + " is the last member that could hold the data: BORG LEAVE " + name() +
                    " FORCE ends it");
    }
    if (!suffice_without()) return refuse_for_writes("LEAVE");
    if (lacks_memory()) return refuse_for_memory("LEAVE");
    return change(MemberState::kLeaving, wanted, " hands its data over and leaves");
  }

  OrderVerdict undrain() const {
    if (member().order == Order::kLeaveBySignal) {
      return refuse(name() + " was told to leave by a signal, which cannot be taken back");
    }
    if (is(MemberState::kActive)) return accept(" is active");
    if (is(MemberState::kDown)) {
      return change(MemberState::kDown, Order::kStay, " takes data when it is back");
    }
    if (view_.ending_modified != Revision()) {
      return {.answer = "TRYAGAIN all members were told to leave and the data is ending",
              .change = {},
              .compares = {}};
    }
    OrderVerdict verdict = change(MemberState::kActive, Order::kStay, " takes data again");
    verdict.compares = {{std::string(coordination::kEndingKey), Revision()}};
    return verdict;
  }

  OrderVerdict forget() const {
    if (member().id == context_.self) {
      return refuse("a node cannot forget itself, use BORG LEAVE");
    }
    if (!context_.is_silent(member().id)) return refuse("the node is alive, use BORG LEAVE");
    if (!context_.may_judge) {
      return refuse("this node is out of reach of most others and judges nobody, ask another one");
    }
    if (is(MemberState::kDown)) return accept(" was given up already");
    const std::string slots = std::to_string(slots_held_alone());
    if (slots == "0") return change(MemberState::kDown, member().order, " is given up");
    if (!order_.is_forced) {
      return refuse(name() + " is the only holder of " + slots +
                    " slots, which would be lost: BORG FORGET " + name() + " FORCE gives them up");
    }
    return change(MemberState::kDown, member().order,
                  " is given up, and with it " + slots + " slots that nobody else holds");
  }

 private:
  [[nodiscard]] const Member& member() const { return record_.member; }
  [[nodiscard]] const std::string& name() const { return member().name; }
  [[nodiscard]] bool is(MemberState state) const { return member().state == state; }
  [[nodiscard]] bool is_alive(NodeId node) const {
    return node == context_.self || !context_.is_silent(node);
  }
  [[nodiscard]] std::size_t needed() const {
    return view_.settings ? view_.settings->min_copies : 1;
  }
  [[nodiscard]] std::size_t others() const {
    return membership::others_staying(view_, member().id,
                                      [this](NodeId node) { return is_alive(node); });
  }
  [[nodiscard]] bool suffice_without() const { return others() >= needed(); }

  [[nodiscard]] bool lacks_memory() const {
    return !order_.is_forced && context_.memory.missing_bytes() > 0;
  }

  [[nodiscard]] std::size_t slots_held_alone() const {
    const auto is_gone = [&](NodeId node) {
      const MemberRecord* record = view_.member(node);
      return node == member().id || record == nullptr || record->member.state == MemberState::kDown;
    };
    std::size_t slots = 0;
    for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
      const PartitionConfig& c = view_.partitions[p];
      const bool is_alone = c.in_sync.contains(member().id) &&
                            std::all_of(c.in_sync.begin(), c.in_sync.end(), is_gone);
      slots += is_alone && !view_.is_lost(PartitionId(p)) ? kSlotsPerPartition : 0;
    }
    return slots;
  }

  static OrderVerdict refuse(const std::string& why) {
    return {.answer = "ERR " + why, .change = {}, .compares = {}};
  }
  [[nodiscard]] OrderVerdict refuse_for_writes(const std::string& command) const {
    const std::size_t left = others();
    return refuse("only " + std::to_string(left) +
                  (left == 1 ? " other member" : " other members") + " would take writes, and " +
                  std::to_string(needed()) + " must: BORG " + command + " " + name() +
                  " FORCE stops the writes");
  }
  [[nodiscard]] OrderVerdict refuse_for_memory(const std::string& command) const {
    return refuse("the other members have no memory for what " + name() + " holds, " +
                  text_of(context_.memory, view_) +
                  "; add a node, raise maxmemory or delete keys, or BORG " + command + " " +
                  name() + " FORCE begins and waits for memory");
  }
  /// Why an order that stands is not carried out; empty: it is.
  [[nodiscard]] std::string need_text() const {
    const std::size_t missing = membership::members_missing(view_, member().id);
    const bool lacks_memory = context_.memory.missing_bytes() > 0;
    if (missing == 0 && lacks_memory && !view_.holds_nothing(member().id)) {
      return ", and waits for memory of the others: " + text_of(context_.memory, view_);
    }
    if (missing == 0) return {};
    return ", and is needed: it holds data until " + std::to_string(missing) +
           (missing == 1 ? " more member takes writes" : " more members take writes");
  }
  [[nodiscard]] OrderVerdict accept(const std::string& what) const {
    return {.answer = "OK " + name() + what, .change = {}, .compares = {}};
  }
  /// An order that holds while others suffice is given only while these do.
  [[nodiscard]] OrderVerdict change(MemberState state, Order order, const std::string& what) const {
    OrderVerdict verdict = accept(what);
    verdict.change = member();
    verdict.change->state = state;
    verdict.change->order = order;
    verdict.change->is_closing = false;
    if (order != Order::kDrain && order != Order::kLeave) return verdict;
    for (const MemberRecord& other : view_.members) {
      const bool counts = other.member.state == MemberState::kActive &&
                          other.member.id != member().id && is_alive(other.member.id);
      if (!counts || verdict.compares.size() == needed()) continue;
      verdict.compares.push_back({coordination::member_key(other.member.id), other.modified});
    }
    return verdict;
  }

  const MemberOrder& order_;
  const ClusterView& view_;
  const OrderContext& context_;
  const MemberRecord& record_;
};

}  // namespace

std::optional<MemberOrder> order_from(const std::vector<std::string>& words) {
  if (words.size() < 3 || words.size() > 5) return std::nullopt;
  MemberOrder order{.node = words[2]};
  for (std::size_t i = 3; i < words.size(); ++i) {
    bool& fact = equals_ignoring_case(words[i], "force") ? order.is_forced : order.is_check;
    const bool is_known = &fact == &order.is_forced || equals_ignoring_case(words[i], "check");
    if (!is_known || fact) return std::nullopt;
    fact = true;
  }
  if (equals_ignoring_case(words[1], "drain")) {
    order.kind = MemberOrder::Kind::kDrain;
  } else if (equals_ignoring_case(words[1], "leave")) {
    order.kind = MemberOrder::Kind::kLeave;
  } else if (equals_ignoring_case(words[1], "forget")) {
    order.kind = MemberOrder::Kind::kForget;
  } else if (equals_ignoring_case(words[1], "undrain") && words.size() == 3) {
    order.kind = MemberOrder::Kind::kUndrain;
  } else {
    return std::nullopt;
  }
  return order;
}

bool depends_on_memory(const MemberOrder& order) {
  return !order.is_forced &&
         (order.kind == MemberOrder::Kind::kDrain || order.kind == MemberOrder::Kind::kLeave);
}

OrderVerdict judge(const MemberOrder& order, const ClusterView& view, const OrderContext& context) {
  const MemberRecord* const record = view.member(std::string_view(order.node));
  if (record == nullptr) {
    return {.answer = "ERR no such node: " + order.node, .change = {}, .compares = {}};
  }
  const Judge judge(order, view, context, *record);
  switch (order.kind) {
    case MemberOrder::Kind::kDrain:
      return judge.drain();
    case MemberOrder::Kind::kLeave:
      return judge.leave();
    case MemberOrder::Kind::kUndrain:
      return judge.undrain();
    case MemberOrder::Kind::kForget:
      break;
  }
  return judge.forget();
}

}  // namespace borg::node
