// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <gtest/gtest.h>

#include <string>

namespace borg {
namespace {

TEST(Host, IsAnAddressOrAName) {
  for (const char* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255"}) {
    EXPECT_EQ(kind_of_host(text), HostKind::kIpv4) << text;
  }
  for (const char* text : {"::", "::1", "fd00::a", "fe80::1%eth0", "::ffff:10.0.0.1"}) {
    EXPECT_EQ(kind_of_host(text), HostKind::kIpv6) << text;
  }
  for (const char* text : {"localhost", "host1", "a.example.org", "a.example.org.", "my_host",
                           "1host", "10.in-addr"}) {
    EXPECT_EQ(kind_of_host(text), HostKind::kName) << text;
  }
}

TEST(Host, IsRefusedWhereItIsNone) {
  const std::string long_label(64, 'a');
  for (const std::string& text :
       {std::string(), std::string("."), std::string("a..b"), std::string("-a"), std::string("a-"),
        std::string("a b"), std::string("a=b"), std::string("1.2.3"), std::string("1.2.3.4.5"),
        std::string("256.0.0.1"), std::string("127.1"), std::string("7001"), std::string("[::1]"),
        std::string("::1%"), std::string("fe80::1%a b"), std::string(":::"), std::string("é"),
        long_label, std::string(300, 'a')}) {
    EXPECT_EQ(kind_of_host(text), HostKind::kInvalid) << text;
  }
}

TEST(Host, ComesBackAsItIsUsuallyWritten) {
  EXPECT_EQ(host_from_text("[::1]"), "::1");
  EXPECT_EQ(host_from_text("FD00:0:0::0A"), "fd00::a");
  EXPECT_EQ(host_from_text("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(host_from_text("fe80::1%eth0"), "fe80::1%eth0");
  EXPECT_EQ(host_from_text("Host1.example"), "Host1.example");
  for (const char* text : {"", "[]", "[host]", "[127.0.0.1]", "[::1", "::1]", "*", "10.0.0.1:7001"})
    EXPECT_EQ(host_from_text(text), std::nullopt) << text;
}

TEST(Host, KnowsTheAddressesThatOthersCannotUse) {
  for (const char* text : {"0.0.0.0", "::", "0::0"}) EXPECT_TRUE(is_wildcard(text)) << text;
  for (const char* text : {"10.0.0.0", "::1", "host"}) EXPECT_FALSE(is_wildcard(text)) << text;
  for (const char* text : {"127.0.0.1", "127.0.1.1", "::1", "localhost", "a.localhost"}) {
    EXPECT_TRUE(is_loopback(text)) << text;
  }
  for (const char* text : {"128.0.0.1", "::2", "host", "0.0.0.0"}) {
    EXPECT_FALSE(is_loopback(text)) << text;
  }
  EXPECT_TRUE(is_ipv6_link_local("fe80::1%eth0"));
  EXPECT_FALSE(is_ipv6_link_local("fd00::1"));
  EXPECT_FALSE(is_ipv6_link_local("169.254.0.1"));
}

TEST(HostPort, IsReadAsItIsWritten) {
  for (const char* text : {"127.0.0.1:7001", "[::1]:7001", "[fe80::1%eth0]:1", "host.name:65535"}) {
    const auto read = host_port_from_text(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(host_port_text(read->host, read->port), text);
  }
  EXPECT_EQ(host_port_from_text("[0:0::1]:80"), (HostPort{"::1", 80}));
}

TEST(HostPort, IsRefusedWhereItIsNone) {
  for (const char* text : {"", "7001", ":7001", "a:", "a:0", "a:65536", "a:7x", "a:-1", "::1:7001",
                           "[::1]", "[::1]7001", "[a]:1", "a b:1", "http://a:1", "a:1/"}) {
    EXPECT_EQ(host_port_from_text(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace borg
