// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace borg::storage {

// The elements of a list, or of a part of it, in one run of bytes that is walked in both
// directions. Each element:
//
//   its size (LEB128), its bytes, and what these two take (LEB128, read from behind)

/// An element, and the positions in the run where it begins and ends.
struct RunElement {
  std::string_view bytes;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// REQUIRES: an element begins at `at`.
[[nodiscard]] RunElement run_element(std::string_view run, std::size_t at);
/// REQUIRES: an element ends at `end`.
[[nodiscard]] RunElement run_element_before(std::string_view run, std::size_t end);
/// The element at an index of a run of `count`, found from the nearer end.
/// REQUIRES: index < count.
[[nodiscard]] RunElement run_element_at(std::string_view run, std::size_t count, std::size_t index);
/// Where it begins, or the end of the run for index == count.
[[nodiscard]] std::size_t run_place(std::string_view run, std::size_t count, std::size_t index);
[[nodiscard]] std::size_t run_element_bytes(std::size_t size);
char* write_run_element(char* at, std::string_view bytes);
[[nodiscard]] std::string run_of(std::string_view bytes);
/// Whether the bytes, which nobody vouches for, are a run of so many elements.
[[nodiscard]] bool is_run(std::string_view run, std::size_t count);

}  // namespace borg::storage
