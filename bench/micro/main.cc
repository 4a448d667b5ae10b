// SPDX-License-Identifier: Apache-2.0
// Micro-benchmarks: nanoseconds by Google Benchmark; with --count, a few operations of each case
// for callgrind, which counts the instructions of borg_measured alone (see instructions.py).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string_view>

#include "cases.h"

namespace borg::bench {

void use(std::uint64_t value) { benchmark::DoNotOptimize(value); }

std::string key_name(std::uint64_t number) { return fmt::format("key:{:012}", number); }

std::vector<std::string> shuffled_keys() {
  constexpr std::uint64_t kStep = 4127;  // prime
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < kKeys; ++i) keys.push_back(key_name(i * kStep % kKeys));
  return keys;
}

std::string request(const std::vector<std::string_view>& args) {
  std::string text = fmt::format("*{}\r\n", args.size());
  for (const std::string_view arg : args) text += fmt::format("${}\r\n{}\r\n", arg.size(), arg);
  return text;
}

}  // namespace borg::bench

/// What callgrind looks for by name: it counts from here to the return, and nothing else.
extern "C" __attribute__((noinline)) void borg_measured(
    const std::function<void(std::uint64_t)>& run, std::uint64_t count) {
  run(count);
  benchmark::ClobberMemory();  // no tail call: the return is here
}

namespace {

std::vector<borg::bench::Case> all_cases() {
  std::vector<borg::bench::Case> cases;
  borg::bench::add_parser_cases(cases);
  borg::bench::add_store_cases(cases);
  borg::bench::add_command_cases(cases);
  borg::bench::add_wire_cases(cases);
  borg::bench::add_worker_cases(cases);
  return cases;
}

/// Says in order what is measured and how often, as callgrind writes its parts.
void count_instructions() {
  constexpr std::uint64_t kCount = 4096;
  for (const borg::bench::Case& one : all_cases()) {
    const auto run = one.make();
    run(borg::bench::kKeys);  // buffers have grown, every key was there once
    borg_measured(run, kCount);
    fmt::print("{} {}\n", kCount, one.name);
  }
}

void register_case(const borg::bench::Case& one) {
  benchmark::RegisterBenchmark(std::string(one.name).c_str(), [&one](benchmark::State& state) {
    constexpr std::int64_t kBatch = 64;
    const auto run = one.make();
    while (state.KeepRunningBatch(kBatch)) run(kBatch);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--count") {
    count_instructions();
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const std::vector<borg::bench::Case> cases = all_cases();
  for (const borg::bench::Case& one : cases) register_case(one);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
