// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/jsonl.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace borg::borgctl {
namespace {

std::string why(std::string_view line) {
  const RecordResult result = parse_json_record(line);
  return result ? "a record" : result.error().why;
}

TEST(JsonLines, ReadsARecord) {
  const RecordResult result = parse_json_record(
      R"({"value": "\u00e9\n", "key": "k", "ttl_ms": 5, "expires_at_ms": 1700000000000})");
  ASSERT_TRUE(result) << result.error().why;
  EXPECT_EQ(result->key, "k");
  EXPECT_EQ(result->value, "\xC3\xA9\n");
  EXPECT_EQ(result->ttl_ms, 5);
  EXPECT_EQ(result->expires_at_ms, 1700000000000);
}

TEST(JsonLines, ReadsBase64) {
  const RecordResult result = parse_json_record(R"({"key_base64": "/w==", "value_base64": ""})");
  ASSERT_TRUE(result) << result.error().why;
  EXPECT_EQ(result->key, "\xFF");
  EXPECT_EQ(result->value, "");
}

TEST(JsonLines, ReadsContainers) {
  const RecordResult list =
      parse_json_record(R"({"key": "k", "type": "list", "value": ["a", ""]})");
  ASSERT_TRUE(list) << list.error().why;
  EXPECT_EQ(list->container, (Container{"list", {"a", ""}}));
  const RecordResult hash = parse_json_record(
      R"({"value_base64": {"/w==": "YQ=="}, "key": "k", "type": "hash", "ttl_ms": 5})");
  ASSERT_TRUE(hash) << hash.error().why;
  EXPECT_EQ(hash->container, (Container{"hash", {"\xFF", "a"}}));
  EXPECT_EQ(hash->ttl_ms, 5);
}

TEST(JsonLines, SaysWhatIsWrongWithContainers) {
  EXPECT_EQ(why(R"({"key": "k", "value": ["a"]})"), "value is not a string");
  EXPECT_EQ(why(R"({"key": "k", "type": "list", "value": "a"})"), "value is not that of a list");
  EXPECT_EQ(why(R"({"key": "k", "type": "list", "value": {}})"), "value is not that of a list");
  EXPECT_EQ(why(R"({"key": "k", "type": "hash", "value": []})"), "value is not that of a hash");
  EXPECT_EQ(why(R"({"key": "k", "type": "set", "value": []})"), "an empty set");
  EXPECT_EQ(why(R"({"key": "k", "type": "set"})"), "no value");
  EXPECT_EQ(why(R"({"key": "k", "type": "tree", "value": []})"), "unknown type \"tree\"");
  EXPECT_EQ(why(R"({"key": "k", "type": "set", "value": [1]})"), "an element is not a string");
  EXPECT_EQ(why(R"({"key": "k", "type": "set", "value_base64": ["!"]})"),
            "an element is not base64");
  EXPECT_EQ(why(R"({"key": "k", "type": "zset", "value": {"a": "x"}})"), "a score is not a number");
  EXPECT_EQ(why(R"({"key": ["k"], "value": "a"})"), "key is not a string");
}

TEST(JsonLines, AnyContainerReadsBackFromOneLine) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& items, bool is_hash) {
    Container container{is_hash ? "hash" : "list", items};
    if (is_hash && items.size() % 2 == 1) container.items.pop_back();
    RC_PRE(!container.items.empty());
    // A hash has each field once.
    for (std::size_t i = 0; is_hash && i < container.items.size(); i += 2) {
      container.items[i] += std::to_string(i);
    }
    const Record record{
        .key = "k", .value = {}, .container = container, .ttl_ms = {}, .expires_at_ms = {}};
    std::string line;
    append_json_record(line, record);
    RC_ASSERT(line.find('\n') == line.size() - 1);
    const RecordResult result = parse_json_record(line);
    RC_ASSERT(result.has_value());
    RC_ASSERT(*result == record);
  }));
}

TEST(JsonLines, SaysWhatIsWrong) {
  EXPECT_TRUE(why("nonsense").starts_with("not JSON"));
  EXPECT_TRUE(why(R"({"key": "k", "value": "v"} x)").starts_with("not JSON"));
  EXPECT_TRUE(why("{\"key\": \"\xFF\", \"value\": \"v\"}").starts_with("not JSON"));
  EXPECT_TRUE(why(R"({"key": "\ud800", "value": "v"})").starts_with("not JSON"));
  EXPECT_EQ(why("[1]"), "not a JSON object");
  EXPECT_EQ(why(R"({"value": "v"})"), "no key");
  EXPECT_EQ(why(R"({"key": "k"})"), "no value");
  EXPECT_EQ(why(R"({"key": "k", "value": 5})"), "value is not a string");
  EXPECT_EQ(why(R"({"key": "k", "value": "v", "expire": 5})"), "unknown field \"expire\"");
  EXPECT_EQ(why(R"({"key": "k", "value": "v", "ttl_ms": 0})"),
            "ttl_ms is not a positive whole number");
  EXPECT_EQ(why(R"({"key": "k", "value": "v", "ttl_ms": "5"})"),
            "ttl_ms is not a positive whole number");
  EXPECT_EQ(why(R"({"key": "k", "key_base64": "aw==", "value": "v"})"),
            "key_base64 is there beside the plain text");
  EXPECT_EQ(why(R"({"key": "k", "value_base64": "!"})"), "value_base64 is not base64");
}

TEST(JsonLines, AnyRecordReadsBackFromOneLine) {
  EXPECT_TRUE(rc::check(
      [](const std::string& key, const std::string& value, bool expires, std::uint32_t at) {
        Record record{.key = key, .value = value, .ttl_ms = {}, .expires_at_ms = {}};
        if (expires) record.expires_at_ms = std::int64_t{at} + 1;
        std::string line;
        append_json_record(line, record);
        RC_ASSERT(line.find('\n') == line.size() - 1);
        const RecordResult result = parse_json_record(line);
        RC_ASSERT(result.has_value());
        RC_ASSERT(*result == record);
      }));
}

TEST(JsonLines, KeepsTextReadableAndBytesExact) {
  std::string out;
  append_json_record(out,
                     {.key = "\xE2\x82\xAC", .value = "\xFF", .ttl_ms = {}, .expires_at_ms = {}});
  EXPECT_EQ(out, "{\"key\": \"\xE2\x82\xAC\", \"value_base64\": \"/w==\"}\n");
}

}  // namespace
}  // namespace borg::borgctl
