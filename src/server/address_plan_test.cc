// SPDX-License-Identifier: Apache-2.0
#include "server/address_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace borg::server {
namespace {

using ::testing::HasSubstr;

/// A machine of a network, with names.
class FakeMachine final : public Machine {
 public:
  [[nodiscard]] Lookup look_up(const std::string& host) const override {
    if (kind_of_host(host) != HostKind::kName) return {{host}, ""};
    const auto at = names.find(host);
    if (at == names.end()) return {{}, "no such name"};
    return {at->second, ""};
  }
  [[nodiscard]] bool has(const std::string& address) const override {
    return is_loopback(address) || std::find(own.begin(), own.end(), address) != own.end();
  }
  /// Itself where it is one of its own, else the first of the same kind.
  [[nodiscard]] std::optional<std::string> source_towards(const std::string& address,
                                                          std::uint16_t) const override {
    if (is_loopback(address)) return kind_of_host(address) == HostKind::kIpv6 ? "::1" : "127.0.0.1";
    if (has(address)) return address;
    for (const std::string& each : own) {
      if (kind_of_host(each) == kind_of_host(address)) return each;
    }
    return std::nullopt;
  }

  std::vector<std::string> own{"10.0.0.1"};
  std::map<std::string, std::vector<std::string>> names{{"host1", {"127.0.1.1"}},
                                                        {"host2", {"10.0.0.2"}},
                                                        {"host6", {"fd00::2"}},
                                                        {"localhost", {"::1", "127.0.0.1"}}};
};

class PlanAddresses : public ::testing::Test {
 protected:
  AddressPlan plan() {
    const auto made = plan_addresses(wishes_, machine_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : AddressPlan{};
  }
  AddressProblem problem() {
    const auto made = plan_addresses(wishes_, machine_);
    EXPECT_FALSE(made) << "announces " << made->announce_host;
    return made ? AddressProblem{} : made.error();
  }
  std::vector<std::string> bound() {
    std::vector<std::string> out;
    for (const BindAddress& each : plan().bind) {
      out.push_back(each.address + (each.is_optional ? "?" : ""));
    }
    return out;
  }
  using List = std::vector<std::string>;

  FakeMachine machine_;
  AddressWishes wishes_;
};

TEST_F(PlanAddresses, OnOneMachineEverythingIsOnLoopback) {
  EXPECT_EQ(plan().announce_host, "127.0.0.1");
  EXPECT_EQ(bound(), List{"127.0.0.1"});
  EXPECT_FALSE(plan().is_mapped);
}

TEST_F(PlanAddresses, TheWayToTheCoordinatorIsAnnounced) {
  wishes_.coordinator = {{"10.0.0.9", 2379}};
  EXPECT_EQ(plan().announce_host, "10.0.0.1");
  EXPECT_EQ(bound(), (List{"10.0.0.1", "127.0.0.1?", "::1?"}));
  EXPECT_FALSE(plan().is_mapped);
}

TEST_F(PlanAddresses, OfSeveralCoordinatorsOneMayBeOnThisMachine) {
  wishes_.coordinator = {{"host1", 2379}, {"host2", 2379}};
  EXPECT_EQ(plan().announce_host, "10.0.0.1");
}

TEST_F(PlanAddresses, ACoordinatorOnThisMachineAloneMeansLoopback) {
  wishes_.coordinator = {{"127.0.0.1", 2379}};
  EXPECT_EQ(plan().announce_host, "127.0.0.1");
  EXPECT_EQ(bound(), List{"127.0.0.1"});
  wishes_.coordinator = {{"::1", 2379}};
  EXPECT_EQ(plan().announce_host, "::1");
  EXPECT_EQ(bound(), List{"::1"});
}

TEST_F(PlanAddresses, Ipv6IsAnnouncedWhereTheCoordinatorHasIt) {
  machine_.own = {"fe80::1", "fd00::1"};
  wishes_.coordinator = {{"host6", 2379}};
  machine_.own = {"fd00::1"};
  EXPECT_EQ(plan().announce_host, "fd00::1");
  EXPECT_EQ(bound(), (List{"fd00::1", "127.0.0.1?", "::1?"}));
}

TEST_F(PlanAddresses, ANameThatIsUnknownMayBeKnownLater) {
  wishes_.coordinator = {{"host9", 2379}};
  EXPECT_TRUE(problem().may_pass);
  EXPECT_THAT(problem().message, HasSubstr("host9: no such name"));
  EXPECT_THAT(problem().message, HasSubstr("--announce-host"));
  wishes_.announce_host = "10.0.0.1";
  EXPECT_EQ(plan().announce_host, "10.0.0.1") << "said, nothing has to be found out";
}

TEST_F(PlanAddresses, AMachineWithoutARouteIsToldSo) {
  machine_.own = {};
  wishes_.coordinator = {{"10.0.0.9", 2379}};
  EXPECT_TRUE(problem().may_pass);
  EXPECT_THAT(problem().message, HasSubstr("no route to 10.0.0.9"));
}

TEST_F(PlanAddresses, TheAddressThatIsListenedOnIsAnnounced) {
  machine_.own = {"10.0.0.1", "10.1.0.1"};
  wishes_.coordinator = {{"10.0.0.9", 2379}};
  wishes_.bind = {"10.1.0.1"};
  EXPECT_EQ(plan().announce_host, "10.1.0.1");
  wishes_.bind = {"127.0.0.1", "10.1.0.1"};
  EXPECT_EQ(plan().announce_host, "10.1.0.1");
  EXPECT_EQ(bound(), (List{"127.0.0.1", "10.1.0.1"}));
  wishes_.bind = {"10.1.0.1", "10.0.0.1"};
  EXPECT_EQ(plan().announce_host, "10.0.0.1") << "the way to the coordinator before others";
  wishes_.coordinator.clear();
  EXPECT_EQ(plan().announce_host, "10.1.0.1") << "the first";
}

TEST_F(PlanAddresses, AWildcardIsListenedOnAndNotAnnounced) {
  wishes_.bind = {"0.0.0.0"};
  EXPECT_EQ(plan().announce_host, "10.0.0.1");
  EXPECT_EQ(bound(), List{"0.0.0.0"});
  wishes_.coordinator = {{"10.0.0.9", 2379}};
  EXPECT_EQ(plan().announce_host, "10.0.0.1");
  wishes_.coordinator = {{"127.0.0.1", 2379}};
  EXPECT_EQ(plan().announce_host, "10.0.0.1");
  machine_.own = {};
  EXPECT_EQ(plan().announce_host, "127.0.0.1") << "the machine has no other";
  wishes_.bind = {"::"};
  EXPECT_EQ(plan().announce_host, "::1");
}

TEST_F(PlanAddresses, EveryAddressIsBothWildcards) {
  machine_.own = {"10.0.0.1", "fd00::1"};
  wishes_.bind = {"*"};
  EXPECT_EQ(bound(), (List{"0.0.0.0?", "::?"}));
  wishes_.coordinator = {{"host6", 2379}};
  EXPECT_EQ(plan().announce_host, "fd00::1");
}

TEST_F(PlanAddresses, WhatAWildcardCoversIsNotListenedOnTwice) {
  wishes_.bind = {"127.0.0.1", "0.0.0.0", "0.0.0.0", "::1", "::1"};
  EXPECT_EQ(bound(), (List{"0.0.0.0", "::1"}));
}

TEST_F(PlanAddresses, NamesToListenOnAreLookedUp) {
  wishes_.bind = {"localhost"};
  EXPECT_EQ(bound(), (List{"::1", "127.0.0.1"}));
  wishes_.bind = {"host9"};
  EXPECT_THAT(problem().message, HasSubstr("--bind host9: no such name"));
}

TEST_F(PlanAddresses, AnAnnouncedAddressOfTheMachineIsListenedOn) {
  wishes_.announce_host = "10.0.0.1";
  EXPECT_EQ(bound(), (List{"10.0.0.1", "127.0.0.1?", "::1?"}));
  EXPECT_FALSE(plan().is_mapped);
}

TEST_F(PlanAddresses, AnAnnouncedAddressOfARouterMeansEveryAddress) {
  wishes_.coordinator = {{"10.0.0.9", 2379}};
  wishes_.announce_host = "192.0.2.7";
  EXPECT_EQ(bound(), (List{"0.0.0.0?", "::?"}));
  EXPECT_TRUE(plan().is_mapped);
}

TEST_F(PlanAddresses, ANameIsAnnouncedAsItIs) {
  wishes_.coordinator = {{"host2", 2379}};
  wishes_.announce_host = "host1";
  EXPECT_EQ(plan().announce_host, "host1");
  EXPECT_EQ(bound(), (List{"0.0.0.0?", "::?"})) << "here the name means loopback only";
  EXPECT_TRUE(plan().is_mapped) << "it may lead elsewhere tomorrow";
  machine_.names["host1"] = {"10.0.0.1"};
  EXPECT_EQ(bound(), (List{"10.0.0.1", "127.0.0.1?", "::1?"}));
}

TEST_F(PlanAddresses, MappedPortsAreSaidToBe) {
  wishes_.maps_ports = true;
  EXPECT_TRUE(plan().is_mapped);
}

TEST_F(PlanAddresses, RefusesToAnnounceWhatNobodyCouldDial) {
  for (const char* host : {"0.0.0.0", "::"}) {
    wishes_.announce_host = host;
    EXPECT_THAT(problem().message, HasSubstr("--announce-host " + std::string(host))) << host;
    EXPECT_THAT(problem().message, HasSubstr("every address of a machine")) << host;
    EXPECT_FALSE(problem().may_pass);
  }
  wishes_.announce_host = "fe80::1%eth0";
  EXPECT_THAT(problem().message, HasSubstr("link-local"));
}

TEST_F(PlanAddresses, RefusesLoopbackWhereTheCoordinatorIsElsewhere) {
  wishes_.coordinator = {{"127.0.0.1", 2379}, {"host2", 2379}};
  for (const char* host : {"127.0.0.1", "::1", "localhost"}) {
    wishes_.announce_host = host;
    EXPECT_THAT(problem().message, HasSubstr("coordinator host2:2379 is on another")) << host;
  }
  wishes_.announce_host.clear();
  wishes_.bind = {"127.0.0.1"};
  EXPECT_THAT(problem().message, HasSubstr("--bind or --announce-host"));
  wishes_.coordinator = {{"127.0.0.1", 2379}, {"10.0.0.1", 2379}};
  EXPECT_EQ(plan().announce_host, "127.0.0.1") << "all of it is on this machine";
}

TEST_F(PlanAddresses, RefusesAnAddressThatIsNotListenedOn) {
  machine_.own = {"10.0.0.1", "10.1.0.1"};
  wishes_.bind = {"10.0.0.1"};
  wishes_.announce_host = "10.1.0.1";
  EXPECT_THAT(problem().message, HasSubstr("not listened on"));
  wishes_.bind = {"*"};
  EXPECT_EQ(plan().announce_host, "10.1.0.1");
}

}  // namespace
}  // namespace borg::server
