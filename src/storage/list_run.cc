// SPDX-License-Identifier: Apache-2.0
#include "storage/list_run.h"

#include "storage/packed.h"
#include "storage/varint.h"

namespace borg::storage {
namespace {

/// The last byte has the lowest bits.
char* write_backwards(char* at, std::size_t value) {
  char* const end = at + varint_bytes(value);
  for (char* p = end - 1; p != at; --p, value >>= 7) *p = static_cast<char>(value | 0x80);
  *at = static_cast<char>(value);
  return end;
}

}  // namespace

RunElement run_element(std::string_view run, std::size_t at) {
  const PackedItem item = packed_item(run, at);
  return {item.bytes, at, item.end + varint_bytes(item.end - at)};
}

RunElement run_element_before(std::string_view run, std::size_t end) {
  std::size_t size = 0;
  std::size_t at = end;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(run[--at]);
    size |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const std::size_t begin = at - size;
  return {packed_item(run, begin).bytes, begin, end};
}

RunElement run_element_at(std::string_view run, std::size_t count, std::size_t index) {
  if (index < count / 2) {
    RunElement element = run_element(run, 0);
    for (; index > 0; --index) element = run_element(run, element.end);
    return element;
  }
  RunElement element = run_element_before(run, run.size());
  for (; index + 1 < count; ++index) element = run_element_before(run, element.begin);
  return element;
}

std::size_t run_place(std::string_view run, std::size_t count, std::size_t index) {
  return index == count ? run.size() : run_element_at(run, count, index).begin;
}

std::size_t run_element_bytes(std::size_t size) {
  const std::size_t item = packed_item_bytes(size);
  return item + varint_bytes(item);
}

char* write_run_element(char* at, std::string_view bytes) {
  char* const end = write_packed_item(at, bytes);
  return write_backwards(end, static_cast<std::size_t>(end - at));
}

std::string run_of(std::string_view bytes) {
  std::string run(run_element_bytes(bytes.size()), '\0');
  write_run_element(run.data(), bytes);
  return run;
}

bool is_run(std::string_view run, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0; --count) {
    std::size_t size = 0;
    const std::size_t begin = at;
    for (unsigned shift = 0;; shift += 7) {
      if (at >= run.size() || shift > 28) return false;
      const auto byte = static_cast<unsigned char>(run[at++]);
      size |= static_cast<std::size_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (size > run.size() - at) return false;
    const std::string_view element = run.substr(at, size);
    const std::size_t end = begin + run_element_bytes(size);
    if (end > run.size() || run_of(element) != run.substr(begin, end - begin)) return false;
    at = end;
  }
  return at == run.size();
}

}  // namespace borg::storage
