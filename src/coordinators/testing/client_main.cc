// SPDX-License-Identifier: Apache-2.0
// A process of its own for the coordinators' tests. It says "ready" when it is.
//   hold SPEC KEY    keeps KEY bound to its session, in the next one too
//   count SPEC N     adds 1 to the key "counter" N times, by compare and put; then exits with 0
//   lock FILE        takes the write lock of an SQLite file
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "coordinators/factory.h"
#include "coordinators/sqlite.h"
#include "coordinators/testing/recorder.h"

namespace borg::coordinators::testing {
namespace {

using coordination::TxnDone;
using coordination::TxnOutcome;

void say_ready() {
  constexpr std::string_view kLine = "ready\n";
  if (write(STDOUT_FILENO, kLine.data(), kLine.size()) < 0) std::exit(6);
}

[[noreturn]] void stay() {
  while (true) pause();
}

[[noreturn]] void hold(Client& client, const std::string& key) {
  if (client.put(key, "1", true)) say_ready();
  for (int session = 1;; ++session) {
    while (!client.wait_until([&](const Record& r) { return r.sessions_begun > session; })) {
    }
    client.put(key, std::to_string(session + 1), true);
  }
}

int count(Client& client, int times) {
  say_ready();
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
  return client.record().breaches.empty() ? 0 : 3;
}

int run(const std::string& mode, const std::string& where, const std::string& argument) {
  if (mode == "lock") {
    sqlite::Connection connection;
    if (!connection.open(where, 1000) || !connection.run("BEGIN IMMEDIATE")) return 1;
    say_ready();
    stay();
  }
  CoordinatorSpec spec;
  spec.spec = where;
  spec.cluster = "test";
  spec.session_ttl = Duration::seconds(2);
  auto made = make_coordinator(spec);
  if (!made) return 4;
  Client client(std::move(*made));
  if (!client.join()) return 5;
  if (mode == "hold") hold(client, argument);
  return count(client, std::atoi(argument.c_str()));
}

}  // namespace
}  // namespace borg::coordinators::testing

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  return borg::coordinators::testing::run(argv[1], argv[2], argc > 3 ? argv[3] : "");
}
