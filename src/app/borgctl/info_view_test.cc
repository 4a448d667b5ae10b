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

TEST(InfoView, ANarrowTerminalLosesTheLeastImportantColumns) {
  const ClusterInfo info = parse_cluster_info(kJson).value();
  EXPECT_EQ(info_text(info, 64).find("ADDRESS"), std::string::npos);
  EXPECT_THAT(info_text(info, 64),
              HasSubstr("NODE        KEYS  PRIMARIES  BACKUPS   MEMORY  STATE"));
  EXPECT_THAT(info_text(info, 30), HasSubstr("NODE        KEYS  STATE\n"));
  EXPECT_THAT(info_text(info, 1), HasSubstr("NODE\na\nlong-name\n"));
}

TEST(InfoView, TellsOfRiskBalanceAndRepair) {
  const ClusterInfo info = parse_cluster_info(R"({
    "cluster": {"risk": {"pairs": 45, "fatal_pairs": 40, "chance": 0.888889}, "repair": null,
                "last_repair": {"milliseconds": 412, "slots": 5472}},
    "nodes": [{"state": "active", "primary_slots": 1, "backup_slots": 2, "keys": 7,
               "memory_bytes": 1024},
              {"state": "active", "primary_slots": 2, "backup_slots": 2, "keys": 7},
              {"state": "down", "primary_slots": 0, "backup_slots": 0, "keys": 0}]})")
                               .value();
  EXPECT_THAT(info_text(info), HasSubstr("a node holds: slots 3 to 4, keys 7, memory 1.0 KiB\n"));
  EXPECT_THAT(info_text(info),
              HasSubstr("two deaths at once: 88.9 % would lose something (40 of 45 pairs)\n"));
  EXPECT_THAT(info_text(info), HasSubstr("last repair: 0.4 s, of 5,472 slots\n"));
  ClusterInfo healing = info;
  healing.repair = RepairInfo{.milliseconds = 90, .slots = 16};
  EXPECT_THAT(info_text(healing), HasSubstr("repair: running for 0.1 s, of 16 slots\n"));
  EXPECT_THAT(info_text(healing), Not(HasSubstr("last repair")));
  healing.repair->waits_for = "nodes";
  EXPECT_THAT(info_text(healing),
              HasSubstr("repair: waits for another node to join, for 0.1 s, of 16 slots\n"));
  healing.repair->waits_for = "memory";
  EXPECT_THAT(info_text(healing),
              HasSubstr("repair: waits for memory of the other nodes, for 0.1 s, of 16 slots\n"));
}

TEST(InfoView, NamesNodesWithoutMemory) {
  const ClusterInfo info = parse_cluster_info(R"({
    "nodes": [{"name": "a", "memory_used_bytes": 2048, "memory_limit_bytes": 3072,
               "death_exceeds_memory": true, "partitions_without_memory": 3},
              {"name": "b", "memory_used_bytes": 1024, "memory_limit_bytes": 1024,
               "memory_full": true, "death_exceeds_memory": true},
              {"name": "c", "memory_used_bytes": 1024, "memory_limit_bytes": 0}]})")
                               .value();
  EXPECT_THAT(info_text(info),
              HasSubstr("under-replicated because of memory: 3 partitions\n"
                        "memory is full, writes there answer -OOM: b (1.0 KiB of 1.0 KiB)\n"
                        "memory is too small for another death: a (2.0 KiB of 3.0 KiB), "
                        "b (1.0 KiB of 1.0 KiB)\n"));
  EXPECT_THAT(info_text(parse_cluster_info(R"({"nodes": [{"name": "c"}]})").value()),
              Not(HasSubstr("memory is")));
}

TEST(InfoView, NamesWrongClocks) {
  const ClusterInfo info = parse_cluster_info(R"({"nodes": [
    {"name": "a", "clock_ahead_ms": -90000, "clock_is_wrong": true},
    {"name": "b", "clock_ahead_ms": 7, "clock_is_wrong": false},
    {"name": "c", "clock_ahead_ms": null, "clock_is_wrong": false}]})")
                               .value();
  EXPECT_THAT(info_text(info),
              HasSubstr("The wall clock of a is 1m30s behind the cluster's time, and is not "));
  EXPECT_THAT(info_text(info), Not(HasSubstr("wall clock of b")));
  EXPECT_THAT(info_text(info), Not(HasSubstr("wall clock of c")));
  const ClusterInfo disputed = parse_cluster_info(R"({"nodes": [
    {"name": "a", "clock_ahead_ms": -90000, "clock_is_wrong": true, "clock_is_disputed": true}]})")
                                   .value();
  EXPECT_THAT(info_text(disputed), HasSubstr("a is 1m30s behind the time that the cluster goes "
                                             "by, but no majority of clocks says which"));
}

ClusterInfo moving() {
  ClusterInfo info;
  info.rebalance = RebalanceInfo{.is_running = true,
                                 .milliseconds = 3000,
                                 .slots = 4000,
                                 .slots_left = 1000,
                                 .bytes_left = std::int64_t{5} << 20};
  return info;
}

TEST(MovementText, DrawsABarWithBytesAndTime) {
  EXPECT_EQ(movement_text(moving(), {.width = kAnyWidth, .bytes_per_second = 2048}),
            "[######################........]  75%  3,000 of 4,000 slots, about 5.0 MiB to send, "
            "2.0 KiB/s, 1.0 s left");
}

TEST(MovementText, ForecastsNothingFromNothing) {
  ClusterInfo info = moving();
  info.rebalance->slots_left = 4000;
  EXPECT_THAT(movement_text(info, {}), HasSubstr("  0%  0 of 4,000 slots, about 5.0 MiB to send"));
  EXPECT_THAT(movement_text(info, {}), Not(HasSubstr("left")));
}

TEST(MovementText, TheBarTakesWhatRoomThereIs) {
  EXPECT_THAT(movement_text(moving(), {.width = 70}), HasSubstr("[####..] "));
  EXPECT_THAT(movement_text(moving(), {.width = 60}), Not(HasSubstr("[")));
  EXPECT_LE(movement_text(moving(), {.width = 70}).size(), 70u);
}

TEST(MovementText, SaysWhenNothingMoves) {
  EXPECT_EQ(movement_text({}, {}), "nothing moves");
  ClusterInfo info = moving();
  info.rebalance->is_running = false;
  EXPECT_EQ(movement_text(info, {}),
            "nothing moves; the last rebalance moved 4,000 slots in 3.0 s");
}

TEST(CutRows, ShortensTheTableAndKeepsTheTotals) {
  const std::string text = "NODE\na\nb\nc\nd\n\ntotals\nmoving\n";
  EXPECT_EQ(cut_rows(text, 8), text);
  EXPECT_EQ(cut_rows(text, 7), "NODE\na\nb\n... and 2 more\n\ntotals\nmoving\n");
  EXPECT_EQ(cut_rows(text, 6), "NODE\na\n... and 3 more\n\ntotals\nmoving\n");
  EXPECT_EQ(cut_rows(text, 2), "totals\nmoving\n");
  EXPECT_EQ(cut_rows(text, 1), "moving\n");
  EXPECT_EQ(cut_rows(text, 0), "");
  EXPECT_EQ(cut_rows("one\ntwo\n", 1), "two\n");
}

TEST(CutLines, CountsCharactersAndKeepsLines) {
  EXPECT_EQ(cut_lines("abc\n\ndefgh\n", 4), "abc\n\ndefg\n");
  EXPECT_EQ(cut_lines("\xc3\xa4\xc3\xb6x\ny", 2), "\xc3\xa4\xc3\xb6\ny");
  EXPECT_EQ(cut_lines("ab\n", kAnyWidth), "ab\n");
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
