// SPDX-License-Identifier: Apache-2.0
#include "node/address_check.h"

#include <algorithm>
#include <utility>

#include "base/address.h"

namespace borg::node {

using coordination::Member;
using wire::Found;

namespace {

constexpr Duration kBetweenTries = Duration::millis(250);

constexpr std::string_view kHowToAnnounce =
    "--announce-host (and --announce-bus-port, where ports are mapped) must name an address at "
    "which the other nodes reach it";

/// Whoever answered is not the node that was looked for.
bool is_wrong(Found found) {
  return found == Found::kItself || found == Found::kOtherNode || found == Found::kStranger;
}

/// Behind "this node" or "member a".
std::string text_of(Found found, std::string_view detail) {
  switch (found) {
    case Found::kNothing:
    case Found::kNode:
      return "finds it there";
    case Found::kItself:
      return "finds itself there";
    case Found::kOtherNode:
      return "finds another node there";
    case Found::kStranger:
      return "finds a node of cluster '" + std::string(detail) + "' there";
    case Found::kNobody:
      return "cannot connect to it (" + std::string(detail) + ")";
    case Found::kSilence:
      return "gets no answer there";
  }
  return {};
}

std::string announcement(const Member& member) {
  return "'" + member.name + "' announces " + coordination::bus_address(member) + " to other nodes";
}

}  // namespace

AddressCheck::AddressCheck(Member self, std::optional<Duration> patience)
    : self_(std::move(self)), patience_(patience) {}

AddressCheck::Step AddressCheck::next(const std::vector<Member>& members, Instant now) {
  if (is_refused_) return Step::kRefuse;
  if (is_asking_) return Step::kWait;
  const bool are_known = std::all_of(members.begin(), members.end(), [&](const Member& member) {
    return passed_.contains(member.id);
  });
  if (has_passed_ && are_known) return Step::kPass;
  if (now < ask_at_) return Step::kWait;
  is_asking_ = true;
  asked_ = members;
  return Step::kAsk;
}

void AddressCheck::on_findings(const std::vector<AddressFinding>& findings, Instant now) {
  is_asking_ = false;
  doubted_.clear();
  for (const AddressFinding& finding : findings) {
    if (finding.found != Found::kNode) doubted_.insert(finding.node);
  }
  std::string reason = wrong_self(findings);
  const bool is_certain = !reason.empty();
  if (reason.empty()) reason = wrong_member(findings);
  if (reason.empty()) reason = unreached_members(findings);
  if (reason.empty()) reason = unreached_self(findings);
  if (reason.empty()) return pass(findings);
  if (!wrong_since_) wrong_since_ = now;
  if (!patience_ && reason != reason_) warnings_.push_back("cannot join yet: " + reason);
  is_refused_ = patience_ && (is_certain || now - *wrong_since_ > *patience_);
  reason_ = std::move(reason);
  ask_at_ = now + kBetweenTries;
}

void AddressCheck::pass(const std::vector<AddressFinding>& findings) {
  has_passed_ = true;
  wrong_since_.reset();
  reason_.clear();
  for (const Member& member : asked_) passed_.insert(member.id);
  warn_of(findings);
}

std::vector<std::string> AddressCheck::take_warnings() { return std::exchange(warnings_, {}); }

const Member* AddressCheck::asked(NodeId node) const {
  const auto at = std::find_if(asked_.begin(), asked_.end(),
                               [&](const Member& member) { return member.id == node; });
  return at == asked_.end() ? nullptr : &*at;
}

/// Somebody else is at the own address. That nobody answers there proves nothing: a router may not
/// lead back what is sent to its own outer address.
std::string AddressCheck::wrong_self(const std::vector<AddressFinding>& findings) const {
  for (const AddressFinding& finding : findings) {
    if (finding.node != self_.id || !is_wrong(finding.found)) continue;
    return announcement(self_) + " and " + text_of(finding.found, finding.detail) + ": " +
           std::string(kHowToAnnounce);
  }
  return {};
}

/// Members that are not where they say.
std::string AddressCheck::wrong_member(const std::vector<AddressFinding>& findings) const {
  for (const AddressFinding& finding : findings) {
    const Member* const member = asked(finding.node);
    if (member == nullptr || !is_wrong(finding.found)) continue;
    return "member " + announcement(*member) + ", and this node " +
           text_of(finding.found, finding.detail) + ": start '" + member->name +
           "' again with an --announce-host at which other nodes reach it";
  }
  return {};
}

/// Nobody can be connected.
std::string AddressCheck::unreached_members(const std::vector<AddressFinding>& findings) const {
  std::string who;
  for (const AddressFinding& finding : findings) {
    const Member* const member = asked(finding.node);
    if (member == nullptr) continue;
    if (finding.found != Found::kNobody) return {};
    who += (who.empty() ? "'" : ", '") + member->name + "' at " +
           coordination::bus_address(*member) + " (" + finding.detail + ")";
  }
  return who.empty() ? who : "this node cannot connect to any member of the cluster: " + who;
}

/// Of those who looked for this node nobody has found it.
std::string AddressCheck::unreached_self(const std::vector<AddressFinding>& findings) const {
  std::string reason;
  for (const AddressFinding& finding : findings) {
    const Member* const member = asked(finding.node);
    if (member == nullptr || finding.found_back == Found::kNothing) continue;
    if (finding.found_back == Found::kNode) return {};
    if (!reason.empty()) continue;
    reason = announcement(self_) + ", and member '" + member->name + "' (" +
             coordination::client_address(*member) + ") " +
             text_of(finding.found_back, finding.detail_back) + ": " + std::string(kHowToAnnounce);
  }
  return reason;
}

void AddressCheck::warn_of(const std::vector<AddressFinding>& findings) {
  for (const AddressFinding& finding : findings) {
    const Member* const member = asked(finding.node);
    if (member == nullptr) continue;
    if (finding.found != Found::kNode) {
      warnings_.push_back("member " + announcement(*member) + ", and this node " +
                          text_of(finding.found, finding.detail));
    } else if (finding.found_back != Found::kNode && finding.found_back != Found::kNothing) {
      warnings_.push_back(announcement(self_) + ", and member '" + member->name + "' " +
                          text_of(finding.found_back, finding.detail_back));
    }
  }
}

}  // namespace borg::node
