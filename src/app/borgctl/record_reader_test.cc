// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/record_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "app/borgctl/failure.h"

namespace borg::borgctl {
namespace {

using testing::ElementsAre;

/// Reads a text as a file: "line key=value", or "line: why" for a bad one.
std::vector<std::string> read(FileFormat::Kind kind, const std::string& text) {
  const std::string path = testing::TempDir() + "borgctl_record_reader_test";
  std::FILE* const file = std::fopen(path.c_str(), "w");
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
  LineReader lines(path);
  const auto reader = make_record_reader({.kind = kind}, lines);
  std::vector<std::string> found;
  while (const auto item = reader->next()) {
    const std::string line = std::to_string(item->line);
    found.push_back(item->record ? line + " " + item->record->key + "=" + item->record->value
                                 : line + ": " + item->record.error().why);
  }
  std::remove(path.c_str());
  EXPECT_EQ(lines.bytes_read(), text.size());
  return found;
}

std::vector<std::string> read_csv(const std::string& text) {
  return read(FileFormat::Kind::kCsv, text);
}

TEST(RecordReader, NumbersJsonLinesAndSkipsBlankOnes) {
  EXPECT_THAT(read(FileFormat::Kind::kJsonLines,
                   "\xEF\xBB\xBF{\"key\":\"a\",\"value\":\"1\"}\r\n\n  \n[]\n"
                   "{\"key\":\"b\",\"value\":\"2\"}"),
              ElementsAre("1 a=1", "4: not a JSON object", "5 b=2"));
}

TEST(RecordReader, NamesTheLineWhereACsvRecordStarts) {
  EXPECT_THAT(read_csv("a,1\n\"b\n\",\"2\n\n\"\nc,3,x\nd,4\n"),
              ElementsAre("1 a=1", "2 b\n=2\n\n",
                          "6: field 3: \"x\" is not a positive whole number", "7 d=4"));
}

TEST(RecordReader, TakesAHeaderOnlyAsTheFirstRecord) {
  EXPECT_THAT(read_csv("value,key\n1,a\n"), ElementsAre("2 a=1"));
  EXPECT_THAT(read_csv("key,value\nkey,value\n"), ElementsAre("2 key=value"));
}

TEST(RecordReader, LosesNoGoodLineToAStrayQuote) {
  EXPECT_THAT(read_csv("a,\"1\nb,2\n\nc,3\n"),
              ElementsAre("1: a quoted field without an end", "2 b=2", "4 c=3"));
  EXPECT_THAT(read_csv("a,\"1\nb,2\nc,\"3\nd,4\n"),
              ElementsAre("1: text behind a closing quote", "2 b=2",
                          "3: a quoted field without an end", "4 d=4"));
}

TEST(RecordReader, SaysThatAFileIsMissing) {
  EXPECT_THROW(LineReader("/nonexistent/file"), Failure);
}

}  // namespace
}  // namespace borg::borgctl
