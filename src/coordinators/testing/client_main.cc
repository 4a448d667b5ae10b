// SPDX-License-Identifier: Apache-2.0
// A process of its own for the coordinators' tests:
//   hold SPEC KEY    puts KEY bound to its session, prints "ready", and stays
//   count SPEC N     adds 1 to the key "counter" N times, by compare and put; then exits with 0
//   lock FILE        takes the write lock of an SQLite file, prints "ready", and stays
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "coordinators/factory.h"
#include "coordinators/sqlite.h"
#include "coordinators/testing/recorder.h"

namespace borg::coordinators::testing {
namespace {

using coordination::TxnDone;
using coordination::TxnOutcome;

int stay() {
  std::puts("ready");
  std::fflush(stdout);
  while (true) pause();
}

int hold(Client& client, const std::string& key) {
  return client.put(key, std::to_string(getpid()), true) ? stay() : 1;
}

int count(Client& client, int times) {
  for (int done = 0; done < times;) {
    const View view = client.view();
    const auto it = view.find("counter");
    const int value = it == view.end() ? 0 : std::stoi(it->second.value);
    const Revision modified = it == view.end() ? Revision() : it->second.modified;
    const TxnDone answer =
        client.commit({{{"counter", modified}}, {{"counter", std::to_string(value + 1)}}, {}});
    if (answer.outcome == TxnOutcome::kCommitted) ++done;
    if (answer.outcome == TxnOutcome::kUnknown) return 2;
  }
  client.stop();
  return client.breaches().empty() ? 0 : 3;
}

int lock(const std::string& file) {
  sqlite::Connection connection;
  return connection.open(file, 1000) && connection.run("BEGIN IMMEDIATE") ? stay() : 1;
}

int run(const std::string& mode, const std::string& where, const std::string& argument) {
  if (mode == "lock") return lock(where);
  auto made = make_coordinator({where, "test", {}});
  if (!made) return 4;
  Client client(std::move(*made));
  if (!client.join()) return 5;
  return mode == "hold" ? hold(client, argument) : count(client, std::atoi(argument.c_str()));
}

}  // namespace
}  // namespace borg::coordinators::testing

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  return borg::coordinators::testing::run(argv[1], argv[2], argc > 3 ? argv[3] : "");
}
