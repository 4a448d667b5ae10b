// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/info_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/borgctl/cluster_info.h"
#include "app/borgctl/human.h"
#include "app/borgctl/progress.h"

namespace borg::borgctl {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kJson = R"({
  "cluster": {"name": "borg", "nodes": 2, "keys": 1234, "copies": 2, "min_copies": 2,
              "under_replicated_slots": 0, "moving_slots": 16, "lost_slots": 0, "new_field": [1]},
  "nodes": [
    {"name": "a", "id": "1f", "address": "127.0.0.1:7001", "state": "active", "keys": 1234,
     "primary_slots": 8192, "backup_slots": 8192, "memory_bytes": 1572864, "zone": ""},
    {"name": "long-name", "address": "127.0.0.1:7002", "state": "joining", "unknown": {}}
  ]})";

TEST(ClusterInfo, ReadsWhatIsThere) {
  const ClusterInfo info = parse_cluster_info(kJson).value();
  EXPECT_EQ(info.keys, 1234);
  ASSERT_EQ(info.nodes.size(), 2u);
  EXPECT_EQ(info.nodes[0].memory_bytes, 1572864);
  EXPECT_EQ(info.nodes[1].memory_bytes, std::nullopt);
  EXPECT_EQ(info.find("1f"), info.nodes.data());
  EXPECT_EQ(info.find("127.0.0.1:7002"), &info.nodes[1]);
  EXPECT_EQ(info.find("b"), nullptr);
}

TEST(ClusterInfo, PrefersTheNodeThatIsUp) {
  const ClusterInfo info = parse_cluster_info(R"({"nodes": [
    {"name": "a", "id": "1", "state": "down"}, {"name": "a", "id": "2", "state": "active"},
    {"name": "a", "id": "3", "state": "down"}, {"name": "b", "id": "4", "state": "down"}]})")
                               .value();
  EXPECT_EQ(info.find("a")->id, "2");
  EXPECT_EQ(info.find("3")->id, "3");
  EXPECT_EQ(info.find("b")->id, "4");
}

TEST(ClusterInfo, SurvivesAnUnexpectedShape) {
  EXPECT_EQ(parse_cluster_info("nonsense"), std::nullopt);
  EXPECT_EQ(parse_cluster_info("[]"), std::nullopt);
  for (const char* json : {"{}", R"({"cluster": 5, "nodes": {}})", R"({"nodes": [null, 7, {}]})",
                           R"({"cluster": {"keys": "many", "copies": null}})"}) {
    const auto info = parse_cluster_info(json);
    ASSERT_TRUE(info) << json;
    EXPECT_FALSE(info_text(*info).empty());
  }
}

TEST(InfoView, DrawsATable) {
  EXPECT_EQ(info_text(parse_cluster_info(kJson).value()),
            "NODE       ADDRESS          KEYS  PRIMARIES  BACKUPS   MEMORY  STATE\n"
            "a          127.0.0.1:7001  1,234      8,192    8,192  1.5 MiB  active\n"
            "long-name  127.0.0.1:7002      -          -        -        -  joining\n"
            "\n"
            "cluster borg: 2 nodes, keys 1,234, copies 2\n"
            "slots: under-replicated 0, moving 16, lost 0\n");
}

TEST(InfoView, ShowsZonesAndLossOnlyWhereThereAreAny) {
  ClusterInfo info = parse_cluster_info(kJson).value();
  EXPECT_THAT(info_text(info), Not(HasSubstr("ZONE")));
  EXPECT_THAT(info_text(info), Not(HasSubstr("accept-loss")));
  info.nodes[0].zone = "east";
  info.lost_slots = 16;
  info.min_copies = 1;
  EXPECT_THAT(info_text(info), HasSubstr("active   east\n"));
  EXPECT_THAT(info_text(info), HasSubstr("accept-loss"));
  EXPECT_THAT(info_text(info), HasSubstr("copies 2 (at least 1)"));
}

TEST(MovementBar, TakesTheMostItSawForTheWhole) {
  MovementBar movement;
  EXPECT_EQ(movement.next(0), "");
  EXPECT_THAT(movement.next(50), HasSubstr("0 of 50 slots moved"));
  EXPECT_THAT(movement.next(100), HasSubstr("0 of 100 slots moved"));
  EXPECT_EQ(movement.next(50), "[###############...............] 50 of 100 slots moved");
  EXPECT_EQ(movement.next(0), "");
  EXPECT_THAT(movement.next(10), HasSubstr("0 of 10 slots moved"));
}

TEST(Bar, StaysInItsBounds) {
  EXPECT_EQ(bar(-1, 4), "[....]");
  EXPECT_EQ(bar(0.5, 4), "[##..]");
  EXPECT_EQ(bar(7, 4), "[####]");
}

TEST(Human, WritesNumbersForPeople) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(std::int64_t{5} << 40), "5.0 TiB");
  EXPECT_EQ(human_count(-1234567), "-1,234,567");
  EXPECT_EQ(human_count(100), "100");
  EXPECT_EQ(human_seconds(0.42), "0.4 s");
  EXPECT_EQ(human_seconds(59.7), "1m00s");
  EXPECT_EQ(human_seconds(7384), "2h03m");
  EXPECT_EQ(human_number_of(1, "key"), "1 key");
}

TEST(ProgressText, ForecastsWhatItCanKnow) {
  EXPECT_EQ(progress_text({.part = 50, .whole = 100, .units = 1000}, "record", 2),
            "[###############...............]  50%  1,000 records  500/s  2.0 s left");
  EXPECT_EQ(progress_text({.part = 50, .whole = {}, .units = 1}, "record", 0), "1 record");
  EXPECT_EQ(progress_text({.part = 0, .whole = 0, .units = 0}, "record", 0), "0 records");
}

}  // namespace
}  // namespace borg::borgctl
