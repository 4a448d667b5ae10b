// SPDX-License-Identifier: Apache-2.0
// What RESTORE is given is read without harm, and what it makes of it is dumped as the same again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/slot.h"
#include "commands/dump_format.h"
#include "storage/value_kinds.h"

namespace {

using borg::storage::key_ref;
using borg::storage::kNoExpiry;
using borg::storage::PartitionStore;

/// The version and checksum are checked before, so the fuzzer need not find them.
constexpr std::size_t kFooterBytes = 10;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(borg::commands::is_dump(bytes));
  const auto value = borg::commands::read_dump(bytes.append(kFooterBytes, '\0'));
  if (!value) return 0;
  const auto first = key_ref("{t}first");
  const auto second = key_ref("{t}second");
  PartitionStore store(borg::partition_of(first.slot));
  value->store(store, first, kNoExpiry);
  const std::string again = borg::commands::dumped(*store.find(first));
  BORG_CHECK(borg::commands::is_dump(again));
  const auto copy = borg::commands::read_dump(again);
  BORG_CHECK(copy.has_value());
  copy->store(store, second, kNoExpiry);
  BORG_CHECK(digest_of_value(*store.find(first)) == digest_of_value(*store.find(second)));
  return 0;
}
