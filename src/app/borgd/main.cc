// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "app/borgd/options.h"
#include "base/memory_reserve.h"
#include "http/http_service.h"
#include "server/address_plan.h"
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

/// The addresses of the node. A name server or a route that is not there yet may come.
borg::Result<borg::server::AddressPlan, borg::server::AddressProblem> plan_addresses(
    const borg::server::AddressWishes& wishes) {
  constexpr auto kPatience = std::chrono::seconds(10);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    auto plan = borg::server::plan_addresses(wishes, borg::server::this_machine());
    const bool is_final = plan || !plan.error().may_pass;
    if (is_final || std::chrono::steady_clock::now() > end) return plan;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
}

/// Runs one node until it ends. `ports` becomes what it listened on, once it served.
borg::server::ServerExit run_node(borg::server::ServerOptions options,
                                  borg::server::PortOptions& ports) {
  options.start_http = borg::http::start_http;
  options.on_ready = [cluster = options.node.cluster, &ports](
                         const borg::coordination::Member& self, borg::NodeId id,
                         const borg::server::PortOptions& used) {
    ports = used;
    fmt::print("ready name={} port={} bus-port={} http-port={} cluster={} id={} address={}\n",
               self.name, *used.port, *used.bus_port, *used.http_port, cluster,
               borg::coordination::to_text(id), borg::coordination::client_address(self));
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
  const auto plan = plan_addresses(parsed.addresses);
  if (!plan) {
    fmt::print(stderr, "borgd: {}\n", plan.error().message);
    return 1;
  }
  borg::server::PortOptions ports = parsed.server->ports;
  ports.addresses = plan->bind;
  while (true) {
    parsed.server->ports = ports;
    parsed.server->node.self.host = plan->announce_host;
    parsed.server->node.self.is_mapped = plan->is_mapped;
    const auto exit = run_node(std::move(*parsed.server), ports);
    if (!exit.is_forgotten) {
      if (!exit.message.empty()) fmt::print(stderr, "borgd: {}\n", exit.message);
      return exit.code;
    }
    // It was cut off for long, and lives. Nobody should have to start it again.
    spdlog::warn("{} while it was out of reach: it joins again as a new node", exit.message);
    parsed = borg::app::parse_options(argc, argv);
    if (!parsed.server) return parsed.exit_code;
    parsed.server->node.joins_again = true;
  }
}
