// SPDX-License-Identifier: Apache-2.0
#include "commands/event_flags.h"

#include <gtest/gtest.h>

namespace borg::commands {
namespace {

std::string shown(std::string_view letters) { return EventFlags::parse(letters)->shown(); }

TEST(EventFlags, AreShownAsRedisShowsThem) {
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown("KEA"), "AKE");
  EXPECT_EQ(shown("gKE"), "gKE");
  EXPECT_EQ(shown("$lshzxeKE"), "$lshzxeKE");
  EXPECT_EQ(shown("EKEx"), "xKE");
  EXPECT_EQ(shown("mnK"), "nKm");
  EXPECT_EQ(shown("g$lshzxetd"), "A");
  EXPECT_EQ(shown("AnmK"), "AKm") << "Redis 7.0 leaves the n out";
}

TEST(EventFlags, ReadBackFromTheirLetters) {
  for (const std::string_view letters : {"", "KEA", "AnmK", "gx", "dtm"}) {
    const auto flags = EventFlags::parse(letters);
    EXPECT_EQ(EventFlags::parse(flags->letters())->letters(), flags->letters());
  }
  EXPECT_EQ(EventFlags::parse("AnK")->letters(), "g$lshzxetdnK");
}

TEST(EventFlags, RefuseAnyOtherLetter) {
  for (const std::string_view letters : {"a", "K E", "KEAq", "k", "\xff"}) {
    EXPECT_FALSE(EventFlags::parse(letters)) << letters;
  }
}

TEST(EventFlags, NeedAClassAndAPlace) {
  EXPECT_FALSE(EventFlags().any());
  EXPECT_FALSE(EventFlags::parse("KE")->any());
  EXPECT_FALSE(EventFlags::parse("A")->any());
  EXPECT_TRUE(EventFlags::parse("Kn")->any());
  EXPECT_TRUE(EventFlags::parse("Em")->has(EventClass::kKeyMiss));
  EXPECT_FALSE(EventFlags::parse("Em")->has(EventClass::kNew));
  EXPECT_FALSE(EventFlags::parse("A")->has(EventClass::kKeyMiss));
}

}  // namespace
}  // namespace borg::commands
