// SPDX-License-Identifier: Apache-2.0
#include "coordinators/factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "coordinators/testing/process.h"

namespace borg::coordinators {
namespace {

using ::testing::HasSubstr;

std::string problem(const CoordinatorSpec& spec) {
  const auto made = make_coordinator(spec);
  return made ? "" : made.error().message;
}

std::string problem(const std::string& spec) { return problem(CoordinatorSpec{spec, "c", {}}); }

TEST(MakeCoordinator, MakesEachKind) {
  const auto local = make_coordinator({"local", "c", {}});
  ASSERT_TRUE(local);
  EXPECT_TRUE((*local)->ended_session_proves_death());
  const auto etcd = make_coordinator({"etcd://a:2379,b.example:2379,[::1]:2379", "c", {}});
  ASSERT_TRUE(etcd);
  EXPECT_FALSE((*etcd)->ended_session_proves_death());
  EXPECT_EQ(problem("local:/some/where"), "");
}

TEST(MakeCoordinator, SaysWhatIsWrong) {
  EXPECT_THAT(problem(""), HasSubstr("must be local, local:DIR or etcd://"));
  EXPECT_THAT(problem("redis://a:1"), HasSubstr("'redis://a:1'"));
  EXPECT_THAT(problem("local:"), HasSubstr("no directory"));
  for (const char* bad : {"", "a", "a:", ":1", "a:0", "a:65536", "a:1x", "a:1,", "http://a:1",
                          "a b:1", "::1:2379", "u@a:1"}) {
    EXPECT_THAT(problem("etcd://" + std::string(bad)), HasSubstr("is not HOST:PORT")) << bad;
  }
  for (const char* bad : {"", ".", "a/b", "a b", ".hidden"}) {
    EXPECT_THAT(problem(CoordinatorSpec{"local", bad, {}}), HasSubstr("cluster's name")) << bad;
  }
}

TEST(MakeCoordinator, ChecksTheSecurityOfEtcd) {
  CoordinatorSpec spec{"etcd://a:1", "c", {}};
  spec.security.cert_file = "/nowhere/cert";
  EXPECT_THAT(problem(spec), HasSubstr("needs its key"));
  spec.security.key_file = "/nowhere/key";
  EXPECT_THAT(problem(spec), HasSubstr("/nowhere/cert"));
  spec.security = {};
  spec.security.password = "secret";
  EXPECT_THAT(problem(spec), HasSubstr("needs a user"));
  EXPECT_THAT(problem(spec), ::testing::Not(HasSubstr("secret")));
  const testing::TempDirectory directory;
  spec.security.user = "u";
  spec.security.ca_file = directory.path() + "/ca.pem";
  EXPECT_THAT(problem(spec), HasSubstr("ca.pem"));
  std::ofstream(spec.security.ca_file) << "a certificate";
  EXPECT_EQ(problem(spec), "");
}

}  // namespace
}  // namespace borg::coordinators
