// SPDX-License-Identifier: Apache-2.0
#include "server/address_plan.h"

#include <algorithm>
#include <array>

namespace borg::server {
namespace {

constexpr const char* kLoopback4 = "127.0.0.1";
constexpr const char* kLoopback6 = "::1";
constexpr std::array<const char*, 2> kWildcards{"0.0.0.0", "::"};
/// Of documentation (RFC 5737, RFC 3849): what leads there leads out of the machine.
constexpr std::array<const char*, 2> kOutside{"192.0.2.1", "2001:db8::1"};

bool is_ipv6(const std::string& address) { return kind_of_host(address) == HostKind::kIpv6; }

using Bound = std::vector<BindAddress>;

/// Whether who dials this address of the machine finds a listener.
bool covers(const Bound& bound, const std::string& address) {
  return std::any_of(bound.begin(), bound.end(), [&](const BindAddress& each) {
    return each.address == address ||
           (is_wildcard(each.address) && is_ipv6(each.address) == is_ipv6(address));
  });
}

/// Each once, and none beside the wildcard of its kind, as the system would refuse that.
Bound without_doubles(const Bound& bound) {
  Bound out;
  for (const BindAddress& each : bound) {
    if (is_wildcard(each.address) && !covers(out, each.address)) out.push_back(each);
  }
  for (const BindAddress& each : bound) {
    if (!covers(out, each.address)) out.push_back(each);
  }
  return out;
}

class Planner {
 public:
  Planner(const AddressWishes& wishes, const Machine& machine)
      : wishes_(wishes), machine_(machine) {}

  Result<AddressPlan, AddressProblem> plan() {
    const bool is_well = resolve_bind() && choose_announced() && check_announced();
    if (is_well && plan_.bind.empty()) choose_bind();
    if (!is_well || !check_listens()) return problem_;
    plan_.bind = without_doubles(plan_.bind);
    plan_.is_mapped = wishes_.maps_ports || !machine_.has(plan_.announce_host);
    return plan_;
  }

 private:
  bool fail(std::string message, bool may_pass = false) {
    problem_ = {std::move(message), may_pass};
    return false;
  }

  bool resolve_bind() {
    for (const std::string& host : wishes_.bind) {
      if (host == "*") {
        for (const char* wildcard : kWildcards) plan_.bind.push_back({wildcard, true});
        continue;
      }
      const Machine::Lookup found = machine_.look_up(host);
      if (found.addresses.empty()) return fail("--bind " + host + ": " + found.error);
      for (const std::string& address : found.addresses) plan_.bind.push_back({address});
    }
    plan_.bind = without_doubles(plan_.bind);
    return true;
  }

  bool choose_announced() {
    plan_.announce_host = wishes_.announce_host;
    if (!plan_.announce_host.empty()) return true;
    const auto towards = source_towards_coordinator();
    if (plan_.bind.empty()) {
      plan_.announce_host = wishes_.coordinator.empty() ? kLoopback4 : towards.value_or("");
    } else {
      plan_.announce_host = best_bound(towards);
    }
    if (!plan_.announce_host.empty()) return true;
    if (!lookup_error_.empty()) {
      return fail("cannot find out by which address this machine reaches the coordinator (" +
                      lookup_error_ + "): say it with --announce-host",
                  true);
    }
    return fail(
        "there is no address among those of --bind that could be told to other nodes: "
        "say it with --announce-host");
  }

  /// The first that is not loopback: of several etcds one may be on this machine.
  std::optional<std::string> source_towards_coordinator() {
    std::optional<std::string> loopback;
    for (const HostPort& endpoint : wishes_.coordinator) {
      const Machine::Lookup found = machine_.look_up(endpoint.host);
      if (!found.error.empty()) lookup_error_ = endpoint.host + ": " + found.error;
      for (const std::string& address : found.addresses) {
        const auto source = machine_.source_towards(address, endpoint.port);
        if (!source) lookup_error_ = endpoint.host + ": there is no route to " + address;
        if (!source || is_ipv6_link_local(*source)) continue;
        if (!is_loopback(*source)) return source;
        if (!loopback) loopback = source;
      }
    }
    return loopback;
  }

  /// Of the addresses that are listened on; empty if none will do.
  [[nodiscard]] std::string best_bound(const std::optional<std::string>& towards) const {
    if (towards && !is_loopback(*towards) && covers(plan_.bind, *towards)) return *towards;
    std::string loopback;
    for (const BindAddress& each : plan_.bind) {
      if (is_wildcard(each.address) || is_ipv6_link_local(each.address)) continue;
      if (!is_loopback(each.address)) return each.address;
      if (loopback.empty()) loopback = each.address;
    }
    for (const char* outside : kOutside) {
      if (!covers(plan_.bind, outside)) continue;  // no wildcard of this kind
      const auto source = machine_.source_towards(outside, 9);
      if (source && !is_ipv6_link_local(*source)) return *source;
    }
    const std::array<std::string, 3> last{loopback, kLoopback4, kLoopback6};
    for (const std::string& each : last) {
      if (!each.empty() && covers(plan_.bind, each)) return each;
    }
    return {};
  }

  /// What no other machine could use.
  bool check_announced() {
    const std::string& host = plan_.announce_host;
    const std::string says = wishes_.announce_host.empty() ? "" : "--announce-host ";
    if (is_wildcard(host)) {
      return fail(says + host +
                  " cannot be announced: it stands for every address of a machine, "
                  "and other nodes and clients could not dial it");
    }
    if (is_ipv6_link_local(host)) {
      return fail(says + host +
                  " cannot be announced: it is a link-local address, which means "
                  "nothing on other machines");
    }
    if (!is_loopback(host)) return true;
    const std::string remote = remote_coordinator();
    if (remote.empty()) return true;
    if (wishes_.announce_host.empty()) {
      return fail("of the addresses of --bind only " + host +
                  " could be announced, which leads each machine to itself, and the coordinator " +
                  remote + " is on another one: say --bind or --announce-host otherwise");
    }
    return fail(says + host +
                " cannot be announced: it leads each machine to itself, and the "
                "coordinator " +
                remote + " is on another one");
  }

  /// One that is on another machine for certain; empty if there is none.
  [[nodiscard]] std::string remote_coordinator() const {
    for (const HostPort& endpoint : wishes_.coordinator) {
      const Machine::Lookup found = machine_.look_up(endpoint.host);
      const bool is_here =
          std::any_of(found.addresses.begin(), found.addresses.end(),
                      [&](const std::string& a) { return is_loopback(a) || machine_.has(a); });
      if (!found.addresses.empty() && !is_here) {
        return host_port_text(endpoint.host, endpoint.port);
      }
    }
    return {};
  }

  void choose_bind() {
    const std::string& host = plan_.announce_host;
    for (const std::string& address : machine_.look_up(host).addresses) {
      const bool is_own = machine_.has(address) && (!is_loopback(address) || is_loopback(host));
      if (is_own) plan_.bind.push_back({address});
    }
    if (plan_.bind.empty()) {
      for (const char* wildcard : kWildcards) plan_.bind.push_back({wildcard, true});
    } else if (!is_loopback(host)) {
      plan_.bind.push_back({kLoopback4, true});
      plan_.bind.push_back({kLoopback6, true});
    }
  }

  bool check_listens() {
    const std::string& host = plan_.announce_host;
    if (wishes_.maps_ports || !machine_.has(host) || covers(plan_.bind, host)) return true;
    return fail("--announce-host " + host +
                " is an address of this machine that is not listened on (see --bind)");
  }

  const AddressWishes& wishes_;
  const Machine& machine_;
  AddressPlan plan_;
  AddressProblem problem_;
  std::string lookup_error_;
};

}  // namespace

Result<AddressPlan, AddressProblem> plan_addresses(const AddressWishes& wishes,
                                                   const Machine& machine) {
  return Planner(wishes, machine).plan();
}

}  // namespace borg::server
