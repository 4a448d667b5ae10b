// SPDX-License-Identifier: Apache-2.0
// EtcdCoordinator against a real etcd that is killed, paused, cut off, compacted and wiped.
#include "coordinators/etcd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <deque>
#include <memory>
#include <string>

#include "coordinators/etcd_client.h"
#include "coordinators/factory.h"
#include "coordinators/testing/etcd_server.h"
#include "coordinators/testing/recorder.h"
#include "coordinators/testing/tcp_proxy.h"

namespace borg::coordinators::testing {
namespace {

using coordination::TxnDone;
using coordination::TxnId;
using coordination::TxnOutcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Instant now() {
  return Instant::at_nanos(
      std::chrono::nanoseconds(EtcdClient::Clock::now().time_since_epoch()).count());
}

EtcdClient::Clock::time_point soon() { return EtcdClient::Clock::now() + std::chrono::seconds(10); }

class Etcd : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdServer::is_installed()) GTEST_SKIP() << "there is no etcd here";
    ASSERT_TRUE(server_.start());
  }
  void TearDown() override {
    for (Client& client : clients_) {
      client.stop();
      EXPECT_THAT(client.record().breaches, IsEmpty());
    }
  }
  [[nodiscard]] EtcdOptions options(const std::string& endpoint) const {
    EtcdOptions out;
    out.endpoints = {endpoint};
    out.cluster = "test";
    out.session_ttl = Duration::seconds(2);
    out.answer_within = Duration::seconds(2);
    out.call_within = Duration::seconds(1);
    return out;
  }
  Client& client(const EtcdOptions& with) {
    return clients_.emplace_back(std::make_unique<EtcdCoordinator>(with));
  }
  Client& joined(const std::string& endpoint) {
    Client& out = client(options(endpoint));
    EXPECT_TRUE(out.join());
    return out;
  }
  Client& joined() { return joined(server_.endpoint()); }
  /// Starts a client that is to say Fatal, and returns why.
  std::string refusal(const EtcdOptions& with) {
    Client& out = client(with);
    out.start();
    EXPECT_TRUE(out.wait_until([](const Record& r) { return !r.fatal.empty(); }));
    const Record record = out.record();
    return record.fatal.empty() ? "" : record.fatal.front();
  }
  [[nodiscard]] std::unique_ptr<Process> child(const std::string& mode,
                                               const std::string& argument) const {
    return std::make_unique<Process>(
        std::vector<std::string>{BORG_TEST_CLIENT, mode, "etcd://" + server_.endpoint(), argument});
  }

  EtcdServer server_;
  std::deque<Client> clients_;
};

TEST_F(Etcd, KeepsASessionAliveBeyondItsTtl) {
  Client& a = joined();
  ASSERT_TRUE(a.put("a", "", true));
  const Instant first = a.record().valid_until;
  EXPECT_LT(first, now() + Duration::seconds(2));
  EXPECT_TRUE(
      a.wait_until([&](const Record& r) { return r.valid_until > first + Duration::seconds(2); }));
  EXPECT_TRUE(a.view().contains("a"));
  EXPECT_EQ(a.record().sessions_lost, 0);
}

TEST_F(Etcd, KilledProcessLosesItsKeysAfterTheTtl) {
  Client& a = joined();
  const auto b = child("hold", "b");
  ASSERT_TRUE(a.wait_for_key("b"));
  b->kill();
  EXPECT_TRUE(a.wait_for_absence("b"));
}

TEST_F(Etcd, ProcessPausedForTooLongLosesItsSessionAndBeginsAnother) {
  Client& a = joined();
  const auto b = child("hold", "b");
  ASSERT_EQ(b->read_line(), "ready");
  ASSERT_TRUE(a.wait_for_key("b"));
  b->signal(SIGSTOP);
  ASSERT_TRUE(a.wait_for_absence("b"));
  b->signal(SIGCONT);
  EXPECT_TRUE(a.wait_until(
      [&](const Record& r) { return r.view.contains("b") && r.view.at("b").value == "2"; }));
}

TEST_F(Etcd, RestartInTheMiddleOfWritesLosesNothingThatWasCommitted) {
  Client& a = joined();
  Client& b = joined();
  ASSERT_TRUE(a.put("bound", "", true));
  for (int i = 0; i < 300; ++i) {
    a.submit({{}, {{"k" + std::to_string(i), ""}}, {}});
    if (i != 20) continue;
    ASSERT_TRUE(b.wait_for_key("k10"));
    server_.kill();
  }
  ASSERT_TRUE(server_.start());
  ASSERT_TRUE(a.wait_until([&](const Record& r) { return r.done.size() == 301; }));
  ASSERT_TRUE(a.put("last", ""));
  ASSERT_TRUE(b.wait_for_key("last"));
  EXPECT_EQ(a.view(), b.view());
  for (TxnId id = 2; id <= 301; ++id) {
    const TxnOutcome outcome = a.answer(id).outcome;
    const std::string key = "k" + std::to_string(id - 2);
    const bool is_there = b.view().contains(key);
    EXPECT_TRUE(outcome != TxnOutcome::kCommitted || is_there) << key;
    EXPECT_TRUE(outcome != TxnOutcome::kUnavailable || !is_there) << key;
  }
  EXPECT_TRUE(b.view().contains("bound"));
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return !r.is_troubled; }));
}

TEST_F(Etcd, PauseLongerThanTheTtlIsSurvived) {
  Client& a = joined();
  ASSERT_TRUE(a.put("a", "", true));
  server_.signal(SIGSTOP);
  const TxnDone first = a.commit({{}, {{"k", "1"}}, {}});
  EXPECT_EQ(first.outcome, TxnOutcome::kUnknown);
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return r.troubles > 0; }));
  while (now() < a.record().valid_until + Duration::seconds(1)) {
    a.commit({{}, {{"k", "1"}}, {}});  // takes its time
  }
  server_.signal(SIGCONT);
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return r.valid_until > now(); }));
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return !r.is_troubled; }));
  EXPECT_TRUE(a.put("k", "2"));
  EXPECT_EQ(a.view().contains("a"), a.record().sessions_lost == 0);
}

TEST_F(Etcd, LostAnswerIsUnknownNotUnavailable) {
  TcpProxy proxy(server_.endpoint());
  Client& a = joined(proxy.endpoint());
  Client& b = joined();
  proxy.swallow_answers();
  const TxnId sent = a.submit({{}, {{"k", "1"}}, {}});
  EXPECT_TRUE(b.wait_for_key("k"));
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return r.done.contains(sent); }));
  EXPECT_EQ(a.answer(sent).outcome, TxnOutcome::kUnknown);
  // Until the client has noticed that the connection is gone, it may try to use it.
  proxy.cut();
  std::string key;
  TxnDone done{0, TxnOutcome::kUnknown, Revision()};
  for (int i = 0; i < 10 && done.outcome == TxnOutcome::kUnknown; ++i) {
    key = "never" + std::to_string(i);
    done = a.commit({{}, {{key, ""}}, {}});
  }
  EXPECT_EQ(done.outcome, TxnOutcome::kUnavailable);
  proxy.resume();
  EXPECT_TRUE(a.wait_for_key("k"));
  EXPECT_TRUE(a.put("after", ""));
  EXPECT_TRUE(b.wait_for_key("after"));
  EXPECT_FALSE(b.view().contains(key));
}

TEST_F(Etcd, ChangesMadeWhileCutOffArriveOnce) {
  TcpProxy proxy(server_.endpoint());
  Client& a = joined(proxy.endpoint());
  Client& b = joined();
  ASSERT_TRUE(b.put("gone", ""));
  ASSERT_TRUE(a.wait_for_key("gone"));
  proxy.cut();
  ASSERT_EQ(b.commit({{}, {{"new", ""}}, {{"gone"}}}).outcome, TxnOutcome::kCommitted);
  ASSERT_TRUE(b.put("new", "2"));
  proxy.resume();
  ASSERT_TRUE(a.wait_for_revision(b.revision()));
  EXPECT_EQ(a.view(), b.view());
  EXPECT_EQ(a.record().snapshots, 1);
}

TEST_F(Etcd, CompactionWhileCutOffMeansANewSnapshot) {
  TcpProxy proxy(server_.endpoint());
  Client& a = joined(proxy.endpoint());
  Client& b = joined();
  ASSERT_TRUE(b.put("gone", ""));
  ASSERT_TRUE(a.wait_for_key("gone"));
  proxy.cut();
  ASSERT_EQ(b.commit({{}, {{"new", ""}}, {{"gone"}}}).outcome, TxnOutcome::kCommitted);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(b.put("k", std::to_string(i)));
  ASSERT_TRUE(server_.compact(b.revision()));
  proxy.resume();
  ASSERT_TRUE(a.wait_until([&](const Record& r) { return r.snapshots == 2; }));
  EXPECT_EQ(a.view(), b.view());
  ASSERT_TRUE(b.put("k", "later"));
  ASSERT_TRUE(a.wait_for_revision(b.revision()));
  EXPECT_EQ(a.view(), b.view());
}

TEST_F(Etcd, AnotherEndpointIsTriedWhenOneIsCutOff) {
  TcpProxy proxy(server_.endpoint());
  EtcdOptions both = options(proxy.endpoint());
  both.endpoints.push_back(server_.endpoint());
  Client& a = client(both);
  ASSERT_TRUE(a.join());
  ASSERT_TRUE(a.put("a", "", true));
  proxy.cut();
  const Instant at_cut = now();
  // The first one may have been on its way; the session lives on by way of the other endpoint.
  a.commit({{}, {{"k", "1"}}, {}});
  EXPECT_TRUE(a.put("k", "2"));
  EXPECT_TRUE(
      a.wait_until([&](const Record& r) { return r.valid_until > at_cut + Duration::seconds(3); }));
  EXPECT_EQ(a.record().sessions_lost, 0);
}

TEST_F(Etcd, StuckWatchIsRestartedWhenSomebodyHasSeenMore) {
  TcpProxy proxy(server_.endpoint());
  EtcdOptions both = options(proxy.endpoint());
  both.endpoints.push_back(server_.endpoint());
  Client& a = client(both);
  ASSERT_TRUE(a.join());
  Client& b = joined();
  proxy.swallow_answers();
  ASSERT_TRUE(b.put("k", ""));
  a.coordinator().hint(b.revision());
  EXPECT_TRUE(a.wait_for_key("k"));
}

TEST_F(Etcd, WipedServerIsFatal) {
  Client& a = joined();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(a.put("k", std::to_string(i)));
  server_.kill();
  server_.wipe();
  ASSERT_TRUE(server_.start());
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return !r.fatal.empty(); }));
  EXPECT_THAT(a.record().fatal, ElementsAre(HasSubstr("history")));
  EXPECT_EQ(a.commit({{}, {{"k", ""}}, {}}).outcome, TxnOutcome::kUnavailable);
}

TEST_F(Etcd, NothingIsSentWhileThereIsNoServer) {
  server_.kill();
  Client& a = client(options(server_.endpoint()));
  a.start();
  EXPECT_EQ(a.commit({{}, {{"k", ""}}, {}}).outcome, TxnOutcome::kUnavailable);
  EXPECT_EQ(a.commit({{}, {{"k", "", true}}, {}}).outcome, TxnOutcome::kUnavailable);
  EXPECT_GT(a.record().troubles, 0);
  ASSERT_TRUE(server_.start());
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return !r.is_troubled; }));
  EXPECT_TRUE(a.put("k", "", true));
}

TEST_F(Etcd, ClusterNamesAreKeptApart) {
  EtcdOptions other = options(server_.endpoint());
  other.cluster = "test2";
  Client& a = joined();
  Client& b = client(other);
  ASSERT_TRUE(b.join());
  ASSERT_TRUE(a.put("k", "a"));
  ASSERT_TRUE(b.put("k", "b"));
  ASSERT_TRUE(a.put("last", ""));
  EXPECT_EQ(a.view().at("k").value, "a");
  EXPECT_EQ(a.view().size(), 2u);
}

TEST_F(Etcd, UserAndPasswordAreUsedAndTokensRenewed) {
  for (const std::vector<std::string>& step : std::vector<std::vector<std::string>>{
           {"user", "add", "root:secret"},
           {"role", "add", "root"},
           {"user", "grant-role", "root", "root"},
           {"user", "add", "borg:word"},
           {"role", "add", "borg"},
           {"role", "grant-permission", "borg", "--prefix=true", "readwrite", "/borg/test/"},
           {"user", "grant-role", "borg", "borg"},
           {"auth", "enable"}}) {
    ASSERT_TRUE(server_.control(step)) << step[0] << " " << step[1];
  }
  EtcdOptions with = options(server_.endpoint());
  with.user = "borg";
  with.password = "word";
  Client& a = client(with);
  ASSERT_TRUE(a.join());
  ASSERT_TRUE(a.put("k", "1", true));
  // The tokens of before are unknown to a server that was restarted.
  server_.kill();
  ASSERT_TRUE(server_.start());
  for (int i = 0; i < 20 && !a.put("k", "2", true);) ++i;
  EXPECT_EQ(a.view().at("k").value, "2");
  const Instant before = a.record().valid_until;
  EXPECT_TRUE(a.wait_until([&](const Record& r) { return r.valid_until > before; }));
  EXPECT_THAT(a.record().fatal, IsEmpty());
  with.password = "wrong";
  EXPECT_NE(refusal(with), "");
  with = options(server_.endpoint());
  with.user = "borg";
  with.password = "word";
  with.cluster = "other";
  EXPECT_THAT(refusal(with), HasSubstr("permission denied"));
}

TEST_F(Etcd, TlsWithACertificateOfOurOwn) {
  server_.kill();
  if (!server_.use_tls()) GTEST_SKIP() << "there is no openssl here";
  ASSERT_TRUE(server_.start());
  CoordinatorSpec spec{"etcd://" + server_.endpoint(), "test", {}};
  spec.security.ca_file = server_.ca_file();
  const auto begin = [&]() -> Client& {
    Client& out = clients_.emplace_back(std::move(*make_coordinator(spec)));
    out.start();
    return out;
  };
  EXPECT_TRUE(begin().wait_until([](const Record& r) { return r.is_troubled; }));
  spec.security.cert_file = server_.cert_file();
  spec.security.key_file = server_.key_file();
  EXPECT_TRUE(begin().put("k", "v", true));
}

TEST_F(Etcd, PutBoundToALeaseThatIsGoneIsRefused) {
  EtcdClient etcd(options(server_.endpoint()));
  const auto lease = etcd.grant_lease(5, soon());
  ASSERT_TRUE(lease);
  ASSERT_TRUE(etcd.revoke_lease(lease->id, soon()));
  const auto kept = etcd.keep_alive(lease->id, soon());
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->ttl_seconds, 0);
  const auto put = etcd.transact({{}, {{"free", ""}, {"k", "", true}}, {}}, lease->id, soon());
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().error, EtcdError::kRefused) << put.error().message;
  EXPECT_TRUE(etcd.read_all(soon())->snapshot.entries.empty());
}

}  // namespace
}  // namespace borg::coordinators::testing
