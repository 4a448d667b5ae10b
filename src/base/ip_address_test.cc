// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <gtest/gtest.h>

#include <utility>

namespace borg {
namespace {

TEST(Ipv4, IsReadAsItIsWritten) {
  EXPECT_EQ(ipv4_from_text("10.0.255.1"), (Ipv4{10, 0, 255, 1}));
  EXPECT_EQ(to_text(Ipv4{10, 0, 255, 1}), "10.0.255.1");
  for (const char* text : {"", ".", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1",
                           "01.2.3.4", "1.2.3.x", "1..2.3", "-1.2.3.4", "1.2.3.0x4", " 1.2.3.4"}) {
    EXPECT_EQ(ipv4_from_text(text), std::nullopt) << text;
  }
}

TEST(Ipv6, IsWrittenInItsShortestForm) {
  const std::pair<const char*, const char*> forms[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"fe80::0001", "fe80::1"},
      {"::ffff:1.2.3.4", "::ffff:102:304"},
      {"64:ff9b::10.0.0.1", "64:ff9b::a00:1"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
  };
  for (const auto& [text, shortest] : forms) {
    const auto address = ipv6_from_text(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_text(*address), shortest);
    EXPECT_EQ(ipv6_from_text(shortest), address) << shortest;
  }
}

TEST(Ipv6, IsRefusedWhereItIsNone) {
  for (const char* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           ":1::2",
                           "1::2:",
                           "12345::",
                           "g::",
                           "::1.2.3",
                           "1.2.3.4::",
                           "1.2.3.4",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "1:2:3:4:5:6:7:8::",
                           "::1%eth0",
                           "[::1]",
                           " ::1",
                           "::-1",
                           "+1::"}) {
    EXPECT_EQ(ipv6_from_text(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace borg
