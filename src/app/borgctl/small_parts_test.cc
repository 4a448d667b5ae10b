// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "app/borgctl/endpoint.h"
#include "app/borgctl/failure.h"
#include "app/borgctl/format.h"
#include "app/borgctl/history_file.h"
#include "app/borgctl/holders.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/patience.h"
#include "app/borgctl/seen_keys.h"

namespace borg::borgctl {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

/// A folder of its own for each test, removed with it.
class InFolder : public testing::Test {
 protected:
  InFolder() {
    std::string name = testing::TempDir() + "borgctl-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~InFolder() override { fs::remove_all(folder_); }

  static std::string content(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};
class OutputFileTest : public InFolder {};
class HistoryFileTest : public InFolder {};

TEST(Endpoint, ReadsWhatItWrites) {
  for (const char* text : {"127.0.0.1:7001", "[::1]:7001", "host.name:1"}) {
    ASSERT_TRUE(parse_endpoint(text)) << text;
    EXPECT_EQ(parse_endpoint(text)->text(), text);
  }
  for (const char* text : {"", "7001", ":7001", "a:", "a:0", "::1:7001"}) {
    EXPECT_EQ(parse_endpoint(text), std::nullopt) << text;
  }
}

TEST(ChooseFormat, FollowsTheWordsThenTheName) {
  using Kind = FileFormat::Kind;
  EXPECT_EQ(choose_format({}, "-").kind, Kind::kJsonLines);
  EXPECT_EQ(choose_format({}, "a.csv").kind, Kind::kCsv);
  EXPECT_EQ(choose_format({}, "a.tsv").delimiter, '\t');
  EXPECT_EQ(choose_format({.format = "jsonl"}, "a.csv").kind, Kind::kJsonLines);
  EXPECT_EQ(choose_format({.format = "csv", .delimiter = "\\t"}, "-").delimiter, '\t');
  EXPECT_THROW(static_cast<void>(choose_format({.format = "xml"}, "a")), Failure);
  EXPECT_THROW(static_cast<void>(choose_format({.delimiter = ";"}, "a.jsonl")), Failure);
  for (const char* word : {"ab", "\"", "\n"}) {
    EXPECT_THROW(static_cast<void>(choose_format({.delimiter = word}, "a.csv")), Failure) << word;
  }
}

TEST(Holders, AreReadFromTheReply) {
  const auto reply =
      resp::parse_reply("*1\r\n*4\r\n$1\r\na\r\n$2\r\n1f\r\n$6\r\nhost:1\r\n$7\r\nprimary\r\n");
  const auto holders = parse_holders(reply.reply->value);
  ASSERT_TRUE(holders);
  EXPECT_EQ(holders_line(*holders), "a (primary)");
  EXPECT_EQ(holders_json(*holders),
            R"([{"name": "a", "id": "1f", "address": "host:1", "role": "primary"}])");
  EXPECT_FALSE(parse_holders(resp::parse_reply("*1\r\n*1\r\n$1\r\na\r\n").reply->value));
  EXPECT_FALSE(parse_holders(resp::parse_reply("-ERR no\r\n").reply->value));
}

TEST(PassingErrors, AreThoseThatSayNotNow) {
  const auto is_passing = [](const char* bytes) {
    return is_passing_error(resp::parse_reply(bytes).reply->value);
  };
  EXPECT_TRUE(is_passing("-INDOUBT the outcome is unknown\r\n"));
  EXPECT_TRUE(is_passing("-CLUSTERDOWN\r\n"));
  EXPECT_FALSE(is_passing("-DATALOSS both copies died\r\n"));
  EXPECT_FALSE(is_passing("-ERR NOREPLICAS\r\n"));
  EXPECT_FALSE(is_passing("+NOREPLICAS\r\n"));
}

TEST(Patience, RunsOutOnceAndIsRefilledBySuccess) {
  Patience patience(std::chrono::milliseconds(1));
  while (patience.wait()) {
  }
  EXPECT_FALSE(patience.wait());
  patience.refill();
  EXPECT_TRUE(patience.wait());
}

TEST(SeenKeys, KnowsAKeyAgain) {
  SeenKeys seen;
  EXPECT_TRUE(seen.add("a"));
  EXPECT_FALSE(seen.add("a"));
  EXPECT_TRUE(seen.add(""));
  EXPECT_TRUE(seen.contains(""));
  EXPECT_FALSE(seen.contains("b"));
}

TEST_F(OutputFileTest, AppearsOnlyWhenItIsComplete) {
  const fs::path path = folder_ / "out";
  std::ofstream(path) << "old";
  {
    OutputFile file(path);
    file.write("new");
    EXPECT_EQ(content(path), "old");
  }
  EXPECT_EQ(content(path), "old");
  EXPECT_EQ(files(), 1u);
  OutputFile file(path);
  file.write("new");
  file.commit();
  EXPECT_EQ(content(path), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, LeavesTheOldOneBesideAnIncompleteOne) {
  const fs::path path = folder_ / "out";
  std::ofstream(path) << "old";
  OutputFile file(path);
  file.write("half");
  EXPECT_EQ(file.commit_as_incomplete(), path.string() + ".incomplete");
  EXPECT_EQ(content(path), "old");
  EXPECT_EQ(content(path.string() + ".incomplete"), "half");
}

TEST_F(OutputFileTest, ReplacesWhatALinkPointsTo) {
  std::ofstream(folder_ / "target") << "old";
  fs::create_symlink("target", folder_ / "link");
  OutputFile file(folder_ / "link");
  file.write("new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(content(folder_ / "target"), "new");
}

TEST_F(OutputFileTest, RefusesAFolder) {
  EXPECT_THROW(OutputFile{folder_}, Failure);
  EXPECT_THROW(OutputFile{folder_ / "missing" / "out"}, Failure);
}

TEST_F(HistoryFileTest, IsForTheUserAlone) {
  const fs::path path = folder_ / "state" / "borg" / "history";
  const HistoryFile file(path);
  EXPECT_THAT(file.load(), ElementsAre());
  file.append("SET a 1");
  file.append("GET a");
  EXPECT_THAT(file.load(), ElementsAre("SET a 1", "GET a"));
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(path.parent_path()).permissions(), fs::perms::owner_all);
}

TEST_F(HistoryFileTest, StaysBounded) {
  const fs::path path = folder_ / "history";
  std::ofstream out(path);
  for (std::size_t i = 0; i <= 2 * HistoryFile::kLinesKept; ++i) out << i << "\n";
  out.close();
  const auto lines = HistoryFile(path).load();
  EXPECT_EQ(lines.size(), HistoryFile::kLinesKept);
  EXPECT_EQ(lines.back(), "2000");
  EXPECT_TRUE(content(path).starts_with("1001\n"));
}

TEST(History, ForgetsPasswords) {
  EXPECT_TRUE(may_be_remembered("SET auth 1"));
  EXPECT_TRUE(may_be_remembered("HELLO 3"));
  EXPECT_FALSE(may_be_remembered("auth secret"));
  EXPECT_FALSE(may_be_remembered("HELLO 3 AUTH me secret"));
  EXPECT_FALSE(may_be_remembered("CONFIG SET requirepass secret"));
  EXPECT_FALSE(may_be_remembered(" SET a 1"));
  EXPECT_FALSE(may_be_remembered(""));
}

}  // namespace
}  // namespace borg::borgctl
