// SPDX-License-Identifier: Apache-2.0
#include "storage/packed.h"

#include "storage/varint.h"

namespace borg::storage {

std::size_t packed_item_bytes(std::size_t size) { return varint_bytes(size) + size; }

char* write_packed_item(char* at, std::string_view bytes) {
  at = write_varint(at, bytes.size());
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

void append_packed_item(std::string& packed, std::string_view bytes) {
  const std::size_t old_size = packed.size();
  packed.resize(old_size + packed_item_bytes(bytes.size()));
  write_packed_item(packed.data() + old_size, bytes);
}

bool is_packed(std::string_view bytes, std::size_t per_element) {
  if (bytes.size() < kPackedHeaderBytes) return false;
  std::size_t items = packed_count(bytes) * per_element;
  std::size_t at = kPackedHeaderBytes;
  for (; items > 0; --items) {
    std::size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (at >= bytes.size() || shift > 28) return false;
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      size |= static_cast<std::size_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (size > bytes.size() - at) return false;
    at += size;
  }
  return at == bytes.size();
}

}  // namespace borg::storage
