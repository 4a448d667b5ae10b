// SPDX-License-Identifier: Apache-2.0
#include "node/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "commands/arguments.h"
#include "commands/command.h"
#include "resp/integer.h"

namespace borg::node {
namespace {

constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();

struct Parameter {
  enum class Kind : std::uint8_t { kFixed, kText, kNumber, kBytes, kYesNo, kPercentiles, kEvents };
  std::string_view name;
  Kind kind = Kind::kFixed;
  std::string_view fixed = {};
  std::string Settings::*text = nullptr;
  std::int64_t Settings::*number = nullptr;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::string_view words = {};  ///< all that Redis takes, ", " between them; empty: it takes any
};
using Kind = Parameter::Kind;

/// Names and meanings are Redis's. Those with a fixed value are there because programs ask for
/// them, or because the value says how Borg is.
constexpr std::array kParameters = std::to_array<Parameter>({
    {.name = "activedefrag", .fixed = "no"},
    {.name = "appendfsync", .fixed = "no", .words = "everysec, always, no"},
    {.name = "appendonly", .fixed = "no"},
    {.name = "bind", .kind = Kind::kText, .text = &Settings::bind},
    {.name = "client-output-buffer-limit",
     .fixed = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
    {.name = "client-query-buffer-limit", .fixed = "1073741824"},
    {.name = "cluster-announce-bus-port",
     .kind = Kind::kText,
     .text = &Settings::announced_bus_port},
    {.name = "cluster-announce-ip", .kind = Kind::kText, .text = &Settings::announced_host},
    {.name = "cluster-announce-port", .kind = Kind::kText, .text = &Settings::announced_port},
    {.name = "cluster-enabled", .fixed = "no"},
    {.name = "daemonize", .fixed = "no"},
    {.name = "databases", .fixed = "1"},
    {.name = "dbfilename", .fixed = ""},
    {.name = "dir", .fixed = ""},
    {.name = "dynamic-hz", .fixed = "no"},
    {.name = "enable-debug-command", .kind = Kind::kText, .text = &Settings::debug_enabled},
    {.name = "hash-max-listpack-entries", .fixed = "512"},
    {.name = "hash-max-listpack-value", .fixed = "64"},
    {.name = "hash-max-ziplist-entries", .fixed = "512"},
    {.name = "hash-max-ziplist-value", .fixed = "64"},
    {.name = "hll-sparse-max-bytes", .fixed = "3000"},
    {.name = "hz", .fixed = "50"},
    {.name = "io-threads", .fixed = "1"},
    {.name = "io-threads-do-reads", .fixed = "no"},
    {.name = "latency-monitor-threshold",
     .kind = Kind::kNumber,
     .number = &Settings::latency_threshold_ms,
     .max = kInt64Max},
    {.name = "latency-tracking", .kind = Kind::kYesNo, .number = &Settings::latency_tracking},
    {.name = "latency-tracking-info-percentiles", .kind = Kind::kPercentiles},
    {.name = "lazyfree-lazy-eviction", .fixed = "yes"},
    {.name = "lazyfree-lazy-expire", .fixed = "yes"},
    {.name = "lazyfree-lazy-server-del", .fixed = "yes"},
    {.name = "lazyfree-lazy-user-del", .fixed = "yes"},
    {.name = "lazyfree-lazy-user-flush", .fixed = "yes"},
    {.name = "list-compress-depth", .fixed = "0"},
    {.name = "list-max-listpack-size", .fixed = "-2"},
    {.name = "list-max-ziplist-size", .fixed = "-2"},
    {.name = "logfile", .fixed = ""},
    {.name = "loglevel",
     .kind = Kind::kText,
     .text = &Settings::log_level,
     .words = "debug, verbose, notice, warning"},
    {.name = "maxclients",
     .kind = Kind::kNumber,
     .number = &Settings::clients_max,
     .min = 1,
     .max = kUint32Max},
    {.name = "maxmemory",
     .kind = Kind::kBytes,
     .number = &Settings::memory_bytes_max,
     .max = kInt64Max},
    {.name = "maxmemory-clients", .fixed = "0"},
    {.name = "maxmemory-policy",
     .fixed = "noeviction",
     .words = "volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, "
              "allkeys-lfu, allkeys-random, noeviction"},
    {.name = "maxmemory-samples", .fixed = "5"},
    {.name = "notify-keyspace-events", .kind = Kind::kEvents},
    {.name = "port", .kind = Kind::kText, .text = &Settings::port},
    {.name = "proto-max-bulk-len", .fixed = "536870912"},
    {.name = "protected-mode", .fixed = "no"},
    {.name = "replica-read-only", .fixed = "yes"},
    {.name = "requirepass", .fixed = ""},
    {.name = "save", .fixed = ""},
    {.name = "set-max-intset-entries", .fixed = "512"},
    {.name = "slowlog-log-slower-than",
     .kind = Kind::kNumber,
     .number = &Settings::slowlog_slower_than_us,
     .min = -1,
     .max = kInt64Max},
    {.name = "slowlog-max-len",
     .kind = Kind::kNumber,
     .number = &Settings::slowlog_entries_max,
     .max = kInt64Max},
    {.name = "supervised", .fixed = "no"},
    {.name = "tcp-backlog", .fixed = "1024"},
    {.name = "tcp-keepalive", .fixed = "300"},
    {.name = "timeout",
     .kind = Kind::kNumber,
     .number = &Settings::client_timeout_s,
     .max = kInt32Max},
    {.name = "zset-max-listpack-entries", .fixed = "128"},
    {.name = "zset-max-listpack-value", .fixed = "64"},
    {.name = "zset-max-ziplist-entries", .fixed = "128"},
    {.name = "zset-max-ziplist-value", .fixed = "64"},
});

/// As Redis prints it: "99.9", not "99.900000".
std::string shortest(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

std::string value_of(const Parameter& parameter, const Settings& settings) {
  switch (parameter.kind) {
    case Kind::kFixed:
      return std::string(parameter.fixed);
    case Kind::kText:
      return settings.*parameter.text;
    case Kind::kYesNo:
      return settings.*parameter.number != 0 ? "yes" : "no";
    case Kind::kNumber:
    case Kind::kBytes:
      return std::to_string(settings.*parameter.number);
    case Kind::kEvents:
      return settings.keyspace_events.shown();
    case Kind::kPercentiles:
      break;
  }
  std::string text;
  for (const double percentile : settings.latency_percentiles) {
    text += (text.empty() ? "" : " ") + shortest(percentile);
  }
  return text;
}

/// "10mb", "2GB", "5k", "7": as Redis's memtoull.
std::optional<std::int64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t bytes;
  };
  static constexpr std::array<Unit, 8> kUnits{{{"", 1},
                                               {"b", 1},
                                               {"k", 1000},
                                               {"kb", 1024},
                                               {"m", 1000 * 1000},
                                               {"mb", 1024 * 1024},
                                               {"g", 1000 * 1000 * 1000},
                                               {"gb", 1024 * 1024 * 1024}}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = resp::parse_integer(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (!commands::equals_ignoring_case(text.substr(digits), unit.name)) continue;
    if (*number > kInt64Max / unit.bytes) return std::nullopt;
    return *number * unit.bytes;
  }
  return std::nullopt;
}

std::string set_number(const Parameter& parameter, Settings& settings, std::string_view value) {
  const bool is_bytes = parameter.kind == Kind::kBytes;
  const auto number = is_bytes ? parse_bytes(value) : resp::parse_integer(value);
  if (!number) {
    return is_bytes ? "argument must be a memory value"
                    : "argument couldn't be parsed into an integer";
  }
  if (*number < parameter.min || *number > parameter.max) {
    return "argument must be between " + std::to_string(parameter.min) + " and " +
           std::to_string(parameter.max) + " inclusive";
  }
  settings.*parameter.number = *number;
  return {};
}

std::string set_yes_no(const Parameter& parameter, Settings& settings, std::string_view value) {
  const bool yes = commands::equals_ignoring_case(value, "yes");
  if (!yes && !commands::equals_ignoring_case(value, "no")) return "argument must be 'yes' or 'no'";
  settings.*parameter.number = yes ? 1 : 0;
  return {};
}

std::string set_percentiles(Settings& settings, std::string_view value) {
  std::vector<double> percentiles;
  while (true) {
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    if (value.empty()) break;
    double percentile = -1;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), percentile);
    value.remove_prefix(static_cast<std::size_t>(end.ptr - value.data()));
    if (end.ec != std::errc() || (!value.empty() && value.front() != ' ')) {
      return "Invalid latency-tracking-info-percentiles parameters";
    }
    if (percentile < 0 || percentile > 100) {
      return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
    }
    percentiles.push_back(percentile);
  }
  settings.latency_percentiles = std::move(percentiles);
  return {};
}

std::string set_events(Settings& settings, std::string_view value) {
  const auto flags = commands::EventFlags::parse(value);
  if (!flags) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
  settings.keyspace_events = *flags;
  return {};
}

/// True if there are no words.
bool is_word_of(std::string_view words, std::string_view value) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(", "));
    if (commands::equals_ignoring_case(value, word)) return true;
    words.remove_prefix(std::min(word.size() + 2, words.size()));
    if (words.empty()) return false;
  }
  return true;
}

/// As Redis calls them.
std::string_view redis_level(std::string_view log_level) {
  if (log_level == "debug") return "debug";
  return log_level == "info" ? "notice" : "warning";
}

/// Why not; empty if the value is set. What is fixed may be "set" to what it is: programs do.
std::string set_one(const Parameter& parameter, Settings& settings, std::string_view value) {
  switch (parameter.kind) {
    case Kind::kNumber:
    case Kind::kBytes:
      return set_number(parameter, settings, value);
    case Kind::kYesNo:
      return set_yes_no(parameter, settings, value);
    case Kind::kPercentiles:
      return set_percentiles(settings, value);
    case Kind::kEvents:
      return set_events(settings, value);
    case Kind::kFixed:
    case Kind::kText:
      break;
  }
  if (!is_word_of(parameter.words, value)) {
    return "argument(s) must be one of the following: " + std::string(parameter.words);
  }
  const bool is_same = commands::equals_ignoring_case(value, value_of(parameter, settings));
  return is_same ? "" : "can't set immutable config";
}

const Parameter* find_parameter(std::string_view name) {
  const auto at = std::find_if(kParameters.begin(), kParameters.end(), [&](const Parameter& p) {
    return commands::equals_ignoring_case(name, p.name);
  });
  return at == kParameters.end() ? nullptr : &*at;
}

std::string failure(std::string_view name, std::string_view why) {
  return "ERR CONFIG SET failed (possibly related to argument '" + std::string(name) + "') - " +
         std::string(why);
}

}  // namespace

Settings initial_settings(const NodeOptions& options) {
  Settings settings;
  settings.memory_bytes_max = static_cast<std::int64_t>(options.memory_bytes_max);
  settings.clients_max = options.clients_max;
  settings.debug_enabled = options.debug_enabled ? "yes" : "no";
  settings.log_level = redis_level(options.log_level);
  settings.bind = options.bind;
  settings.port = std::to_string(options.client_port);
  settings.announced_host = options.self.host;
  settings.announced_port = std::to_string(options.self.port);
  settings.announced_bus_port = std::to_string(options.self.bus_port);
  return settings;
}

/// As Redis: a name that was asked for without a wildcard comes back as it was written.
NamesAndValues matching_settings(const Settings& settings,
                                 const std::vector<std::string_view>& patterns) {
  NamesAndValues found;
  for (const Parameter& parameter : kParameters) {
    for (const std::string_view pattern : patterns) {
      const bool is_name = pattern.find_first_of("[*?") == std::string_view::npos;
      const bool matches =
          is_name ? commands::equals_ignoring_case(pattern, parameter.name)
                  : commands::glob_match(commands::lower_case(pattern), parameter.name);
      if (!matches) continue;
      found.emplace_back(is_name ? pattern : parameter.name, value_of(parameter, settings));
      break;
    }
  }
  return found;
}

bool concerns_cluster(const std::vector<std::string>& args) {
  for (std::size_t i = 0; i < args.size(); i += 2) {
    const Parameter* const parameter = find_parameter(args[i]);
    if (parameter != nullptr && parameter->kind == Kind::kEvents) return true;
  }
  return false;
}

std::string change_settings(Settings& settings, const std::vector<std::string>& args) {
  if (args.empty() || args.size() % 2 != 0) return "ERR syntax error";
  std::vector<const Parameter*> parameters;
  for (std::size_t i = 0; i < args.size(); i += 2) {
    const Parameter* const parameter = find_parameter(args[i]);
    if (parameter == nullptr) {
      return "ERR Unknown option or number of arguments for CONFIG SET - '" + args[i] + "'";
    }
    if (std::find(parameters.begin(), parameters.end(), parameter) != parameters.end()) {
      return failure(args[i], "duplicate parameter");
    }
    parameters.push_back(parameter);
  }
  Settings changed = settings;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string why = set_one(*parameters[i], changed, args[2 * i + 1]);
    if (!why.empty()) return failure(args[2 * i], why);
  }
  settings = std::move(changed);
  return {};
}

}  // namespace borg::node
