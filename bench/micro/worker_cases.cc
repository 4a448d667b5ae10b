// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "base/check.h"
#include "cases.h"
#include "node/testing/worker_world.h"

namespace borg::bench {
namespace {

using node::Client;
using node::Link;
using node::WorkerCore;

constexpr std::string_view kOk = "+OK\r\n";
constexpr std::string_view kArrayHead = "*1\r\n";

/// Whole workers, one a node, from a client's bytes to its replies: all that a command costs but
/// the system calls. The world only sets them up; bytes go from one worker to the other as they
/// are, without its queues.
class Workers {
 public:
  Workers(int nodes, int clients_node, std::string_view command, std::uint64_t pipeline)
      : world_(nodes), pipeline_(pipeline) {
    if (nodes == 1) world_.place({1});
    if (nodes == 2) world_.place({1, 2});
    world_.publish();
    world_.run();
    for (int n = 1; n <= nodes; ++n) cores_.push_back(&world_.worker(n));
    client_core_ = &world_.worker(clients_node);
    client_ = world_.connect(clients_node).client;
    const std::string value(kValueBytes, 'v');
    const std::vector<std::string> keys = shuffled_keys();
    send(batch_of("SET", keys, value), keys.size() * kOk.size());
    reply_bytes_ = command == "SET" ? kOk.size() : request({value}).size() - kArrayHead.size();
    for (std::size_t i = 0; i < keys.size(); i += pipeline) {
      const auto last = std::min(keys.size(), i + pipeline);
      const std::vector<std::string> some(keys.begin() + static_cast<std::ptrdiff_t>(i),
                                          keys.begin() + static_cast<std::ptrdiff_t>(last));
      batches_.push_back(batch_of(command, some, command == "SET" ? value : ""));
    }
  }

  void run(std::uint64_t commands) {
    for (; commands > 0; commands -= pipeline_) {
      send(batches_[position_++ % batches_.size()], pipeline_ * reply_bytes_);
    }
  }

 private:
  static std::string batch_of(std::string_view command, const std::vector<std::string>& keys,
                              const std::string& value) {
    std::string batch;
    for (const std::string& key : keys) {
      batch += value.empty() ? request({command, key}) : request({command, key, value});
    }
    return batch;
  }

  void send(std::string_view bytes, std::size_t bytes_due) {
    answered_bytes_ = 0;
    while (!bytes.empty()) {
      turn(*client_core_,
           [&](WorkerCore& core) { bytes.remove_prefix(core.on_client_data(*client_, bytes)); });
      deliver();
    }
    BORG_CHECK(answered_bytes_ == bytes_due);
  }

  template <class Events>
  void turn(WorkerCore& core, Events&& events) {
    core.begin_turn(world_.now);
    events(core);
    core.end_turn();
    WorkerCore::Effects& effects = core.effects();
    for (Client* client : effects.clients) {
      BORG_CHECK(!client->output.view().starts_with('-'));
      answered_bytes_ += client->output.size();
      client->dirty = false;
      client->output.clear();
      client->output_valid_until = Instant::never();
    }
    effects.clients.clear();
    effects.resumed.clear();
    effects.control.clear();
    for (Link* link : effects.links) dirty_.push_back({&core, link});
    effects.links.clear();
  }

  /// What the workers have to say to each other, until nobody has anything.
  void deliver() {
    while (!dirty_.empty()) {
      const auto [from, link] = dirty_.back();
      dirty_.pop_back();
      link->dirty = false;
      carried_.clear();
      carried_.swap(link->output);
      link->output_valid_until = Instant::never();
      WorkerCore* to = *std::find_if(cores_.begin(), cores_.end(), [peer = link->peer](auto* core) {
        return core->endpoint() == peer;
      });
      turn(*to, [this, sender = from->endpoint()](WorkerCore& core) {
        std::size_t consumed = 0;
        BORG_CHECK(core.on_link_data(sender, carried_.view(), consumed));
        BORG_CHECK(consumed == carried_.size());
      });
    }
  }

  struct Dirty {
    WorkerCore* from;
    Link* link;
  };

  node::testing::WorkerWorld world_;
  const std::uint64_t pipeline_;
  std::vector<WorkerCore*> cores_;
  WorkerCore* client_core_ = nullptr;
  Client* client_ = nullptr;
  std::vector<std::string> batches_;
  std::size_t position_ = 0;
  std::size_t reply_bytes_ = 0;
  std::size_t answered_bytes_ = 0;
  std::vector<Dirty> dirty_;
  ByteBuffer carried_;
};

struct Setup {
  std::string_view name;
  int nodes;
  int clients_node;
  std::string_view command;
  std::uint64_t pipeline;
};

}  // namespace

void add_worker_cases(std::vector<Case>& cases) {
  for (const Setup& s :
       {Setup{"worker/GET P1", 1, 1, "GET", 1}, Setup{"worker/SET P1", 1, 1, "SET", 1},
        Setup{"worker/GET P16", 1, 1, "GET", 16}, Setup{"worker/SET P16", 1, 1, "SET", 16},
        Setup{"two nodes/SET P1 at the primary", 2, 1, "SET", 1},
        Setup{"two nodes/SET P16 at the primary", 2, 1, "SET", 16},
        Setup{"two nodes/SET P16 at the backup", 2, 2, "SET", 16},
        Setup{"two nodes/GET P16 at the backup", 2, 2, "GET", 16}}) {
    cases.push_back({s.name, [s] {
                       return [workers = std::make_shared<Workers>(s.nodes, s.clients_node,
                                                                   s.command, s.pipeline)](
                                  std::uint64_t n) { workers->run(n); };
                     }});
  }
}

}  // namespace borg::bench
