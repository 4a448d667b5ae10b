// SPDX-License-Identifier: Apache-2.0
#include "server/address_prober.h"

#include <gtest/gtest.h>

#include <memory>

#include "server/bus_acceptor.h"
#include "server/listener.h"

namespace borg::server {
namespace {

using wire::Found;

constexpr NodeId kA{1};
constexpr NodeId kB{2};

/// The bus port of a node, and its probes.
struct Bus {
  Bus(asio::io_context& context, const std::string& cluster, NodeId id)
      : prober(context, cluster, id) {
    tcp::acceptor listening(context, {asio::ip::make_address("127.0.0.1"), 0});
    port = listening.local_endpoint().port();
    acceptor = std::make_unique<BusAcceptor>(
        std::move(listening), cluster, id, 1, prober, [](tcp::socket, const wire::Hello&) {},
        [](const std::string&) {});
    acceptor->start();
  }
  [[nodiscard]] HostPort address() const { return {"127.0.0.1", port}; }

  AddressProber prober;
  std::uint16_t port = 0;
  std::unique_ptr<BusAcceptor> acceptor;
};

class AddressProberTest : public ::testing::Test {
 protected:
  AddressProber::Finding probe(Bus& from, const HostPort& to, NodeId expected,
                               std::optional<HostPort> back = std::nullopt) {
    AddressProber::Finding found;
    from.prober.probe(to, expected, std::move(back), [&](AddressProber::Finding f) {
      found = std::move(f);
      context_.stop();
    });
    context_.restart();
    context_.run();
    return found;
  }
  /// A port at which nobody listens.
  HostPort nowhere() {
    tcp::acceptor unused(context_, {asio::ip::make_address("127.0.0.1"), 0});
    return {"127.0.0.1", unused.local_endpoint().port()};
  }

  asio::io_context context_;
  Bus a_{context_, "test", kA};
  Bus b_{context_, "test", kB};
  Bus stranger_{context_, "other", NodeId(3)};
};

TEST_F(AddressProberTest, FindsTheNode) {
  EXPECT_EQ(probe(a_, b_.address(), kB).found, Found::kNode);
  EXPECT_EQ(probe(a_, a_.address(), kA).found, Found::kNode) << "its own address";
  EXPECT_EQ(probe(a_, b_.address(), kB).found_back, Found::kNothing) << "nobody asked for it";
}

TEST_F(AddressProberTest, FindsSomebodyElse) {
  EXPECT_EQ(probe(a_, a_.address(), kB).found, Found::kItself);
  EXPECT_EQ(probe(a_, b_.address(), NodeId(9)).found, Found::kOtherNode);
  const auto found = probe(a_, stranger_.address(), kB);
  EXPECT_EQ(found.found, Found::kStranger);
  EXPECT_EQ(found.detail, "other");
}

TEST_F(AddressProberTest, FindsNobody) {
  const auto found = probe(a_, nowhere(), kB);
  EXPECT_EQ(found.found, Found::kNobody);
  EXPECT_EQ(found.detail, "Connection refused");
  tcp::acceptor silent(context_, {asio::ip::make_address("127.0.0.1"), 0});
  EXPECT_EQ(probe(a_, {"127.0.0.1", silent.local_endpoint().port()}, kB).found, Found::kSilence);
}

TEST_F(AddressProberTest, IsDialledBack) {
  EXPECT_EQ(probe(a_, b_.address(), kB, a_.address()).found_back, Found::kNode);
  EXPECT_EQ(probe(a_, b_.address(), kB, b_.address()).found_back, Found::kItself);
  const auto found = probe(a_, b_.address(), kB, nowhere());
  EXPECT_EQ(found.found, Found::kNode);
  EXPECT_EQ(found.found_back, Found::kNobody);
  EXPECT_EQ(found.detail_back, "Connection refused");
  EXPECT_EQ(probe(a_, stranger_.address(), kB, a_.address()).found_back, Found::kNothing)
      << "a stranger dials for nobody";
}

}  // namespace
}  // namespace borg::server
