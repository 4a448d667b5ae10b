// SPDX-License-Identifier: Apache-2.0
#include "commands/float_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace borg::commands {
namespace {

std::string added(std::string_view a, std::string_view b) {
  return format_float(parse_float(a).value() + parse_float(b).value());
}

TEST(FloatText, ShowsNoMoreDigitsThanNeeded) {
  EXPECT_EQ(added("0.1", "0.2"), "0.3");
  EXPECT_EQ(added("10.50", "0.1"), "10.6");
  EXPECT_EQ(added("5.0e3", "2.0e2"), "5200");
  EXPECT_EQ(added("-1", "1"), "0");
  EXPECT_EQ(added("-0.0", "-0.0"), "0");
  EXPECT_EQ(added("100", "0"), "100");
}

TEST(FloatText, RefusesWhatIsNoNumber) {
  for (const char* text : {"", " 1", "1 ", "a", "1a", "nan", "1e5000", "1e-5000", "1,5", "--1"}) {
    EXPECT_FALSE(parse_float(text)) << text;
  }
  EXPECT_FALSE(parse_float(std::string_view("1\0", 2)));
  EXPECT_FALSE(parse_float(std::string(6000, '1')));
  EXPECT_TRUE(std::isinf(parse_float("inf").value()));
}

}  // namespace
}  // namespace borg::commands
