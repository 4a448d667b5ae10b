// SPDX-License-Identifier: Apache-2.0
#include "coordinators/testing/etcd_server.h"

#include <etcd.grpc.pb.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

namespace borg::coordinators::testing {

namespace pb = etcdserverpb;

namespace {

constexpr const char* kProgram = "/usr/bin/etcd";

std::chrono::system_clock::time_point in_seconds(int seconds) {
  return std::chrono::system_clock::now() + std::chrono::seconds(seconds);
}

std::unique_ptr<pb::KV::Stub> connect(const std::string& endpoint) {
  auto channel = grpc::CreateChannel(endpoint, grpc::InsecureChannelCredentials());
  channel->WaitForConnected(in_seconds(20));
  return pb::KV::NewStub(channel);
}

}  // namespace

EtcdServer::EtcdServer()
    : endpoint_("127.0.0.1:" + std::to_string(free_port())),
      peer_("127.0.0.1:" + std::to_string(free_port())) {}

bool EtcdServer::is_installed() { return access(kProgram, X_OK) == 0; }

bool EtcdServer::start() {
  const std::string client_url = "http://" + endpoint_;
  const std::string peer_url = "http://" + peer_;
  const std::vector<std::string> arguments = {kProgram,
                                              "--name",
                                              "test",
                                              "--data-dir",
                                              directory_.path() + "/data",
                                              "--unsafe-no-fsync",
                                              "--listen-client-urls",
                                              client_url,
                                              "--advertise-client-urls",
                                              client_url,
                                              "--listen-peer-urls",
                                              peer_url,
                                              "--initial-advertise-peer-urls",
                                              peer_url,
                                              "--initial-cluster",
                                              "test=" + peer_url};
  process_ = std::make_unique<Process>(arguments, directory_.path() + "/log");
  return wait_until_it_answers();
}

bool EtcdServer::wait_until_it_answers() const {
  const auto stub = connect(endpoint_);
  grpc::ClientContext context;
  context.set_deadline(in_seconds(20));
  context.set_wait_for_ready(true);
  pb::RangeRequest request;
  request.set_key("/");
  pb::RangeResponse response;
  return stub->Range(&context, request, &response).ok();
}

void EtcdServer::wipe() { std::filesystem::remove_all(directory_.path() + "/data"); }

bool EtcdServer::compact() {
  const auto stub = connect(endpoint_);
  pb::RangeRequest range;
  range.set_key("/");
  pb::RangeResponse now;
  grpc::ClientContext read_context;
  read_context.set_deadline(in_seconds(20));
  if (!stub->Range(&read_context, range, &now).ok()) return false;
  pb::CompactionRequest request;
  request.set_revision(now.header().revision());
  pb::CompactionResponse response;
  grpc::ClientContext context;
  context.set_deadline(in_seconds(20));
  return stub->Compact(&context, request, &response).ok();
}

}  // namespace borg::coordinators::testing
