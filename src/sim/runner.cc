// SPDX-License-Identifier: Apache-2.0
#include "sim/runner.h"

#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "base/probe.h"
#include "sim/world.h"

namespace borg::sim {
namespace {

constexpr const char* kUsage =
    "borg_sim [--seeds N] [--from SEED] [--seed SEED] [--trace] [--keep-going] [--seconds N]\n"
    "         [--planted-bugs [--only TEXT]]\n"
    "borg_sim --orders\n"
    "borg_sim --nodes N [--join one-by-one|at-once] [--seed SEED] [--trace]\n"
    "Runs N (100) clusters in virtual time, one for each seed from SEED (1) on. --seed runs one;\n"
    "--trace prints what happens in it; --keep-going goes on after a failure; --seconds: no more\n"
    "seeds after so much processor time. --planted-bugs: with each bug planted into the cores,\n"
    "fails if N seeds do not find it; --only: those whose names contain the text.\n"
    "--nodes: a cluster grows to N nodes, without faults. --orders: every row of three\n"
    "orders of operators on one, two and three nodes.\n";

volatile std::sig_atomic_t seed_under_way = 0;

void on_abort(int) {
  std::fprintf(stderr, "seed %ld aborted: replay with ./dev sim --seed %ld --trace\n",
               static_cast<long>(seed_under_way), static_cast<long>(seed_under_way));
}

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t failures = 0;
  std::uint64_t events = 0;
  std::uint64_t undecided = 0;
  std::uint64_t lossy = 0;
  std::uint64_t accepted = 0;
  Duration virtual_time;
  ClientCounts clients;
};

void add(Totals& t, const World::Result& r) {
  ++t.runs;
  t.events += r.events;
  t.undecided += r.undecided;
  t.lossy += r.lost_partitions > 0 ? 1 : 0;
  t.accepted += r.accepted_losses;
  t.virtual_time = t.virtual_time + r.virtual_time;
  t.clients.sent += r.clients.sent;
  t.clients.done += r.clients.done;
  t.clients.in_doubt += r.clients.in_doubt;
  t.clients.cluster_down += r.clients.cluster_down;
  t.clients.no_replicas += r.clients.no_replicas;
  t.clients.data_loss += r.clients.data_loss;
  t.clients.disconnected += r.clients.disconnected;
  t.clients.given_up += r.clients.given_up;
}

void run_one(std::uint64_t seed, bool trace, Totals& totals) {
  seed_under_way = static_cast<std::sig_atomic_t>(seed);
  World world(seed, trace);
  try {
    world.run();
    if (seed % 20 == 0) {
      World again(seed, false);
      again.run();
      if (again.result().trace != world.result().trace) {
        throw Violation("a seed is a run", "the second run differs from the first");
      }
    }
  } catch (const std::exception& e) {
    ++totals.failures;
    std::printf(
        "seed %llu FAILED after %.3f s: %s\n  options: %s\n"
        "  replay: ./dev sim --seed %llu --trace\n",
        static_cast<unsigned long long>(seed),
        static_cast<double>(world.result().virtual_time.as_millis()) / 1e3, e.what(),
        describe(world.options()).c_str(), static_cast<unsigned long long>(seed));
    std::fflush(stdout);
  }
  add(totals, world.result());
}

void print_summary(const Totals& t, double seconds) {
  const auto n = [](std::uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf("%llu seeds, %llu failed; %.0f s virtual in %.1f s (%.1f seeds/s), %llu events\n",
              n(t.runs), n(t.failures), static_cast<double>(t.virtual_time.as_millis()) / 1e3,
              seconds, static_cast<double>(t.runs) / std::max(seconds, 1e-3), n(t.events));
  std::printf(
      "commands: %llu sent, %llu answered, %llu in doubt, %llu cluster down, "
      "%llu no replicas, %llu data loss, %llu lost connection, %llu given up\n",
      n(t.clients.sent), n(t.clients.done), n(t.clients.in_doubt), n(t.clients.cluster_down),
      n(t.clients.no_replicas), n(t.clients.data_loss), n(t.clients.disconnected),
      n(t.clients.given_up));
  std::printf(
      "%llu seeds ended with a lost partition, %llu losses were accepted; "
      "%llu histories too long to judge\n",
      n(t.lossy), n(t.accepted), n(t.undecided));
}

void print_probes() {
  std::vector<const Probe*> probes;
  for (const Probe* p = Probe::first; p != nullptr; p = p->next) probes.push_back(p);
  std::sort(probes.begin(), probes.end(),
            [](const Probe* a, const Probe* b) { return a->name < b->name; });
  for (const Probe* p : probes) {
    std::printf("%10llu  %.*s%s\n", static_cast<unsigned long long>(p->count),
                static_cast<int>(p->name.size()), p->name.data(),
                p->count == 0 ? "  NEVER REACHED" : "");
  }
}

bool read_number(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool parse_arguments(const std::vector<std::string>& arguments, RunnerOptions& o) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    bool ok = true;
    if (name == "--trace") {
      o.trace = true;
    } else if (name == "--planted-bugs") {
      o.planted_bugs = true;
    } else if (name == "--only" && has_value) {
      o.only = arguments[++i];
    } else if (name == "--orders") {
      o.orders = true;
    } else if (name == "--keep-going") {
      o.keep_going = true;
    } else if (name == "--seeds" && has_value) {
      ok = read_number(arguments[++i], o.seeds);
    } else if (name == "--from" && has_value) {
      ok = read_number(arguments[++i], o.from);
    } else if (name == "--seconds" && has_value) {
      ok = read_number(arguments[++i], o.seconds_max);
    } else if (name == "--nodes" && has_value) {
      std::uint64_t nodes = 0;
      ok = read_number(arguments[++i], nodes) && nodes >= 1 && nodes <= 250;
      o.growth.nodes = nodes;
    } else if (name == "--join" && has_value) {
      const std::string& how = arguments[++i];
      o.growth.at_once = how == "at-once";
      ok = o.growth.at_once || how == "one-by-one";
    } else if (name == "--seed" && has_value) {
      ok = read_number(arguments[++i], o.from);
      o.seeds = 1;
    } else {
      ok = false;
    }
    if (!ok) {
      std::fputs(kUsage, stderr);
      return false;
    }
  }
  o.growth.seed = o.from;
  o.growth.trace = o.trace;
  return true;
}

int run_seeds(const RunnerOptions& options) {
  std::signal(SIGABRT, on_abort);
  ::mallopt(M_MMAP_MAX, 0);  // what a block takes does not depend on what was freed before
  Totals totals;
  const std::clock_t begin = std::clock();
  const auto seconds = [&] { return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC; };
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    if (options.seed_under_way != nullptr) *options.seed_under_way = options.from + i;
    run_one(options.from + i, options.trace, totals);
    if (totals.failures > 0 && !options.keep_going) break;
    if (options.seconds_max > 0 && seconds() > static_cast<double>(options.seconds_max)) break;
  }
  print_summary(totals, seconds());
  if (options.prints_probes) print_probes();
  return totals.failures == 0 ? 0 : 1;
}

}  // namespace borg::sim
