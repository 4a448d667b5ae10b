// SPDX-License-Identifier: Apache-2.0
#include "app/borgd/options.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "app/borgd/toml_config.h"
#include "base/address.h"
#include "coordinators/factory.h"
#include "placement/placement.h"

namespace borg::app {
namespace {

constexpr std::uint32_t kCopiesMax = 4;
constexpr std::uint32_t kWorkersMax = 256;

struct Flags {
  std::string name;
  std::string cluster = "borg";
  std::vector<std::string> bind;
  std::string host;
  std::string announce_host;
  std::optional<std::uint16_t> port;
  std::optional<std::uint16_t> bus_port;
  std::optional<std::uint16_t> http_port;
  server::AnnouncedPorts announced;
  std::string coordinator = "local";
  std::optional<std::uint32_t> copies;
  std::optional<std::uint32_t> min_copies;
  std::optional<std::uint32_t> scatter_width;
  std::string on_loss = "error";
  std::string zone;
  std::uint32_t weight = 100;
  std::uint32_t threads = 0;
  std::uint64_t max_memory = 0;
  std::uint32_t max_clients = 10'000;
  std::string log_level = "info";
  bool debug = false;
  std::uint32_t lease_ms = 1000;
  std::uint32_t silence_ms = 600;
  std::uint32_t deadline_ms = 5000;
  std::uint32_t foreground_percent = 50;
  coordinators::CoordinatorSecurity security;
};

std::string check_name(const std::string& text) {
  return coordination::is_name(text) ? "" : "must be 1 to 64 of A-Z a-z 0-9 . _ -";
}

/// For a flag: brackets around an IPv6 address go. Returns what is wrong.
std::string to_host(std::string& text) {
  const auto host = host_from_text(text);
  if (!host) return "'" + text + "' is neither an IP address nor a host name";
  text = *host;
  return {};
}

std::string to_bind_host(std::string& text) { return text == "*" ? "" : to_host(text); }

void add_address_flags(CLI::App& app, Flags& f) {
  const CLI::Range port(1, 65535);
  auto* const bind =
      app.add_option("--bind", f.bind,
                     "Addresses or names to listen on, commas between; * is all (default: the "
                     "announced address and loopback)")
          ->delimiter(',')
          ->transform(CLI::Validator(&to_bind_host, "HOST"))
          ->envname("BORG_BIND");
  app.add_option("--announce-host", f.announce_host,
                 "Address or name that nodes and clients are told (default: 127.0.0.1; with etcd, "
                 "the address by which this machine reaches it)")
      ->transform(CLI::Validator(&to_host, "HOST"))
      ->envname("BORG_ANNOUNCE_HOST");
  app.add_option("--announce-port", f.announced.port,
                 "Port that clients are told, if it is mapped (default: port)")
      ->check(port)
      ->envname("BORG_ANNOUNCE_PORT");
  app.add_option("--announce-bus-port", f.announced.bus_port,
                 "Port that other nodes are told, if it is mapped (default: bus-port)")
      ->check(port)
      ->envname("BORG_ANNOUNCE_BUS_PORT");
  app.add_option("--announce-http-port", f.announced.http_port,
                 "HTTP port that others are told, if it is mapped (default: http-port)")
      ->check(port)
      ->envname("BORG_ANNOUNCE_HTTP_PORT");
  app.add_option("--host", f.host, "The same as --bind, of one address")
      ->transform(CLI::Validator(&to_bind_host, "HOST"))
      ->envname("BORG_HOST")
      ->excludes(bind);
}

void add_flags(CLI::App& app, Flags& f) {
  const CLI::Validator name(check_name, "NAME");
  const auto size = CLI::AsSizeValue(false);
  app.add_option("--name", f.name, "Name of this node (default: hostname-port)")
      ->check(name)
      ->envname("BORG_NAME");
  app.add_option("--cluster", f.cluster, "Name of the cluster to form or join")
      ->check(name)
      ->envname("BORG_CLUSTER")
      ->capture_default_str();
  app.add_option("--port", f.port, "Port for clients (default: the first free from 7001)")
      ->check(CLI::Range(1, 65535))
      ->envname("BORG_PORT");
  app.add_option("--bus-port", f.bus_port, "Port for other nodes (default: port + 10000)")
      ->check(CLI::Range(1, 65535))
      ->envname("BORG_BUS_PORT");
  app.add_option("--http-port", f.http_port, "Port for /metrics, /healthz (default: port + 1000)")
      ->check(CLI::Range(1, 65535))
      ->envname("BORG_HTTP_PORT");
  app.add_option("--coordinator", f.coordinator,
                 "local, local:DIR or etcd://HOST:PORT[,HOST:PORT...]; an IPv6 address in brackets")
      ->envname("BORG_COORDINATOR")
      ->capture_default_str();
  app.add_option("--copies", f.copies, "Nodes that hold each key (default: 2, or the cluster's)")
      ->check(CLI::Range(1u, kCopiesMax))
      ->envname("BORG_COPIES");
  app.add_option("--min-copies", f.min_copies,
                 "Refuse writes with fewer live nodes (default: copies)")
      ->check(CLI::Range(1u, kCopiesMax))
      ->envname("BORG_MIN_COPIES");
  app.add_option("--scatter-width", f.scatter_width,
                 "Nodes that each node shares keys with (default: all up to 8 nodes, then 8)")
      ->check(CLI::Range(0u, 1024u))
      ->envname("BORG_SCATTER_WIDTH");
  app.add_option("--on-loss", f.on_loss, "Slots whose copies all died: error, or empty")
      ->check(CLI::IsMember({"error", "empty"}))
      ->envname("BORG_ON_LOSS")
      ->capture_default_str();
  app.add_option("--zone", f.zone, "Zone of this node: copies avoid sharing one")
      ->check(name)
      ->envname("BORG_ZONE");
  app.add_option("--weight", f.weight, "Share of the data, relative to other nodes")
      ->check(CLI::Range(1u, 100000u))
      ->envname("BORG_WEIGHT")
      ->capture_default_str();
  app.add_option("--threads", f.threads, "Workers (default: one a core)")
      ->check(CLI::Range(1u, kWorkersMax))
      ->envname("BORG_THREADS");
  app.add_option("--max-memory", f.max_memory,
                 "Bytes to hold at most, copies and all, e.g. 4gb (0: no limit)")
      ->transform(size)
      ->envname("BORG_MAX_MEMORY");
  app.add_option("--max-clients", f.max_clients, "Connections to take at a time")
      ->check(CLI::Range(1u, 1'000'000u))
      ->envname("BORG_MAX_CLIENTS")
      ->capture_default_str();
  app.add_option("--log-level", f.log_level, "debug, info, warning, error or off")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->envname("BORG_LOG_LEVEL")
      ->capture_default_str();
}

void add_test_flags(CLI::App& app, Flags& f) {
  app.add_flag("--enable-debug", f.debug, "Allow DEBUG, which helps tests and hurts the rest")
      ->envname("BORG_ENABLE_DEBUG");
}

void add_timing_flags(CLI::App& app, Flags& f) {
  app.add_option("--lease-ms", f.lease_ms, "How long a backup waits for a silent primary")
      ->check(CLI::Range(100u, 60'000u))
      ->envname("BORG_LEASE_MS")
      ->capture_default_str();
  app.add_option("--silence-ms", f.silence_ms, "A node not heard for so long is worked around")
      ->check(CLI::Range(50u, 60'000u))
      ->envname("BORG_SILENCE_MS")
      ->capture_default_str();
  app.add_option("--request-deadline-ms", f.deadline_ms, "How long a command may wait")
      ->check(CLI::Range(100u, 600'000u))
      ->envname("BORG_REQUEST_DEADLINE_MS")
      ->capture_default_str();
  app.add_option("--foreground-percent", f.foreground_percent,
                 "Share of the processor that commands keep while data moves")
      ->check(CLI::Range(1u, 99u))
      ->envname("BORG_FOREGROUND_PERCENT")
      ->capture_default_str();
}

void add_security_flags(CLI::App& app, Flags& f) {
  app.add_option("--etcd-ca", f.security.ca_file, "Trusted CA of etcd's TLS certificates (PEM)")
      ->envname("BORG_ETCD_CA");
  app.add_option("--etcd-cert", f.security.cert_file, "Client certificate for etcd (PEM)")
      ->envname("BORG_ETCD_CERT");
  app.add_option("--etcd-key", f.security.key_file, "Key of the client certificate (PEM)")
      ->envname("BORG_ETCD_KEY");
  app.add_option("--etcd-user", f.security.user, "User for etcd")->envname("BORG_ETCD_USER");
  app.add_option("--etcd-password", f.security.password, "Password for etcd")
      ->envname("BORG_ETCD_PASSWORD");
}

/// What the flags say together; empty if they agree.
std::string contradiction(const Flags& f) {
  const std::uint32_t copies = f.copies.value_or(2);
  if (f.min_copies.value_or(1) > copies) {
    return "--min-copies " + std::to_string(*f.min_copies) + " is more than --copies " +
           std::to_string(copies);
  }
  if (f.silence_ms >= f.lease_ms) return "--silence-ms must be below --lease-ms";
  if (f.max_memory > INT64_MAX) return "--max-memory must not be negative";
  constexpr std::uint64_t kMemoryLeast = 1024 * 1024;
  if (f.max_memory > 0 && f.max_memory < kMemoryLeast) {
    return "--max-memory " + std::to_string(f.max_memory) +
           " is in bytes, and too little to hold anything: give at least 1mb";
  }
  return {};
}

node::NodeOptions node_options(const Flags& f, const CLI::App& app) {
  node::NodeOptions node;
  node.cluster = f.cluster;
  node.version = BORG_VERSION;
  node.debug_enabled = f.debug;
  node.log_level = f.log_level;
  node.self.name = f.name;
  node.self.zone = f.zone;
  node.self.weight = f.weight;
  node.self.workers = static_cast<std::uint16_t>(
      f.threads != 0 ? f.threads
                     : std::clamp(std::thread::hardware_concurrency(), 1u, kWorkersMax));
  node.copies = f.copies;
  node.min_copies = f.min_copies;
  node.scatter_width = f.scatter_width;
  if (app.count("--on-loss") > 0) node.on_loss_empty = f.on_loss == "empty";
  node.settings.copies = f.copies.value_or(2);
  node.settings.min_copies = f.min_copies.value_or(node.settings.copies);
  node.settings.scatter_width = f.scatter_width.value_or(0);
  node.settings.placement_version = placement::kPlacementVersion;
  node.settings.on_loss_empty = f.on_loss == "empty";
  node.memory_bytes_max = f.max_memory;
  node.clients_max = f.max_clients;
  node.liveness.lease = Duration::millis(f.lease_ms);
  node.liveness.silence = Duration::millis(f.silence_ms);
  node.liveness.heartbeat = Duration::millis(std::max(10u, f.silence_ms / 6));
  node.request_deadline = Duration::millis(f.deadline_ms);
  node.pace.foreground_percent = f.foreground_percent;
  node.tries_addresses = true;
  return node;
}

server::AddressWishes address_wishes(const Flags& f) {
  server::AddressWishes wishes{.bind = f.bind,
                               .announce_host = f.announce_host,
                               .maps_ports = false,
                               .coordinator = coordinators::coordinator_addresses(f.coordinator)};
  if (!f.host.empty()) wishes.bind = {f.host};
  wishes.maps_ports = f.announced.port || f.announced.bus_port || f.announced.http_port;
  return wishes;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "node";
  std::string text(name.data());
  text = text.substr(0, std::min<std::size_t>(text.find('.'), 50));
  return coordination::is_name(text) ? text : "node";
}

void set_up_log(const std::string& level) {
  spdlog::drop("borgd");  // of a former call
  auto logger = spdlog::stderr_color_mt("borgd");
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(logger);
}

/// CLI11's messages can have several lines; an operator gets one.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  CLI::App app{"borgd: a node of Borg, a key/value store that keeps every key on two nodes",
               "borgd"};
  Flags flags;
  add_flags(app, flags);
  add_address_flags(app, flags);
  add_timing_flags(app, flags);
  add_test_flags(app, flags);
  add_security_flags(app, flags);
  app.set_version_flag("--version", "borgd " BORG_VERSION);
  // CLI11 looks at the environment behind the file: too late for the name of the file.
  const char* file = std::getenv("BORG_CONFIG");
  const std::string config = file == nullptr ? "" : file;
  app.set_config("--config", config, "Read flags from this TOML file", !config.empty())
      ->envname("BORG_CONFIG");
  app.config_formatter(std::make_shared<TomlConfig>(app));
  app.allow_config_extras(CLI::config_extras_mode::error);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return {};
  } catch (const CLI::CallForVersion&) {
    fmt::print("{}\n", app.version());
    return {};
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "borgd: {} (see borgd --help)\n", one_line(error.what()));
    return {.server = {}, .exit_code = 1};
  }
  const auto refuse = [](const std::string& why) {
    fmt::print(stderr, "borgd: {}\n", one_line(why));
    return ParsedOptions{.server = {}, .exit_code = 1};
  };
  if (const std::string why = contradiction(flags); !why.empty()) return refuse(why);
  const coordinators::CoordinatorSpec spec{
      .spec = flags.coordinator, .cluster = flags.cluster, .security = flags.security};
  auto coordinator = coordinators::make_coordinator(spec);
  if (!coordinator) return refuse(coordinator.error().message);
  set_up_log(flags.log_level);
  server::ServerOptions server;
  server.node = node_options(flags, app);
  server.coordinator = std::move(*coordinator);
  if (!server.coordinator->ended_session_proves_death()) {
    server.node.name_wait = spec.session_ttl + Duration::seconds(2);
  }
  server.ports = {{}, flags.port, flags.bus_port, flags.http_port};
  server.announced = flags.announced;
  server.default_name_prefix = host_name();
  ParsedOptions parsed;
  parsed.server = std::move(server);
  parsed.addresses = address_wishes(flags);
  return parsed;
}

}  // namespace borg::app
