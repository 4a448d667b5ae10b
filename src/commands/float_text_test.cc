// SPDX-License-Identifier: Apache-2.0
#include "commands/float_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

TEST(FloatText, ReadsScoresAsRedisDoes) {
  EXPECT_EQ(parse_double("1.5"), 1.5);
  EXPECT_EQ(parse_double("+5"), 5);
  EXPECT_EQ(parse_double("0x10"), 16);
  EXPECT_EQ(parse_double("-Infinity"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double("5e-324"), 5e-324);
  for (const char* text : {"", " 1", "1 ", "nan", "1e999", "1e-400", "x", "1x", "1e"}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_double(std::string_view("1\0", 2)), std::nullopt);
}

TEST(FloatText, ReadsTheBordersOfRangesAsRedisDoes) {
  EXPECT_EQ(parse_score_border(""), 0);
  EXPECT_EQ(parse_score_border(" 1"), 1);
  EXPECT_EQ(parse_score_border("1e999"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_score_border(std::string_view("1\0x", 3)), 1);
  for (const char* text : {"1 ", "nan", "x", "1x"}) {
    EXPECT_EQ(parse_score_border(text), std::nullopt) << text;
  }
}

TEST(FloatText, WritesScoresAsRedisDoes) {
  EXPECT_EQ(format_score(3), "3");
  EXPECT_EQ(format_score(0.1), "0.10000000000000001");
  EXPECT_EQ(format_score(-1e20), "-1e+20");
  EXPECT_EQ(format_score(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(format_score(-0.0), "-0");
}

}  // namespace
}  // namespace borg::commands
