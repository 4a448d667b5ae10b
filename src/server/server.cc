// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <spdlog/spdlog.h>

#include <random>
#include <vector>

#include "server/control_thread.h"
#include "server/process_facts.h"
#include "server/ticks.h"
#include "server/worker_thread.h"

namespace borg::server {
namespace {

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

void say_addresses(const node::NodeOptions& node) {
  spdlog::info("listens on {}; announces {} to clients and {} to nodes", node.bind,
               coordination::client_address(node.self), coordination::bus_address(node.self));
}

}  // namespace

struct Server::Impl {
  explicit Impl(ServerOptions o) : options(std::move(o)), id(random_number() | 1) {}

  void note_ports(const Listeners& listeners);
  void make_workers();

  ServerOptions options;
  const NodeId id;
  asio::io_context context{1};
  std::vector<std::unique_ptr<WorkerThread>> workers;
  std::unique_ptr<ControlThread> control;  // its destructor comes before the workers'
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Server::~Server() = default;

std::string Server::listen() {
  ServerOptions& options = impl_->options;
  ListenOutcome outcome = server::listen(impl_->context, options.ports);
  if (!outcome.listeners) return outcome.error;
  impl_->note_ports(*outcome.listeners);
  options.node.death_is_proven = options.coordinator->ended_session_proves_death();
  impl_->control = std::make_unique<ControlThread>(
      impl_->context,
      ControlThread::Options{.self = impl_->id,
                             .seed = random_number(),
                             .node = &options.node,
                             .on_ready =
                                 [this] {
                                   const ServerOptions& o = impl_->options;
                                   say_addresses(o.node);
                                   o.on_ready(o.node.self, impl_->id, o.ports);
                                 },
                             .start_http = options.start_http,
                             .leave_on_signals = options.leave_on_signals},
      std::move(*outcome.listeners), std::move(options.coordinator), impl_->workers);
  return {};
}

/// What the node says of itself, to itself and to others.
void Server::Impl::note_ports(const Listeners& listeners) {
  options.ports.port = listeners.clients.front().local_endpoint().port();
  options.ports.bus_port = listeners.bus.front().local_endpoint().port();
  options.ports.http_port = listeners.http.front().local_endpoint().port();
  node::NodeOptions& node = options.node;
  node.client_port = *options.ports.port;
  node.self.port = options.announced.port.value_or(*options.ports.port);
  node.self.bus_port = options.announced.bus_port.value_or(*options.ports.bus_port);
  node.self.http_port = options.announced.http_port.value_or(*options.ports.http_port);
  if (node.self.name.empty()) {
    node.self.name = options.default_name_prefix + "-" + std::to_string(node.client_port);
  }
  for (const tcp::acceptor& acceptor : listeners.clients) {
    node.bind += (node.bind.empty() ? "" : " ") + acceptor.local_endpoint().address().to_string();
  }
}

void Server::Impl::make_workers() {
  const std::uint16_t n = options.node.self.workers;
  std::vector<WorkerThread*> siblings;
  for (std::uint16_t w = 0; w < n; ++w) {
    workers.push_back(std::make_unique<WorkerThread>(
        WorkerThread::Options{.self = id,
                              .index = WorkerIndex(w),
                              .workers = n,
                              .seed = random_number(),
                              .node = &options.node,
                              .to_control =
                                  [this](std::vector<node::ToControl> messages) {
                                    control->post_from_worker(std::move(messages));
                                  },
                              .on_link_broken =
                                  [this, w](const wire::Endpoint& peer) {
                                    control->post_link_broken(WorkerIndex(w), peer);
                                  },
                              .log_warning = [](const std::string& text) { spdlog::warn(text); }}));
    siblings.push_back(workers.back().get());
  }
  for (const auto& worker : workers) worker->set_siblings(siblings);
}

ServerExit Server::run() {
  node::NodeOptions& node = impl_->options.node;
  if (node.debug_enabled) node.stand_still = &stand_still;
  node.read_process = &read_process_facts;
  node.read_ticks = &read_ticks;
  node.nanos_per_tick = measure_nanos_per_tick();
  impl_->make_workers();
  for (const auto& worker : impl_->workers) worker->start();
  return impl_->control->run();
}

void Server::leave() { impl_->control->post_leave(); }

}  // namespace borg::server
