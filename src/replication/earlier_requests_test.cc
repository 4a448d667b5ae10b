// SPDX-License-Identifier: Apache-2.0
#include "replication/earlier_requests.h"

#include <gtest/gtest.h>

namespace borg::replication {
namespace {

const wire::Origin kOrigin{.gateway = {NodeId(7), 0}, .seq = 3};

TEST(EarlierRequests, ARequestIsNewOnce) {
  EarlierRequests requests;
  const auto* const added = requests.add(Seq(4), kOrigin, {"a", "b"});
  ASSERT_NE(added, nullptr);
  EXPECT_EQ(added->origin, kOrigin);
  EXPECT_EQ(added->keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(requests.add(Seq(4), kOrigin, {"a", "b"}), nullptr);
}

TEST(EarlierRequests, ThoseThatHaveTheirAnswersAreForgotten) {
  EarlierRequests requests;
  requests.add(Seq(4), kOrigin, {"a"});
  requests.add(Seq(6), kOrigin, {"a"});
  requests.drop_before(Seq(6));
  EXPECT_EQ(requests.all().size(), 1u);
  EXPECT_TRUE(requests.all().contains(Seq(6)));
  requests.clear();
  EXPECT_TRUE(requests.empty());
}

}  // namespace
}  // namespace borg::replication
