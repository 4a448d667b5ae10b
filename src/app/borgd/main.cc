// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>

#include "app/borgd/options.h"
#include "base/memory_reserve.h"
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

/// glibc keeps freed small blocks apart, in its fastbins, and joins all of them at the next large
/// one: after a partition was dropped that took 0.1 s in one call. Without fastbins each block is
/// joined with its neighbours when it is freed; threads' own caches keep the usual case fast.
///
/// Left to itself it also learns from the first large block that is freed to keep tens of
/// megabytes of each thread's for the next one.
void tune_allocator() {
#ifdef __GLIBC__
  constexpr int kMapped = 4 * 1024 * 1024;  // from this size on a block is given back when freed
  mallopt(M_MXFAST, 0);
  mallopt(M_MMAP_THRESHOLD, kMapped);
  mallopt(M_TRIM_THRESHOLD, 4 * kMapped);
#endif
}

/// Runs one node until it ends. `ports` becomes what it listened on, once it served.
borg::server::ServerExit run_node(borg::server::ServerOptions options,
                                  borg::server::PortOptions& ports) {
  options.start_http = borg::http::start_http;
  options.on_ready = [cluster = options.node.cluster, &ports](
                         const borg::coordination::Member& self, borg::NodeId id) {
    ports = {self.host, self.port, self.bus_port, self.http_port};
    fmt::print("ready name={} port={} bus-port={} http-port={} cluster={} id={}\n", self.name,
               self.port, self.bus_port, self.http_port, cluster, borg::coordination::to_text(id));
    std::fflush(stdout);
  };
  borg::server::Server server(std::move(options));
  borg::server::ServerExit exit{.code = 1, .message = server.listen()};
  return exit.message.empty() ? server.run() : exit;
}

}  // namespace

int main(int argc, char** argv) {
  auto parsed = borg::app::parse_options(argc, argv);
  if (!parsed.server) return parsed.exit_code;
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  tune_allocator();
  borg::take_memory_reserve();
  borg::server::PortOptions ports = parsed.server->ports;
  while (true) {
    const auto exit = run_node(std::move(*parsed.server), ports);
    if (!exit.is_forgotten) {
      if (!exit.message.empty()) fmt::print(stderr, "borgd: {}\n", exit.message);
      return exit.code;
    }
    // It was cut off for long, and lives. Nobody should have to start it again.
    spdlog::warn("{} while it was out of reach: it joins again as a new node", exit.message);
    parsed = borg::app::parse_options(argc, argv);
    if (!parsed.server) return parsed.exit_code;
    parsed.server->ports = ports;
  }
}
