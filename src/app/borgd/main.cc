// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>

#include "app/borgd/options.h"
#include "http/http_service.h"
#include "server/server.h"

namespace {

/// As many clients as the system lets a process have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  auto parsed = borg::app::parse_options(argc, argv);
  if (!parsed.server) return parsed.exit_code;
  parsed.server->start_http = borg::http::start_http;
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  parsed.server->on_ready = [cluster = parsed.server->node.cluster](
                                const borg::coordination::Member& self, borg::NodeId id) {
    fmt::print("ready name={} port={} bus-port={} http-port={} cluster={} id={}\n", self.name,
               self.port, self.bus_port, self.http_port, cluster, borg::coordination::to_text(id));
    std::fflush(stdout);
  };
  borg::server::Server server(std::move(*parsed.server));
  borg::server::ServerExit exit{1, server.listen()};
  if (exit.message.empty()) exit = server.run();
  if (!exit.message.empty()) fmt::print(stderr, "borgd: {}\n", exit.message);
  return exit.code;
}
