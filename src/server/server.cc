// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <spdlog/spdlog.h>

#include <random>
#include <vector>

#include "server/control_thread.h"
#include "server/worker_thread.h"

namespace borg::server {
namespace {

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

ServerExit run_server(ServerOptions options) {
  asio::io_context context(1);
  ListenOutcome outcome = listen(context, options.ports);
  if (!outcome.listeners) return {1, outcome.error};
  coordination::Member& self = options.node.self;
  self.port = outcome.listeners->clients.local_endpoint().port();
  self.bus_port = outcome.listeners->bus.local_endpoint().port();
  self.http_port = outcome.listeners->http.local_endpoint().port();
  if (self.name.empty()) {
    self.name = options.default_name_prefix + "-" + std::to_string(self.port);
  }
  options.node.death_is_proven = options.coordinator->ended_session_proves_death();
  const NodeId id(random_number() | 1);

  std::vector<std::unique_ptr<WorkerThread>> workers;
  ControlThread control(context,
                        {.self = id,
                         .seed = random_number(),
                         .node = &options.node,
                         .on_ready = [&] { options.on_ready(options.node.self, id); },
                         .start_http = options.start_http},
                        std::move(*outcome.listeners), std::move(options.coordinator), workers);
  for (std::uint16_t w = 0; w < self.workers; ++w) {
    workers.push_back(std::make_unique<WorkerThread>(WorkerThread::Options{
        .self = id,
        .index = WorkerIndex(w),
        .workers = self.workers,
        .seed = random_number(),
        .node = &options.node,
        .to_control =
            [&control](std::vector<node::ToControl> messages) {
              control.post_from_worker(std::move(messages));
            },
        .log_warning = [](const std::string& text) { spdlog::warn(text); }}));
  }
  std::vector<WorkerThread*> siblings;
  for (const auto& worker : workers) siblings.push_back(worker.get());
  for (const auto& worker : workers) worker->set_siblings(siblings);
  for (const auto& worker : workers) worker->start();

  return control.run();
}

}  // namespace borg::server
