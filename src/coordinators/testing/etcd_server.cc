// SPDX-License-Identifier: Apache-2.0
#include "coordinators/testing/etcd_server.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace borg::coordinators::testing {

namespace {

constexpr const char* kProgram = "/usr/bin/etcd";

}  // namespace

EtcdServer::EtcdServer()
    : endpoint_("127.0.0.1:" + std::to_string(free_port())),
      peer_("127.0.0.1:" + std::to_string(free_port())) {}

bool EtcdServer::is_installed() { return access(kProgram, X_OK) == 0; }

bool EtcdServer::start() {
  const std::string client_url = (is_tls_ ? "https://" : "http://") + endpoint_;
  const std::string peer_url = "http://" + peer_;
  std::vector<std::string> arguments = {kProgram,
                                        "--name=test",
                                        "--data-dir=" + directory_.path() + "/data",
                                        "--unsafe-no-fsync",
                                        "--listen-client-urls=" + client_url,
                                        "--advertise-client-urls=" + client_url,
                                        "--listen-peer-urls=" + peer_url,
                                        "--initial-advertise-peer-urls=" + peer_url,
                                        "--initial-cluster=test=" + peer_url};
  if (is_tls_) {
    arguments.insert(arguments.end(), {"--cert-file=" + cert_file(), "--key-file=" + key_file(),
                                       "--trusted-ca-file=" + ca_file(), "--client-cert-auth"});
  }
  process_ = std::make_unique<Process>(arguments, directory_.path() + "/log");
  return control({"endpoint", "status", "--command-timeout=20s"});
}

bool EtcdServer::control(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {"etcdctl", "--dial-timeout=20s"};
  all.push_back("--endpoints=" + std::string(is_tls_ ? "https://" : "http://") + endpoint_);
  if (is_tls_) {
    all.insert(all.end(),
               {"--cacert=" + ca_file(), "--cert=" + cert_file(), "--key=" + key_file()});
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  return Process(all, directory_.path() + "/log").wait() == 0;
}

bool EtcdServer::use_tls() {
  is_tls_ = true;
  const std::string log = directory_.path() + "/log";
  const std::string ca_key = directory_.path() + "/ca-key.pem";
  const std::string request = directory_.path() + "/request.pem";
  const std::string extensions = directory_.path() + "/extensions";
  std::ofstream(extensions) << "subjectAltName=IP:127.0.0.1\n"
                               "extendedKeyUsage=serverAuth,clientAuth\n";
  const std::vector<std::string> new_key = {
      "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"};
  const auto run = [&](std::vector<std::string> command, std::vector<std::string> more) {
    command.insert(command.end(), more.begin(), more.end());
    return Process(command, log).wait() == 0;
  };
  return run(new_key, {"-x509", "-days", "2", "-subj", "/CN=test-ca", "-keyout", ca_key, "-out",
                       ca_file()}) &&
         run(new_key, {"-subj", "/CN=test", "-keyout", key_file(), "-out", request}) &&
         run({"openssl", "x509", "-req", "-days", "2", "-CAcreateserial"},
             {"-in", request, "-CA", ca_file(), "-CAkey", ca_key, "-extfile", extensions, "-out",
              cert_file()});
}

void EtcdServer::wipe() { std::filesystem::remove_all(directory_.path() + "/data"); }

bool EtcdServer::compact(Revision revision) const {
  return control({"compact", std::to_string(revision.value())});
}

}  // namespace borg::coordinators::testing
