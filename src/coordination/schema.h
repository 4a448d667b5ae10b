// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/node_list.h"
#include "base/partition_config.h"

namespace borg::coordination {

// What is kept in the coordinator, as text that an operator can read there.

/// Keys, without the prefix that a coordinator may add for its cluster.
inline constexpr std::string_view kSettingsKey = "settings";
inline constexpr std::string_view kTargetKey = "target";
/// There while the data is about to end, because every member was told to go in any case. Whoever
/// would be given data compares it, so that nobody joins while the others throw the data away.
inline constexpr std::string_view kEndingKey = "ending";
[[nodiscard]] std::string member_key(NodeId id);
[[nodiscard]] std::string session_key(NodeId id);
[[nodiscard]] std::string name_key(std::string_view name);
[[nodiscard]] std::string partition_key(PartitionId partition);

/// A node id as 16 hexadecimal digits, and back.
[[nodiscard]] std::string to_text(NodeId id);
[[nodiscard]] std::optional<NodeId> node_id_from_text(std::string_view text);

/// What the whole cluster must agree on; written by its first node.
struct Settings {
  std::uint32_t copies = 2;
  std::uint32_t min_copies = 2;
  std::uint32_t scatter_width = 0;  ///< 0: chosen by placement
  std::uint32_t placement_version = 1;
  bool on_loss_empty = false;
  /// Letters: which keyspace events are published (commands/event_flags.h).
  std::string keyspace_events = {};
  friend bool operator==(const Settings&, const Settings&) = default;
};

enum class MemberState : std::uint8_t {
  kActive,
  kDraining,  ///< hands its data over and stays, empty
  kLeaving,   ///< hands its data over and ends
  kDown,      ///< given up by the others
};

/// What a member was told to do last; MemberState is how far that has come, or that it is down.
enum class Order : std::uint8_t {
  kStay,
  kDrain,          ///< for as long as the others suffice to take writes
  kDrainForced,    ///< though they may not
  kLeave,          ///< for as long as the others suffice to take writes
  kLeaveForced,    ///< in any case, though data ends with it
  kLeaveBySignal,  ///< in any case, and it cannot be taken back: its process is ending
};
/// The state of a member that lives and was told this.
[[nodiscard]] MemberState state_of(Order order);
/// It goes though nobody can take what it holds.
[[nodiscard]] constexpr bool goes_in_any_case(Order order) {
  return order == Order::kLeaveForced || order == Order::kLeaveBySignal;
}

struct Member {
  NodeId id;
  std::string name;
  std::string host;
  std::uint16_t port = 0;
  std::uint16_t bus_port = 0;
  std::uint16_t http_port = 0;
  std::uint16_t workers = 1;
  std::uint32_t weight = 100;
  std::string zone;
  MemberState state = MemberState::kActive;
  Order order = Order::kStay;
  /// It is leaving and held nothing when it said so: from then on it is given nothing.
  bool is_closing = false;
  /// What answers at its address is not for certain the node itself: ports are mapped, or the
  /// address is a name. So a refused connection does not prove its death.
  bool is_mapped = false;
  friend bool operator==(const Member&, const Member&) = default;
};

/// "host:port" for clients; an IPv6 address stands in brackets.
[[nodiscard]] std::string client_address(const Member& member);
/// The same for other nodes.
[[nodiscard]] std::string bus_address(const Member& member);

/// The assignment that the cluster is moving towards.
struct Target {
  std::uint64_t version = 0;
  std::vector<NodeId> nodes;       ///< the members it was computed for, sorted
  std::vector<NodeList> replicas;  ///< of each partition, primary first; empty: no target yet
};

[[nodiscard]] std::string to_text(const Settings& settings);
[[nodiscard]] std::string to_text(const Member& member);
[[nodiscard]] std::string to_text(const PartitionConfig& config);
[[nodiscard]] std::string to_text(const Target& target);
[[nodiscard]] std::string_view to_text(MemberState state);

// nullopt: not what to_text() writes (another version, or damage). Unknown fields are ignored.
[[nodiscard]] std::optional<Settings> settings_from_text(std::string_view text);
[[nodiscard]] std::optional<Member> member_from_text(NodeId id, std::string_view text);
[[nodiscard]] std::optional<PartitionConfig> partition_from_text(std::string_view text);
[[nodiscard]] std::optional<Target> target_from_text(std::string_view text);

/// True if the text can be a node's name, a cluster's or a zone: 1 to 64 of [A-Za-z0-9._-].
[[nodiscard]] bool is_name(std::string_view text);

}  // namespace borg::coordination
