// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace borg::bench {

/// One operation that is measured alone: without sockets, threads, clocks.
struct Case {
  std::string_view name;  ///< "part/what"; the key in instructions.txt
  /// Prepares, and returns what does the operation so many times. Each call begins where the
  /// one before left off, so that a call costs the same however many came before it.
  std::function<std::function<void(std::uint64_t count)>()> make;
};

void add_parser_cases(std::vector<Case>& cases);
void add_store_cases(std::vector<Case>& cases);
void add_command_cases(std::vector<Case>& cases);
void add_wire_cases(std::vector<Case>& cases);
void add_worker_cases(std::vector<Case>& cases);

/// Keeps what was computed from being optimized away.
void use(std::uint64_t value);

inline constexpr std::size_t kValueBytes = 64;
/// Enough that they fill many slots, few enough that valgrind has them soon.
inline constexpr std::uint64_t kKeys = 8192;

/// 16 bytes, as bench_load's.
[[nodiscard]] std::string key_name(std::uint64_t number);
/// All keys, in an order that is not that of their numbers.
[[nodiscard]] std::vector<std::string> shuffled_keys();
/// A request as clients send it.
[[nodiscard]] std::string request(const std::vector<std::string_view>& args);

}  // namespace borg::bench
