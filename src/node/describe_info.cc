// SPDX-License-Identifier: Apache-2.0
// INFO and LATENCY HISTOGRAM: what one node says of itself, in Redis's words.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "commands/arguments.h"
#include "commands/command_info.h"
#include "node/describe.h"

namespace borg::node {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

#ifdef __clang__
constexpr std::string_view kCompiler = "0.0.0";
#else
constexpr std::string_view kCompiler = __VERSION__;
#endif

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::fixed, digits);
  return {text.data(), end.ptr};
}

/// "1.50M", as Redis shows bytes to people.
std::string human(std::uint64_t bytes) {
  static constexpr std::string_view kUnits = "KMGTP";
  if (bytes < 1024) return number(bytes) + "B";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1024; value >= 1024 && unit + 1 < kUnits.size(); value /= 1024) ++unit;
  return fixed(value, 2) + kUnits[unit];
}

void add_bytes(Fields& fields, const std::string& name, std::uint64_t bytes) {
  fields.emplace_back(name, number(bytes));
  fields.emplace_back(name + "_human", human(bytes));
}

/// 40 hexadecimal digits, as Redis's run id has them.
std::string run_id(const InfoReport& r) {
  return coordination::to_text(r.self) + std::string(24, '0');
}

std::string own_clock_ahead(const InfoReport& r) {
  const auto own = r.clocks.find(r.self);
  return std::to_string(own == r.clocks.end() ? 0 : own->second.ahead.as_millis());
}

/// "a=2592000000,b=-5000": nodes and by how many milliseconds they are ahead.
std::string wrong_clocks(const InfoReport& r) {
  std::string text;
  for (const auto& [node, clock] : r.clocks) {
    const membership::MemberRecord* const record = r.view->member(node);
    if (!clock.is_wrong || record == nullptr) continue;
    if (!text.empty()) text += ",";
    text += record->member.name + "=" + std::to_string(clock.ahead.as_millis());
  }
  return text;
}

Fields server_fields(const InfoReport& r) {
  const coordination::Member& self = r.options->self;
  return {{"redis_version", "7.0.15"},
          {"redis_git_sha1", "00000000"},
          {"redis_git_dirty", "0"},
          {"redis_build_id", "0"},
          {"redis_mode", "standalone"},
          {"os", r.process.system},
          {"arch_bits", "64"},
          {"monotonic_clock", "POSIX clock_gettime"},
          {"multiplexing_api", "epoll"},
          {"atomicvar_api", "c11-builtin"},
          {"gcc_version", std::string(kCompiler)},
          {"process_supervised", "no"},
          {"process_id", std::to_string(r.process.id)},
          {"run_id", run_id(r)},
          {"tcp_port", number(r.options->client_port)},
          {"server_time_usec", std::to_string(r.wall_ms * 1000)},
          {"uptime_in_seconds", std::to_string(r.uptime_seconds)},
          {"uptime_in_days", std::to_string(r.uptime_seconds / 86400)},
          {"hz", "50"},
          {"configured_hz", "50"},
          {"lru_clock", number(static_cast<std::uint64_t>(r.wall_ms / 1000) % (1u << 24))},
          {"executable", r.process.executable},
          {"config_file", ""},
          {"io_threads_active", "0"},
          {"borg_version", r.options->version},
          {"borg_cluster", r.options->cluster},
          {"borg_node", self.name},
          {"borg_threads", number(self.workers)},
          {"borg_clock_ahead_ms", own_clock_ahead(r)},
          {"borg_wrong_clocks", wrong_clocks(r)}};
}

Fields clients_fields(const InfoReport& r) {
  const PresentFacts& present = r.counts->present;
  return {{"connected_clients", number(r.stats.clients)},
          {"maxclients", std::to_string(r.settings->clients_max)},
          {"client_recent_max_input_buffer", number(present.input_bytes_max)},
          {"client_recent_max_output_buffer", number(present.output_bytes_max)},
          {"blocked_clients", number(r.stats.blocked_clients)},
          {"tracking_clients", "0"}};
}

std::string percent_of(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "0.00%";
  return fixed(100 * static_cast<double>(part) / static_cast<double>(whole), 2) + "%";
}

void add_scripts(Fields& fields) {
  for (const std::string_view name :
       {"used_memory_lua", "used_memory_vm_eval", "used_memory_scripts_eval",
        "number_of_cached_scripts", "number_of_functions", "number_of_libraries",
        "used_memory_vm_functions", "used_memory_vm_total", "used_memory_functions",
        "used_memory_scripts"}) {
    fields.emplace_back(name, "0");
  }
}

void add_fragmentation(Fields& fields, std::uint64_t used, std::uint64_t resident) {
  const double ratio = used == 0 ? 0 : static_cast<double>(resident) / static_cast<double>(used);
  const auto excess = static_cast<std::int64_t>(resident) - static_cast<std::int64_t>(used);
  fields.emplace_back("mem_fragmentation_ratio", fixed(ratio, 2));
  fields.emplace_back("mem_fragmentation_bytes", std::to_string(excess));
}

/// What keys take, with all that is kept beside their values, is the data; connections come on top
/// of it.
Fields memory_fields(const InfoReport& r) {
  Fields fields;
  const PresentFacts& present = r.counts->present;
  const std::uint64_t data = r.stats.memory_bytes;
  const std::uint64_t used = r.stats.memory_used_bytes();
  const std::uint64_t peak = std::max(r.stats.memory_peak_bytes, used);
  const std::uint64_t resident = r.process.resident_bytes;
  add_bytes(fields, "used_memory", used);
  add_bytes(fields, "used_memory_rss", resident);
  add_bytes(fields, "used_memory_peak", peak);
  fields.emplace_back("used_memory_peak_perc", percent_of(used, peak));
  fields.emplace_back("used_memory_overhead", number(used - data));
  fields.emplace_back("used_memory_startup", "0");
  fields.emplace_back("used_memory_dataset", number(data));
  fields.emplace_back("used_memory_dataset_perc", percent_of(data, used));
  add_bytes(fields, "total_system_memory", r.process.system_bytes);
  add_scripts(fields);
  add_bytes(fields, "maxmemory", static_cast<std::uint64_t>(r.settings->memory_bytes_max));
  fields.emplace_back("maxmemory_policy", "noeviction");
  fields.emplace_back("memory_full", number(r.stats.memory_level));
  fields.emplace_back("memory_death_exceeds", number(r.stats.death_exceeds_memory));
  fields.emplace_back("memory_waiting_partitions", number(r.stats.partitions_without_memory));
  add_fragmentation(fields, used, resident);
  fields.emplace_back("mem_replication_backlog", number(r.stats.replication_bytes));
  fields.emplace_back("mem_request_records", number(r.stats.record_bytes));
  for (const std::string_view name :
       {"mem_not_counted_for_evict", "mem_clients_slaves", "mem_aof_buffer"}) {
    fields.emplace_back(name, "0");
  }
  fields.emplace_back("mem_clients_normal", number(present.clients_bytes));
  fields.emplace_back("mem_allocator", "libc");
  fields.emplace_back("active_defrag_running", number(present.compacting));
  fields.emplace_back("lazyfree_pending_objects", number(present.garbage));
  return fields;
}

/// Nothing is ever saved, so nothing waits to be and nothing fails.
Fields persistence_fields(const InfoReport& r) {
  const std::int64_t started_s = r.wall_ms / 1000 - r.uptime_seconds;
  return {{"loading", "0"},
          {"async_loading", "0"},
          {"current_fork_perc", "0.00"},
          {"rdb_changes_since_last_save", "0"},
          {"rdb_bgsave_in_progress", "0"},
          {"rdb_last_save_time", std::to_string(started_s)},
          {"rdb_last_bgsave_status", "ok"},
          {"rdb_last_bgsave_time_sec", "-1"},
          {"rdb_current_bgsave_time_sec", "-1"},
          {"rdb_saves", "0"},
          {"rdb_last_cow_size", "0"},
          {"rdb_last_load_keys_expired", "0"},
          {"rdb_last_load_keys_loaded", "0"},
          {"aof_enabled", "0"},
          {"aof_rewrite_in_progress", "0"},
          {"aof_rewrite_scheduled", "0"},
          {"aof_last_rewrite_time_sec", "-1"},
          {"aof_current_rewrite_time_sec", "-1"},
          {"aof_last_bgrewrite_status", "ok"},
          {"aof_rewrites", "0"},
          {"aof_last_write_status", "ok"},
          {"aof_last_cow_size", "0"},
          {"module_fork_in_progress", "0"}};
}

/// What Borg does not do.
void add_never(Fields& fields) {
  for (const std::string_view name :
       {"sync_full", "sync_partial_ok", "sync_partial_err", "evicted_keys", "evicted_clients",
        "total_eviction_exceeded_time", "current_eviction_exceeded_time", "latest_fork_usec",
        "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
        "tracking_total_keys", "tracking_total_items", "tracking_total_prefixes",
        "io_threaded_reads_processed", "io_threaded_writes_processed"}) {
    fields.emplace_back(name, "0");
  }
}

Fields stats_fields(const InfoReport& r) {
  const auto since_reset = [&r](std::uint64_t Stats::*count) {
    return number(r.stats.*count - r.forgotten->*count);
  };
  const auto kilobytes = [](std::uint64_t bytes) {
    return fixed(static_cast<double>(bytes) / 1024, 2);
  };
  const CommandCounts& counts = *r.counts;
  Fields fields{{"total_connections_received", since_reset(&Stats::clients_total)},
                {"total_commands_processed", since_reset(&Stats::commands)},
                {"instantaneous_ops_per_sec", number(counts.commands_per_s)},
                {"total_net_input_bytes", since_reset(&Stats::input_bytes)},
                {"total_net_output_bytes", number(counts.output_bytes)},
                {"instantaneous_input_kbps", kilobytes(counts.input_bytes_per_s)},
                {"instantaneous_output_kbps", kilobytes(counts.output_bytes_per_s)},
                {"rejected_connections", number(r.clients_refused)},
                {"expired_keys", since_reset(&Stats::expired_keys)},
                {"expired_stale_perc", "0.00"},
                {"expired_time_cap_reached_count", "0"},
                {"expire_cycle_cpu_milliseconds", number(counts.expiry_nanos / 1'000'000)},
                {"keyspace_hits", since_reset(&Stats::keyspace_hits)},
                {"keyspace_misses", since_reset(&Stats::keyspace_misses)},
                {"pubsub_channels", number(counts.present.channels)},
                {"pubsub_patterns", number(counts.present.patterns)},
                {"pubsubshard_channels", number(counts.present.shard_channels)},
                {"unexpected_error_replies", "0"},
                {"total_error_replies", number(counts.errors.total())},
                {"total_reads_processed", number(counts.reads)},
                {"total_writes_processed", number(counts.writes)},
                {"total_commands_forwarded", since_reset(&Stats::forwarded)}};
  add_never(fields);
  return fields;
}

Fields replication_fields(const InfoReport& r) {
  return {{"role", "master"},
          {"connected_slaves", "0"},
          {"master_failover_state", "no-failover"},
          {"master_replid", run_id(r)},
          {"master_replid2", std::string(40, '0')},
          {"master_repl_offset", "0"},
          {"second_repl_offset", "-1"},
          {"repl_backlog_active", "0"},
          {"repl_backlog_size", "0"},
          {"repl_backlog_first_byte_offset", "0"},
          {"repl_backlog_histlen", "0"},
          {"borg_primary_partitions", number(r.stats.primary_partitions)},
          {"borg_backup_partitions", number(r.stats.backup_partitions)},
          {"borg_syncing_partitions", number(r.stats.syncing_partitions)}};
}

Fields cpu_fields(const InfoReport& r) {
  const auto seconds = [](std::int64_t us) { return fixed(static_cast<double>(us) / 1e6, 6); };
  return {{"used_cpu_sys", seconds(r.process.cpu_system_us)},
          {"used_cpu_user", seconds(r.process.cpu_user_us)},
          {"used_cpu_sys_children", seconds(0)},
          {"used_cpu_user_children", seconds(0)}};
}

Fields modules_fields(const InfoReport&) { return {}; }

template <class F>
void for_each_counted(const CommandCounts& counts, F&& f) {
  const auto rows = commands::all_commands();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].is(commands::kInternal)) f(rows[i], counts.commands[i]);
  }
}

Fields commandstats_fields(const InfoReport& r) {
  Fields fields;
  for_each_counted(*r.counts, [&](const commands::CommandSpec& spec, const CommandCount& c) {
    // After RESETSTAT one may be refused whose call is forgotten.
    const std::uint64_t calls = c.calls - std::min(c.calls, c.refused);
    const std::uint64_t rejected = c.rejected + c.refused;
    if (calls == 0 && c.nanos == 0 && rejected == 0) return;
    const double micros = static_cast<double>(c.nanos) / 1000;
    const double per_call = c.executed == 0 ? 0 : micros / static_cast<double>(c.executed);
    fields.emplace_back("cmdstat_" + std::string(spec.name),
                        "calls=" + number(calls) + ",usec=" + number(c.nanos / 1000) +
                            ",usec_per_call=" + fixed(per_call, 2) + ",rejected_calls=" +
                            number(rejected) + ",failed_calls=" + number(c.failed));
  });
  return fields;
}

Fields errorstats_fields(const InfoReport& r) {
  Fields fields;
  for (const auto& [code, count] : r.counts->errors.by_code()) {
    fields.emplace_back("errorstat_" + code, "count=" + number(count));
  }
  return fields;
}

std::string shortest(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

Fields latencystats_fields(const InfoReport& r) {
  Fields fields;
  for_each_counted(*r.counts, [&](const commands::CommandSpec& spec, const CommandCount& c) {
    if (c.latencies == nullptr || r.settings->latency_tracking == 0) return;
    std::string text;
    for (const double percent : r.settings->latency_percentiles) {
      const auto nanos = static_cast<double>(c.latencies->percentile(percent));
      text += (text.empty() ? "p" : ",p") + shortest(percent) + "=" + fixed(nanos / 1000, 3);
    }
    fields.emplace_back("latency_percentiles_usec_" + std::string(spec.name), text);
  });
  return fields;
}

Fields cluster_fields(const InfoReport&) { return {{"cluster_enabled", "1"}}; }

Fields keyspace_fields(const InfoReport& r) {
  if (r.stats.primary_keys == 0) return {};
  return {{"db0", "keys=" + number(r.stats.primary_keys) +
                      ",expires=" + number(r.stats.expiring_keys) + ",avg_ttl=0"}};
}

struct Section {
  std::string_view name;
  std::string_view title;
  Fields (*fields)(const InfoReport& report);
  bool is_default = true;
};

constexpr std::array kSections = std::to_array<Section>({
    {"server", "Server", server_fields},
    {"clients", "Clients", clients_fields},
    {"memory", "Memory", memory_fields},
    {"persistence", "Persistence", persistence_fields},
    {"stats", "Stats", stats_fields},
    {"replication", "Replication", replication_fields},
    {"cpu", "CPU", cpu_fields},
    {"modules", "Modules", modules_fields},
    {"commandstats", "Commandstats", commandstats_fields, false},
    {"errorstats", "Errorstats", errorstats_fields},
    {"latencystats", "Latencystats", latencystats_fields, false},
    {"cluster", "Cluster", cluster_fields},
    {"keyspace", "Keyspace", keyspace_fields},
});

/// As in Redis: "all" is all but the modules', "everything" is everything.
bool is_wanted(const Section& section, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return section.is_default;
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
    const std::string lower = commands::lower_case(name);
    return lower == section.name || lower == "everything" ||
           (lower == "all" && section.name != "modules") ||
           (lower == "default" && section.is_default);
  });
}

/// The commands whose names were given, with their subcommands.
bool is_asked_for(const commands::CommandSpec& spec, const std::vector<std::string>& args) {
  if (args.size() <= 2) return true;
  return std::any_of(args.begin() + 2, args.end(), [&](const std::string& name) {
    const std::string lower = commands::lower_case(name);
    return spec.name == lower || spec.name.starts_with(lower + "|");
  });
}

/// How many took how many microseconds at most, for powers of two.
void write_buckets(const LatencyHistogram& latencies, resp::Writer& reply) {
  constexpr std::uint64_t kFirstNanos = 1024;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> buckets;
  std::uint64_t before = 0;
  for (std::uint64_t nanos = kFirstNanos; before < latencies.total() && nanos < (1ull << 50);
       nanos *= 2) {
    // The end of what counts as the same in a histogram of two digits, as Redis has it.
    const std::uint64_t end = nanos + nanos / 128 - 1;
    const std::uint64_t count = latencies.count_up_to(nanos - 1);
    if (count > before) buckets.emplace_back(end / 1000, count);
    before = count;
  }
  reply.map(buckets.size());
  for (const auto& [micros, count] : buckets) {
    reply.integer(static_cast<std::int64_t>(micros));
    reply.integer(static_cast<std::int64_t>(count));
  }
}

}  // namespace

std::string describe_as_info(const InfoReport& report, const std::vector<std::string>& sections) {
  std::string out;
  for (const Section& section : kSections) {
    if (!is_wanted(section, sections)) continue;
    if (!out.empty()) out += "\r\n";
    out += "# " + std::string(section.title) + "\r\n";
    for (const auto& [field, value] : section.fields(report)) out += field + ":" + value + "\r\n";
  }
  return out;
}

void write_memory_stats(const InfoReport& r, resp::Writer& reply) {
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  const std::uint64_t data = r.stats.memory_bytes;
  const std::uint64_t used = r.stats.memory_used_bytes();
  const std::uint64_t peak = std::max(r.stats.memory_peak_bytes, used);
  const std::uint64_t resident = r.process.resident_bytes;
  const std::array counts = std::to_array<std::pair<std::string_view, std::uint64_t>>(
      {{"peak.allocated", peak},
       {"total.allocated", used},
       {"startup.allocated", 0},
       {"replication.backlog", r.stats.replication_bytes},
       {"clients.slaves", 0},
       {"clients.normal", r.counts->present.clients_bytes},
       {"aof.buffer", 0},
       {"lua.caches", 0},
       {"functions.caches", 0},
       {"overhead.total", used - data},
       {"keys.count", r.stats.keys},
       {"keys.bytes-per-key", r.stats.keys == 0 ? 0 : data / r.stats.keys},
       {"dataset.bytes", data}});
  const std::array shares = std::to_array<std::pair<std::string_view, double>>(
      {{"dataset.percentage", 100 * share(data, used)},
       {"peak.percentage", 100 * share(used, peak)},
       {"fragmentation", share(resident, used)}});
  reply.map(counts.size() + shares.size() + 1);
  for (const auto& [name, value] : counts) {
    reply.bulk(name);
    reply.integer(static_cast<std::int64_t>(value));
  }
  for (const auto& [name, value] : shares) {
    reply.bulk(name);
    reply.real(value);
  }
  reply.bulk("fragmentation.bytes");
  reply.integer(static_cast<std::int64_t>(resident) - static_cast<std::int64_t>(used));
}

void write_latency_histogram(const CommandCounts& counts, const std::vector<std::string>& args,
                             resp::Writer& reply) {
  std::vector<std::pair<std::string_view, const LatencyHistogram*>> found;
  for_each_counted(counts, [&](const commands::CommandSpec& spec, const CommandCount& c) {
    if (c.latencies != nullptr && is_asked_for(spec, args)) {
      found.emplace_back(spec.name, c.latencies.get());
    }
  });
  reply.map(found.size());
  for (const auto& [name, latencies] : found) {
    reply.bulk(name);
    reply.map(2);
    reply.bulk("calls");
    reply.integer(static_cast<std::int64_t>(latencies->total()));
    reply.bulk("histogram_usec");
    write_buckets(*latencies, reply);
  }
}

}  // namespace borg::node
