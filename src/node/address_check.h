// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "coordination/schema.h"
#include "wire/probe.h"

namespace borg::node {

/// What was found at the address that one node announces to the others.
struct AddressFinding {
  NodeId node;  ///< whose address it is; the joining node's own is tried as well
  wire::Found found = wire::Found::kNothing;
  std::string detail;  ///< as in wire::ProbeAnswer
  /// What that node found in its turn at the joining node's address.
  wire::Found found_back = wire::Found::kNothing;
  std::string detail_back;
};

/// Decides whether a node may join with the addresses that it and the members announce. A wrong
/// one is refused before it can cost anything: else two nodes would never hear each other, and
/// each would call the other dead.
///
/// A member that died a moment ago looks like one with a wrong address until its session ends. So
/// what is wrong has to stay wrong for the patience; an address of the joining node's own that
/// leads to another node is wrong at once.
///
/// One cut link is no reason to stay out: it is enough that some member is reached, and that some
/// member reaches the joining node. A member that is connected and says nothing may be standing
/// still, which proves nothing.
///
/// Runs: on the control thread, until the node is registered; sans-I/O.
class AddressCheck {
 public:
  enum class Step : std::uint8_t {
    kAsk,     ///< try the addresses of these members and the own one, then on_findings()
    kWait,    ///< for the findings, or until it is time to try again
    kPass,    ///< these members' addresses are good, and so is the own one
    kRefuse,  ///< reason() says why
  };

  /// `self`: as announced, and with its id. Without a patience nothing is refused: it is waited
  /// for.
  AddressCheck(coordination::Member self, std::optional<Duration> patience);

  /// `members`: those that are alive as far as the coordinator knows.
  Step next(const std::vector<coordination::Member>& members, Instant now);
  void on_findings(const std::vector<AddressFinding>& findings, Instant now);

  /// A line for the operator.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// Lines for the log, each once.
  [[nodiscard]] std::vector<std::string> take_warnings();
  /// This member was not found where it should be.
  [[nodiscard]] bool is_doubted(NodeId node) const { return doubted_.contains(node); }

 private:
  [[nodiscard]] const coordination::Member* asked(NodeId node) const;
  [[nodiscard]] std::string wrong_member(const std::vector<AddressFinding>& findings) const;
  [[nodiscard]] std::string unreached_members(const std::vector<AddressFinding>& findings) const;
  [[nodiscard]] std::string unreached_self(const std::vector<AddressFinding>& findings) const;
  [[nodiscard]] std::string wrong_self(const std::vector<AddressFinding>& findings) const;
  void pass(const std::vector<AddressFinding>& findings);
  void warn_of(const std::vector<AddressFinding>& findings);

  const coordination::Member self_;
  const std::optional<Duration> patience_;
  bool is_asking_ = false;
  std::vector<coordination::Member> asked_;
  std::set<NodeId> passed_;
  bool has_passed_ = false;
  bool is_refused_ = false;
  std::set<NodeId> doubted_;
  std::string reason_;
  std::optional<Instant> wrong_since_;
  Instant ask_at_ = Instant::at_nanos(INT64_MIN);
  std::vector<std::string> warnings_;
};

}  // namespace borg::node
