// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace borg {

/// A rare state that some test should reach, and how often one did. Counted in the simulator
/// alone, which is built with BORG_SIMULATION and has one thread; elsewhere reached() is empty.
struct Probe {
  explicit Probe(std::string_view probe_name) : name(probe_name), next(first) { first = this; }
  const std::string_view name;
  std::uint64_t count = 0;
  Probe* const next;
  inline static Probe* first = nullptr;  ///< of all in the program
};

template <std::size_t kSize>
struct ProbeName {
  constexpr ProbeName(const char (&literal)[kSize]) { std::copy_n(literal, kSize, text); }
  char text[kSize] = {};
};

#ifdef BORG_SIMULATION
template <ProbeName kName>
inline Probe probe{std::string_view(kName.text)};

template <ProbeName kName>
void reached() {
  ++probe<kName>.count;
}
#else
template <ProbeName kName>
void reached() {}
#endif

}  // namespace borg
