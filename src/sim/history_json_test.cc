// SPDX-License-Identifier: Apache-2.0
#include "sim/history_json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace borg::sim {
namespace {

std::string text_of(const std::string& line) {
  const auto parsed = operation_from_json(line);
  if (const auto* error = std::get_if<LineError>(&parsed)) return "error " + error->message;
  return describe(std::get<Operation>(parsed));
}

TEST(HistoryJson, ReadsOperations) {
  EXPECT_EQ(text_of(R"({"client":1,"key":"k","op":"INCRBY","args":["2"],"invoke":5,"return":7,)"
                    R"("outcome":"ok","result":"3"})"),
            "client 1 [5, 7] incrby 2 -> \"3\"");
  EXPECT_EQ(text_of(R"({"client":1,"key":"k","op":"get","invoke":5,"return":7,"outcome":"ok",)"
                    R"("result":null})"),
            "client 1 [5, 7] get -> nil");
  EXPECT_EQ(text_of(R"({"client":1,"key":"k","op":"incr","args":[],"invoke":5,"return":7,)"
                    R"("outcome":"ok","result":3})"),
            "client 1 [5, 7] incr -> \"3\"");
  EXPECT_EQ(text_of(R"({"client":1,"key":"k","op":"incr","invoke":5,"return":7,)"
                    R"("outcome":"ok","result":{"error":"ERR no"}})"),
            "client 1 [5, 7] incr -> error ERR no");
  EXPECT_EQ(text_of(R"({"client":1,"key":"k","op":"set","args":["a"],"invoke":5,"return":null,)"
                    R"("outcome":"unknown","result":null})"),
            "client 1 [5, ...] set a -> unknown");
}

TEST(HistoryJson, SaysWhatIsWrong) {
  for (
      const std::string line :
      {"", "{", "[]", R"({"client":1})",
       R"({"client":1,"key":"k","op":"get","invoke":5,"return":7,"outcome":"maybe"})",
       R"({"client":1,"key":"k","op":"get","invoke":5,"return":7,"outcome":"ok"})",
       R"({"client":1,"key":"k","op":"get","invoke":5,"return":4,"outcome":"ok","result":null})"}) {
    EXPECT_EQ(text_of(line).rfind("error ", 0), 0u) << line;
  }
}

}  // namespace
}  // namespace borg::sim
