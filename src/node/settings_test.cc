// SPDX-License-Identifier: Apache-2.0
#include "node/settings.h"

#include <gtest/gtest.h>

namespace borg::node {
namespace {

std::string value_of(const Settings& settings, std::string_view name) {
  const NamesAndValues found = matching_settings(settings, {name});
  return found.size() == 1 ? found.front().second : "?";
}

TEST(Settings, NumbersHaveUnitsAndBorders) {
  Settings settings;
  EXPECT_EQ(change_settings(settings, {"maxmemory", "10MB", "TIMEOUT", "7"}), "");
  EXPECT_EQ(value_of(settings, "maxmemory"), "10485760");
  EXPECT_EQ(value_of(settings, "timeout"), "7");
  EXPECT_NE(change_settings(settings, {"maxmemory", "99999999999gb"}), "");
  EXPECT_NE(change_settings(settings, {"slowlog-log-slower-than", "-2"}), "");
  EXPECT_EQ(change_settings(settings, {"slowlog-log-slower-than", "-1"}), "");
}

TEST(Settings, AllAreSetOrNone) {
  Settings settings;
  EXPECT_NE(change_settings(settings, {"timeout", "7", "slowlog-max-len", "x"}), "");
  EXPECT_EQ(value_of(settings, "timeout"), "0");
}

TEST(Settings, WhatIsFixedMayOnlyBeSetToWhatItIs) {
  Settings settings;
  EXPECT_EQ(change_settings(settings, {"appendonly", "no", "save", ""}), "");
  EXPECT_EQ(change_settings(settings, {"appendonly", "yes"}),
            "ERR CONFIG SET failed (possibly related to argument 'appendonly') - can't set "
            "immutable config");
}

TEST(Settings, WhatRedisKnowsNoWordForIsNoValue) {
  Settings settings;
  EXPECT_EQ(change_settings(settings, {"maxmemory-policy", "NoEviction"}), "");
  EXPECT_EQ(change_settings(settings, {"maxmemory-policy", "allkeys-lru"}),
            "ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - can't set "
            "immutable config");
  EXPECT_EQ(change_settings(settings, {"appendfsync", "never"}),
            "ERR CONFIG SET failed (possibly related to argument 'appendfsync') - argument(s) must "
            "be one of the following: everysec, always, no");
  EXPECT_EQ(change_settings(settings, {"maxclients", "0"}),
            "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be "
            "between 1 and 4294967295 inclusive");
}

TEST(Settings, PatternsMatchInAnyCaseAndNameEachOnce) {
  const Settings settings;
  EXPECT_EQ(matching_settings(settings, {"SLOWLOG-*", "slowlog-max*"}).size(), 2u);
  EXPECT_EQ(matching_settings(settings, {"nothing"}).size(), 0u);
}

TEST(Settings, PercentilesReadBack) {
  Settings settings;
  EXPECT_EQ(change_settings(settings, {"latency-tracking-info-percentiles", "50  99.9 0"}), "");
  EXPECT_EQ(value_of(settings, "latency-tracking-info-percentiles"), "50 99.9 0");
  EXPECT_NE(change_settings(settings, {"latency-tracking-info-percentiles", "50 x"}), "");
  EXPECT_NE(change_settings(settings, {"latency-tracking-info-percentiles", "101"}), "");
  EXPECT_EQ(change_settings(settings, {"latency-tracking-info-percentiles", ""}), "");
  EXPECT_EQ(value_of(settings, "latency-tracking-info-percentiles"), "");
}

}  // namespace
}  // namespace borg::node
