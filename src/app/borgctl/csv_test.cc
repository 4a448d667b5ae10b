// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace borg::borgctl {
namespace {

using Fields = std::vector<std::string>;
using Status = CsvSplitter::Status;
using testing::ElementsAre;

/// Feeds a text line by line; the fields of all its records, or the errors in their places.
std::vector<Fields> split(std::string_view text, char delimiter = ',') {
  CsvSplitter splitter(delimiter);
  std::vector<Fields> records;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const Status status = splitter.feed(text.substr(0, end));
    text.remove_prefix(end);
    if (status == Status::kRecord) records.push_back(splitter.fields());
    if (status == Status::kError) records.push_back({"error: " + splitter.error()});
  }
  return records;
}

TEST(CsvSplitter, SplitsFields) {
  EXPECT_THAT(split("a,b\r\nc,,d\n,"),
              ElementsAre(Fields{"a", "b"}, Fields{"c", "", "d"}, Fields{"", ""}));
}

TEST(CsvSplitter, KeepsWhatIsQuoted) {
  EXPECT_THAT(split("\"a,\"\"b\"\"\",\"x\r\ny\n\"\n\"\",z"),
              ElementsAre(Fields{"a,\"b\"", "x\r\ny\n"}, Fields{"", "z"}));
}

TEST(CsvSplitter, TakesAnotherDelimiter) {
  EXPECT_THAT(split("a,b;\"c;d\"\n", ';'), ElementsAre(Fields{"a,b", "c;d"}));
}

TEST(CsvSplitter, GoesOnBehindABadRecord) {
  EXPECT_THAT(
      split("a\"b,c\nd,e\n\"f\"g,h\ni,j\n"),
      ElementsAre(Fields{"error: a quote inside a field that is not quoted"}, Fields{"d", "e"},
                  Fields{"error: text behind a closing quote"}, Fields{"i", "j"}));
}

Record record_of(const CsvColumns& columns, Fields fields) {
  const RecordResult result = csv_record(columns, std::move(fields));
  return result ? *result : Record{.key = "not", .value = "a record"};
}

std::string why(const CsvColumns& columns, Fields fields) {
  const RecordResult result = csv_record(columns, std::move(fields));
  return result ? "a record" : result.error().why;
}

TEST(CsvRecord, HasKeyValueAndMaybeAnExpiry) {
  const CsvColumns plain;
  EXPECT_EQ(record_of(plain, {"k", "v"}).value, "v");
  EXPECT_EQ(record_of(plain, {"k", "v", "7"}).expires_at_ms, 7);
  EXPECT_EQ(record_of(plain, {"k", "v", ""}).expires_at_ms, std::nullopt);
  EXPECT_EQ(why(plain, {"k"}), "1 fields instead of 2 or 3");
  EXPECT_EQ(why(plain, {"k", "v", "soon"}), "field 3: \"soon\" is not a positive whole number");
  EXPECT_EQ(why(plain, {"k", "v", "-1"}), "field 3: \"-1\" is not a positive whole number");
}

TEST(CsvRecord, RefusesBinaryAndSaysWhatToUse) {
  EXPECT_THAT(why({}, {"k", "\xFF"}), testing::HasSubstr("--format jsonl"));
  EXPECT_THAT(why({}, {"k", std::string("\0", 1)}), testing::HasSubstr("value_base64"));
}

TEST(CsvRecord, FollowsAHeader) {
  const Fields header = {"ttl_ms", "value_base64", "key"};
  ASSERT_TRUE(is_csv_header(header));
  const Record record = record_of(csv_columns(header), {"9", "/w==", "k"});
  EXPECT_EQ(record.key, "k");
  EXPECT_EQ(record.value, "\xFF");
  EXPECT_EQ(record.ttl_ms, 9);
  EXPECT_EQ(why(csv_columns(header), {"9", "!", "k"}), "field 2: not base64");
  EXPECT_EQ(why(csv_columns(header), {"9", ""}), "2 fields instead of 3");
}

TEST(CsvRecord, DoesNotTakeDataForAHeader) {
  EXPECT_FALSE(is_csv_header({"key", "other"}));
  EXPECT_FALSE(is_csv_header({"key", "key_base64", "value"}));
  EXPECT_FALSE(is_csv_header({"key", "value", "value"}));
  EXPECT_FALSE(is_csv_header({"value", "expires_at_ms"}));
}

/// What a dump writes and a load reads, without the files.
Record round_trip(const Record& record, const CsvStyle& style) {
  std::string text = csv_header(style);
  append_csv_record(text, record, style);
  const std::vector<Fields> records = split(text, style.delimiter);
  RC_ASSERT(records.size() == 2u);
  RC_ASSERT(is_csv_header(records[0]));
  return record_of(csv_columns(records[0]), records[1]);
}

TEST(CsvRecord, AnyTextReadsBack) {
  const auto text = rc::gen::container<std::string>(
      rc::gen::element('a', ',', ';', '"', '\n', '\r', ' ', '\t', '#'));
  EXPECT_TRUE(rc::check([&] {
    Record record{.key = *text, .value = *text, .ttl_ms = {}, .expires_at_ms = {}};
    if (*rc::gen::arbitrary<bool>()) record.expires_at_ms = *rc::gen::inRange(1, 1 << 30);
    const char delimiter = *rc::gen::element(',', ';', '\t', '|', ' ');
    RC_ASSERT(round_trip(record, {.delimiter = delimiter}) == record);
  }));
}

TEST(CsvRecord, AnyBytesReadBackAsBase64) {
  EXPECT_TRUE(rc::check([](const std::string& key, const std::string& value) {
    const Record record{.key = key, .value = value, .ttl_ms = {}, .expires_at_ms = {}};
    RC_ASSERT(round_trip(record, {.is_base64 = true}) == record);
  }));
}

}  // namespace
}  // namespace borg::borgctl
