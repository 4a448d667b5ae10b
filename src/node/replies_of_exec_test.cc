// SPDX-License-Identifier: Apache-2.0
#include "node/replies_of_exec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace borg::node {
namespace {

using ::testing::StartsWith;

TEST(RepliesOfExec, ComeOneByOneWhateverTheyHold) {
  const std::vector<std::string> replies{"+OK\r\n",
                                         "$4\r\n\r\n\r\n\r\n",
                                         "$-1\r\n",
                                         ":5\r\n",
                                         "-ERR no\r\n",
                                         "*0\r\n",
                                         "*-1\r\n",
                                         "*2\r\n*1\r\n:1\r\n$1\r\na\r\n",
                                         "%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n",
                                         "_\r\n",
                                         ",1.5\r\n",
                                         "#t\r\n",
                                         "=5\r\ntxt:a\r\n",
                                         "(12345\r\n"};
  std::string array = "*" + std::to_string(replies.size()) + "\r\n";
  for (const std::string& reply : replies) array += reply;
  RepliesOfExec found(array);
  for (const std::string& reply : replies) EXPECT_EQ(found.next(), reply);
  EXPECT_THAT(found.next(), StartsWith("-ERR the primary gave"));
}

TEST(RepliesOfExec, OfWhatIsNoArrayAreErrors) {
  for (const char* const text : {"", "*1", "*1\r\n", "*1\r\n$5\r\nabc\r\n", "*1\r\n*9\r\n:1\r\n",
                                 "*1\r\n$9223372036854775807\r\n", "*1\r\n\r\n"}) {
    EXPECT_THAT(RepliesOfExec(text).next(), StartsWith("-ERR the primary gave")) << text;
  }
}

}  // namespace
}  // namespace borg::node
