// SPDX-License-Identifier: Apache-2.0
#include "coordinators/factory.h"

#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "coordinators/etcd.h"
#include "coordinators/local.h"
#include "coordinators/local_directory.h"

namespace borg::coordinators {

using coordination::Coordinator;

namespace {

constexpr std::string_view kEtcdScheme = "etcd://";
constexpr std::string_view kLocalScheme = "local:";

SpecProblem bad(std::string_view spec, std::string_view why) {
  return {"the coordinator '" + std::string(spec) + "' cannot be used: " + std::string(why)};
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t comma = list.find(',');
    out.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    list.remove_prefix(comma + 1);
  }
}

/// Fills `out` from a file, if one is named. The problem, if it cannot be read.
std::optional<SpecProblem> load(const std::string& file, std::string& out) {
  if (file.empty()) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  out = text.str();
  if (in && !out.empty()) return std::nullopt;
  return SpecProblem{"the file " + file + " for etcd's TLS cannot be read"};
}

using Made = Result<std::unique_ptr<Coordinator>, SpecProblem>;

Made make_etcd(const CoordinatorSpec& spec) {
  EtcdOptions options;
  options.cluster = spec.cluster;
  options.session_ttl = spec.session_ttl;
  options.endpoints = split(std::string_view(spec.spec).substr(kEtcdScheme.size()));
  for (std::string& endpoint : options.endpoints) {
    const auto address = host_port_from_text(endpoint);
    if (!address) {
      return bad(spec.spec, "'" + endpoint +
                                "' is not HOST:PORT; write etcd://HOST:PORT,… and an IPv6 address "
                                "in brackets");
    }
    endpoint = host_port_text(address->host, address->port);
  }
  const CoordinatorSecurity& security = spec.security;
  if (security.cert_file.empty() != security.key_file.empty()) {
    return bad(spec.spec, "a TLS certificate needs its key, and a key its certificate");
  }
  if (security.user.empty() && !security.password.empty()) {
    return bad(spec.spec, "a password needs a user");
  }
  if (auto problem = load(security.ca_file, options.ca)) return *problem;
  if (auto problem = load(security.cert_file, options.cert)) return *problem;
  if (auto problem = load(security.key_file, options.key)) return *problem;
  options.is_tls = !options.ca.empty() || !options.cert.empty();
  options.user = security.user;
  options.password = security.password;
  return std::make_unique<EtcdCoordinator>(std::move(options));
}

}  // namespace

Made make_coordinator(const CoordinatorSpec& spec) {
  if (!is_cluster_name(spec.cluster)) {
    return SpecProblem{"the cluster's name '" + spec.cluster +
                       "' must be 1 to 64 of A-Z a-z 0-9 . _ - and not begin with a dot"};
  }
  const std::string_view text = spec.spec;
  if (text.starts_with(kEtcdScheme)) return make_etcd(spec);
  if (text == "local") return std::make_unique<LocalCoordinator>(LocalOptions{"", spec.cluster});
  if (!text.starts_with(kLocalScheme)) {
    return bad(text, "it must be local, local:DIR or etcd://HOST:PORT,…");
  }
  const std::string directory(text.substr(kLocalScheme.size()));
  if (directory.empty()) return bad(text, "no directory after local:");
  return std::make_unique<LocalCoordinator>(LocalOptions{directory, spec.cluster});
}

std::vector<HostPort> coordinator_addresses(std::string_view spec) {
  std::vector<HostPort> addresses;
  if (!spec.starts_with(kEtcdScheme)) return addresses;
  for (const std::string& endpoint : split(spec.substr(kEtcdScheme.size()))) {
    if (const auto address = host_port_from_text(endpoint)) addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace borg::coordinators
