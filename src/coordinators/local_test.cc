// SPDX-License-Identifier: Apache-2.0
#include "coordinators/local.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "coordinators/local_directory.h"
#include "coordinators/sqlite.h"
#include "coordinators/testing/process.h"
#include "coordinators/testing/recorder.h"

namespace borg::coordinators::testing {
namespace {

using coordination::TxnId;
using coordination::TxnOutcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Local : public ::testing::Test {
 protected:
  void TearDown() override {
    for (Client& client : clients_) {
      client.stop();
      EXPECT_THAT(client.record().breaches, IsEmpty());
    }
  }
  [[nodiscard]] LocalOptions options() const {
    LocalOptions out;
    out.directory = directory_;
    out.cluster = "test";
    return out;
  }
  Client& client(const LocalOptions& with) {
    return clients_.emplace_back(std::make_unique<LocalCoordinator>(with));
  }
  Client& joined() {
    Client& out = client(options());
    EXPECT_TRUE(out.join());
    return out;
  }
  /// Starts a client that is to say Fatal, and returns why.
  std::string refusal(const LocalOptions& with) {
    Client& out = client(with);
    out.start();
    EXPECT_TRUE(out.wait_until([&](const Record& r) { return !r.fatal.empty(); }));
    EXPECT_EQ(out.commit({{}, {{"k", "v"}}, {}}).outcome, TxnOutcome::kUnavailable);
    return out.record().fatal.empty() ? "" : out.record().fatal.front();
  }
  [[nodiscard]] std::unique_ptr<Process> child(const std::string& mode,
                                               const std::string& argument) const {
    const std::string where = mode == "lock" ? database_ : "local:" + directory_;
    return std::make_unique<Process>(
        std::vector<std::string>{BORG_TEST_CLIENT, mode, where, argument});
  }
  /// Runs SQL behind the coordinators' back.
  void tamper(const char* sql) const {
    sqlite::Connection connection;
    EXPECT_TRUE(connection.open(database_, 5000) && connection.run(sql)) << connection.message();
  }

  TempDirectory temp_;
  const std::string directory_ = temp_.path() + "/cluster";
  const std::string database_ = directory_ + "/borg.db";
  std::deque<Client> clients_;
};

TEST_F(Local, KilledProcessLosesItsKeys) {
  Client& a = joined();
  const auto b = child("hold", "b");
  ASSERT_EQ(b->read_line(), "ready");
  ASSERT_TRUE(a.wait_for_key("b"));
  b->kill();
  a.coordinator().suspect("b");
  EXPECT_TRUE(a.wait_for_absence("b"));
  EXPECT_EQ(a.record().deletions["b"], 1);
}

TEST_F(Local, KilledProcessIsNoticedUnasked) {
  Client& a = joined();
  Client& c = joined();
  const auto b = child("hold", "b");
  ASSERT_TRUE(a.wait_for_key("b"));
  ASSERT_TRUE(c.wait_for_key("b"));
  b->kill();
  EXPECT_TRUE(a.wait_for_absence("b"));
  EXPECT_TRUE(c.wait_for_absence("b"));
  EXPECT_EQ(c.record().deletions["b"], 1);
}

TEST_F(Local, StoppedProcessKeepsItsKeys) {
  Client& a = joined();
  const auto b = child("hold", "b");
  ASSERT_TRUE(a.wait_for_key("b"));
  b->signal(SIGSTOP);
  for (int i = 0; i < 50; ++i) {
    a.coordinator().suspect("b");
    ASSERT_TRUE(a.put("k", std::to_string(i)));
  }
  EXPECT_TRUE(a.view().contains("b"));
}

TEST_F(Local, LastProcessThatDiesLeavesNoSession) {
  {
    const auto b = child("hold", "b");
    ASSERT_EQ(b->read_line(), "ready");
  }
  Client& a = joined();
  EXPECT_TRUE(a.wait_for_absence("b"));
}

TEST_F(Local, ProcessesThatStartTogetherMakeOneDatabase) {
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove_all(directory_);
    std::vector<std::unique_ptr<Process>> children;
    for (int i = 0; i < 4; ++i) children.push_back(child("count", "10"));
    for (const auto& each : children) EXPECT_EQ(each->wait(), 0);
    Client& a = joined();
    EXPECT_EQ(a.view().at("counter").value, "40");
    a.stop();
  }
}

TEST_F(Local, ProcessesKilledInTheMiddleOfWritesHarmNothing) {
  Client& a = joined();
  for (int round = 0; round < 10; ++round) {
    const auto b = child("count", "1000000");
    const auto c = child("count", "1000000");
    const Revision before = a.revision();
    ASSERT_TRUE(
        a.wait_until([&](const Record& r) { return r.revision.value() > before.value() + 20; }));
    b->kill();
    c->kill();
    ASSERT_TRUE(a.put("round", std::to_string(round)));
  }
  Client& late = joined();
  ASSERT_TRUE(a.wait_for_revision(late.revision()));
  EXPECT_EQ(a.view(), late.view());
  EXPECT_THAT(late.record().fatal, IsEmpty());
}

TEST_F(Local, WriteLockOfAStoppedProcessIsTroubleUntilItDies) {
  LocalOptions impatient = options();
  impatient.answer_within = Duration::millis(1500);
  Client& a = client(impatient);
  ASSERT_TRUE(a.join());
  Client& b = joined();
  ASSERT_TRUE(a.put("before", ""));
  const auto holder = child("lock", "");
  ASSERT_EQ(holder->read_line(), "ready");
  holder->signal(SIGSTOP);
  const TxnId first = a.submit({{}, {{"never", ""}}, {}});
  const TxnId second = a.submit({{}, {{"never", ""}}, {}});
  EXPECT_TRUE(b.wait_for_key("before"));
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return r.done.size() == 3; }));
  EXPECT_EQ(a.answer(first).outcome, TxnOutcome::kUnavailable);
  EXPECT_EQ(a.answer(second).outcome, TxnOutcome::kUnavailable);
  EXPECT_EQ(a.record().troubles, 1);
  EXPECT_TRUE(a.record().is_troubled);
  holder->kill();
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return !r.is_troubled; }));
  EXPECT_TRUE(a.put("after", ""));
  EXPECT_TRUE(b.wait_for_key("after"));
  EXPECT_FALSE(b.view().contains("never"));
  EXPECT_EQ(b.record().troubles, 0);
}

TEST_F(Local, StopDoesNotWaitForALockedDatabase) {
  Client& a = joined();
  ASSERT_TRUE(a.put("a", "", true));
  const auto holder = child("lock", "");
  ASSERT_EQ(holder->read_line(), "ready");
  a.submit({{}, {{"never", ""}}, {}});
  a.stop();
  holder->kill();
  Client& b = joined();
  EXPECT_TRUE(b.wait_for_absence("a"));
}

TEST_F(Local, DeletedDirectoryIsFatal) {
  Client& a = joined();
  std::filesystem::remove_all(directory_);
  EXPECT_NE(a.commit({{}, {{"k", "v"}}, {}}).outcome, TxnOutcome::kCommitted);
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return !r.fatal.empty(); }));
  EXPECT_THAT(a.record().fatal, ElementsAre(HasSubstr("deleted or replaced")));
}

TEST_F(Local, ReplacedFilesAreFatalForTheOldNodesOnly) {
  for (const char* file : {"borg.db", "borg.db-wal", "borg.db-shm"}) {
    Client& a = joined();
    std::filesystem::rename(directory_ + "/" + file, directory_ + "/moved");
    EXPECT_TRUE(a.wait_until([&](const Record& r) { return !r.fatal.empty(); })) << file;
    a.stop();
    std::filesystem::remove_all(directory_);
    EXPECT_TRUE(joined().put("k", "v"));
    clients_.back().stop();
  }
}

TEST_F(Local, GarbageInPlaceOfADatabaseIsFatal) {
  joined().stop();
  std::ofstream(database_, std::ios::binary) << std::string(8192, 'x');
  EXPECT_THAT(refusal(options()), HasSubstr("not a database"));
}

TEST_F(Local, DamagedDatabaseIsFatal) {
  Client& a = joined();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(a.put("k" + std::to_string(i), std::string(2000, 'x')));
  }
  a.stop();
  std::filesystem::resize_file(database_, std::filesystem::file_size(database_) / 2);
  EXPECT_NE(refusal(options()), "");
}

TEST_F(Local, LockFileOfTheSessionsMustBeThere) {
  joined().stop();
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (entry.path().filename().string().starts_with("sessions-")) {
      std::filesystem::remove(entry.path());
    }
  }
  EXPECT_THAT(refusal(options()), HasSubstr("if no node of the cluster runs, remove"));
}

TEST_F(Local, OtherDatabasesAreRefused) {
  joined().stop();
  LocalOptions other = options();
  other.cluster = "other";
  EXPECT_THAT(refusal(other), HasSubstr("belongs to the cluster test, not to other"));
  tamper("PRAGMA user_version = 2");
  EXPECT_THAT(refusal(options()), HasSubstr("has version 2"));
  tamper("PRAGMA application_id = 1");
  EXPECT_THAT(refusal(options()), HasSubstr("is not Borg's"));
}

TEST_F(Local, DirectoryMustBeOursAlone) {
  joined().stop();
  struct stat info {};
  ASSERT_EQ(stat(directory_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  std::filesystem::permissions(directory_, std::filesystem::perms::all);
  EXPECT_THAT(refusal(options()), HasSubstr("can be written by others"));
  std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
  LocalOptions foreign = options();
  if (geteuid() == 0) {
    ASSERT_EQ(chown(directory_.c_str(), 12345, 12345), 0);
  } else {
    foreign.directory = "/usr";
  }
  EXPECT_THAT(refusal(foreign), HasSubstr("belongs to user"));
  std::filesystem::create_directory_symlink(temp_.path(), temp_.path() + "/link");
  foreign.directory = temp_.path() + "/link";
  EXPECT_THAT(refusal(foreign), HasSubstr("cannot open the directory"));
  foreign.directory = temp_.path() + "/absent/cluster";
  EXPECT_THAT(refusal(foreign), HasSubstr("cannot create the directory"));
}

TEST_F(Local, DefaultDirectoryIsTheUsersOwn) {
  setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
  EXPECT_EQ(default_local_directory("c"), "/run/user/7/borg-c");
  unsetenv("XDG_RUNTIME_DIR");
  EXPECT_EQ(default_local_directory("c"), "/tmp/borg-" + std::to_string(geteuid()) + "-c");
}

TEST_F(Local, FullDatabaseRefusesAndRecovers) {
  LocalOptions small = options();
  small.size_bytes_max = 256 << 10;
  Client& a = client(small);
  ASSERT_TRUE(a.join());
  int stored = 0;
  while (stored < 100 && a.put("k" + std::to_string(stored), std::string(16 << 10, 'x'))) ++stored;
  ASSERT_LT(stored, 100);
  EXPECT_EQ(a.answer(static_cast<TxnId>(stored) + 1).outcome, TxnOutcome::kUnavailable);
  EXPECT_EQ(a.view().size(), static_cast<std::size_t>(stored));
  EXPECT_EQ(a.record().troubles, 1);
  for (const char* key : {"k0", "k1", "k2"}) {
    EXPECT_EQ(a.commit({{}, {}, {{key}}}).outcome, TxnOutcome::kCommitted);
  }
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return !r.is_troubled; }));
  EXPECT_TRUE(a.put("again", std::string(16 << 10, 'x')));
}

}  // namespace
}  // namespace borg::coordinators::testing
