// SPDX-License-Identifier: Apache-2.0
#include "server/listener.h"

#include <gtest/gtest.h>

#include "server/host_dialer.h"

namespace borg::server {
namespace {

class ListenerTest : public ::testing::Test {
 protected:
  /// "" if it can be connected.
  std::string dial(const std::string& host, std::uint16_t port, std::size_t turn = 0) {
    HostDialer dialer(context_);
    std::string outcome = "no outcome";
    dialer.dial({host, port}, turn, std::chrono::seconds(20), [&](ErrorCode ec, tcp::socket) {
      outcome = ec ? ec.message() : "";
      context_.stop();
    });
    context_.restart();
    context_.run();
    return outcome;
  }
  static std::uint16_t port_of(const std::vector<tcp::acceptor>& acceptors) {
    return acceptors.front().local_endpoint().port();
  }

  asio::io_context context_;
};

TEST_F(ListenerTest, AllPortsAreOnEveryAddress) {
  const auto made = listen(context_, {.addresses = {{"127.0.0.1"}, {"127.0.0.2"}, {"::1", true}}});
  ASSERT_TRUE(made.listeners) << made.error;
  const Listeners& all = *made.listeners;
  for (const char* host : {"127.0.0.1", "127.0.0.2"}) {
    EXPECT_EQ(dial(host, port_of(all.clients)), "") << host;
    EXPECT_EQ(dial(host, port_of(all.bus)), "") << host;
    EXPECT_EQ(dial(host, port_of(all.http)), "") << host;
  }
  EXPECT_EQ(port_of(all.bus), port_of(all.clients) + 10000);
  EXPECT_EQ(all.clients.size(), all.bus.size());
}

TEST_F(ListenerTest, APortThatIsTakenOnOneAddressIsTaken) {
  const auto first = listen(context_, {.addresses = {{"127.0.0.2"}}});
  ASSERT_TRUE(first.listeners) << first.error;
  const std::uint16_t port = port_of(first.listeners->clients);
  const auto second = listen(context_, {.addresses = {{"127.0.0.1"}, {"127.0.0.2", true}}});
  ASSERT_TRUE(second.listeners) << second.error;
  EXPECT_GT(port_of(second.listeners->clients), port);
  const auto third =
      listen(context_, {.addresses = {{"127.0.0.1"}, {"127.0.0.2", true}}, .port = port});
  EXPECT_FALSE(third.listeners);
  EXPECT_NE(third.error.find("127.0.0.2:" + std::to_string(port)), std::string::npos)
      << third.error;
}

TEST_F(ListenerTest, AnOptionalAddressMayBeMissing) {
  const auto made = listen(context_, {.addresses = {{"192.0.2.1", true}, {"127.0.0.1"}}});
  ASSERT_TRUE(made.listeners) << made.error;
  EXPECT_EQ(made.listeners->clients.size(), 1u);
  EXPECT_FALSE(listen(context_, {.addresses = {{"192.0.2.1"}, {"127.0.0.1"}}}).listeners);
  const auto none = listen(context_, {.addresses = {{"192.0.2.1", true}}});
  EXPECT_FALSE(none.listeners);
  EXPECT_NE(none.error.find("192.0.2.1"), std::string::npos) << none.error;
}

TEST_F(ListenerTest, TheWildcardsOfBothKindsStandBesideEachOther) {
  const auto made = listen(context_, {.addresses = {{"0.0.0.0", true}, {"::", true}}});
  ASSERT_TRUE(made.listeners) << made.error;
  EXPECT_EQ(dial("127.0.0.1", port_of(made.listeners->clients)), "");
}

TEST_F(ListenerTest, NamesAreDialledAddressByAddress) {
  const auto made = listen(context_, {});
  ASSERT_TRUE(made.listeners) << made.error;
  // The name may have an address of IPv6 as well, where nobody listens.
  const std::uint16_t port = port_of(made.listeners->clients);
  EXPECT_TRUE(dial("localhost", port, 0).empty() || dial("localhost", port, 1).empty());
  EXPECT_NE(dial("127.0.0.9", port), "") << "nobody listens there";
}

}  // namespace
}  // namespace borg::server
