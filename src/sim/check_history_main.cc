// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "sim/history_json.h"
#include "sim/linearizability.h"

/// Checks a history that some other program has recorded, one operation a line of JSON (see
/// sim/history_json.h).
///
/// Exits with 0: linearizable, 1: not, 2: bad arguments or input, 3: undecided.
namespace borg::sim {
namespace {

enum Exit : int { kFine = 0, kWrong = 1, kBadInput = 2, kNotDecided = 3 };

bool read(const std::string& path, History& history) {
  std::ifstream file(path);
  if (!file) {
    fmt::print(stderr, "{}: cannot be read\n", path);
    return false;
  }
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    auto parsed = operation_from_json(line);
    if (const auto* error = std::get_if<LineError>(&parsed)) {
      fmt::print(stderr, "{}:{}: {}\n", path, number, error->message);
      return false;
    }
    history.add(std::get<Operation>(std::move(parsed)));
  }
  return true;
}

int verdict_of(const std::string& path, const CheckOptions& options) {
  History history;
  if (!read(path, history)) return kBadInput;
  const CheckResult result = check(history, StringModel(), options);
  const std::size_t count = history.operations().size();
  fmt::print("{}", result.explanation);
  switch (result.verdict) {
    case Verdict::kLinearizable:
      fmt::print("linearizable: {} operations, {} steps\n", count, result.steps);
      return kFine;
    case Verdict::kViolation:
      return kWrong;
    case Verdict::kUndecided:
      return kNotDecided;
  }
  return kBadInput;
}

int usage() {
  fmt::print(stderr, "usage: borg_check_history [--steps N] FILE\n");
  return kBadInput;
}

int run(int argc, char** argv) {
  CheckOptions options;
  int i = 1;
  if (argc == 4 && std::string_view(argv[1]) == "--steps") {
    const std::string_view text = argv[2];
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), options.steps_max);
    if (error != std::errc() || end != text.data() + text.size()) return usage();
    i = 3;
  }
  if (argc != i + 1) return usage();
  return verdict_of(argv[i], options);
}

}  // namespace
}  // namespace borg::sim

int main(int argc, char** argv) { return borg::sim::run(argc, argv); }
