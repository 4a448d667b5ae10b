// SPDX-License-Identifier: Apache-2.0
#include "coordinators/testing/backends.h"

#include <unistd.h>

#include "coordinators/etcd.h"
#include "coordinators/local.h"
#include "coordinators/memory.h"
#include "coordinators/testing/etcd_server.h"
#include "coordinators/testing/process.h"

namespace borg::coordinators::testing {
namespace {

class MemoryBackend final : public Backend {
 public:
  std::unique_ptr<coordination::Coordinator> make_client() override {
    return std::make_unique<MemoryCoordinator>(store_);
  }

 private:
  std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>();
};

class LocalBackend final : public Backend {
 public:
  std::unique_ptr<coordination::Coordinator> make_client() override {
    LocalOptions options;
    options.directory = directory_.path() + "/cluster";
    options.cluster = "test";
    return std::make_unique<LocalCoordinator>(options);
  }

 private:
  TempDirectory directory_;
};

/// One server for all the tests of this process; each has a cluster name of its own.
class EtcdBackend final : public Backend {
 public:
  explicit EtcdBackend(std::string endpoint) : endpoint_(std::move(endpoint)) {
    static int count = 0;
    cluster_ = "test" + std::to_string(++count);
  }
  std::unique_ptr<coordination::Coordinator> make_client() override {
    EtcdOptions options;
    options.endpoints = {endpoint_};
    options.cluster = cluster_;
    return std::make_unique<EtcdCoordinator>(options);
  }

 private:
  std::string endpoint_;
  std::string cluster_;
};

std::unique_ptr<Backend> make_etcd() {
  if (!EtcdServer::is_installed()) return nullptr;
  static EtcdServer server;
  if (!server.is_running() && !server.start()) return nullptr;
  return std::make_unique<EtcdBackend>(server.endpoint());
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const BackendKind& kind) { return out << kind.name; }

std::vector<BackendKind> all_backends() {
  return {{"Memory", [] { return std::make_unique<MemoryBackend>(); }},
          {"Local", [] { return std::make_unique<LocalBackend>(); }},
          {"Etcd", make_etcd}};
}

}  // namespace borg::coordinators::testing
