// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include "commands/fake_cluster.h"
#include "commands/transcript_file.h"

namespace borg::commands::testing {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// The files' names, between bars, are given by the build.
std::vector<std::string> transcript_files() {
  std::vector<std::string> files;
  std::string_view names = BORG_TRANSCRIPTS;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find('|'), names.size());
    files.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return files;
}

std::string read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "r"),
                                                             std::fclose);
  std::string text;
  EXPECT_TRUE(file) << path;
  for (int c = file ? std::fgetc(file.get()) : EOF; c != EOF; c = std::fgetc(file.get())) {
    text += static_cast<char>(c);
  }
  return text;
}

/// What a client queues is the gateway's business, not the table's.
bool has_transaction(const TranscriptGroup& group) {
  return std::ranges::any_of(group.steps, [](const TranscriptStep& step) {
    return step.command.find("MULTI") != std::string::npos;
  });
}

/// Plays a group, and notes the names of the commands that were compared.
void play(const TranscriptGroup& group, std::set<std::string_view>& played) {
  FakeCluster cluster;
  if (group.is_resp3) cluster.version = resp::Version::kResp3;
  for (const TranscriptStep& step : group.steps) {
    cluster.now_ms += step.wait_ms;
    if (step.command.empty() || step.is_raw || step.expected.front() == "(no reply)") continue;
    resp::RequestParser parser;
    const std::string line = step.command + "\n";
    ASSERT_EQ(parser.parse(line), resp::RequestParser::Status::kRequest) << step.command;
    const std::string reply = cluster.run(parser.args());
    if (reply.empty()) continue;
    const auto result = resp::parse_reply(reply);
    ASSERT_TRUE(result.reply && result.reply->consumed == reply.size()) << reply;
    const auto actual = show_reply(result.reply->value, step.is_sorted);
    EXPECT_TRUE(reply_matches(step.expected, actual))
        << "line " << step.line_number << ": " << step.command << "\nexpected:\n"
        << joined(step.expected) << "actual:\n"
        << joined(actual);
    if (const CommandSpec* const spec = resolve(parser.args())) played.insert(spec->name);
  }
}

TEST(Transcripts, AreWhatTheTableDoes) {
  std::set<std::string_view> played;
  for (const std::string& file : transcript_files()) {
    for (const TranscriptGroup& group : read_transcript(read_file(file))) {
      SCOPED_TRACE(file + ": " + group.title);
      if (!group.only_others && !group.is_stateful && !has_transaction(group)) play(group, played);
    }
  }
  for (const CommandSpec& spec : all_commands()) {
    if (spec.place != Place::kPartition || spec.is(kInternal)) continue;
    EXPECT_TRUE(played.contains(spec.name)) << spec.name << " is in no transcript";
  }
}

}  // namespace
}  // namespace borg::commands::testing
