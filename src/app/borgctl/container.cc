// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/container.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/slot.h"
#include "commands/dump_format.h"

namespace borg::borgctl {
namespace {

using storage::ValueType;

struct NamedType {
  std::string_view name;
  ValueType type;
};
constexpr std::array<NamedType, 4> kTypes{{{"list", ValueType::kList},
                                           {"set", ValueType::kSet},
                                           {"hash", ValueType::kHash},
                                           {"zset", ValueType::kSortedSet}}};

}  // namespace

std::size_t Container::bytes() const {
  return std::accumulate(
      items.begin(), items.end(), std::size_t{0},
      [](std::size_t sum, const std::string& item) { return sum + item.size(); });
}

bool is_container_type(std::string_view type) {
  return std::ranges::find(kTypes, type, &NamedType::name) != kTypes.end();
}

std::optional<Container> container_of_dump(std::string_view payload) {
  if (!commands::is_dump(payload)) return std::nullopt;
  auto value = commands::read_dump(payload);
  if (!value) return std::nullopt;
  const auto named = std::ranges::find(kTypes, value->type, &NamedType::type);
  if (named == kTypes.end()) return std::nullopt;
  return Container{std::string(named->name), std::move(value->items)};
}

std::string dump_of_container(const Container& container) {
  const auto named = std::ranges::find(kTypes, container.type, &NamedType::name);
  const storage::KeyRef key = storage::key_ref("");
  storage::PartitionStore store(partition_of(key.slot));
  commands::DumpedValue{named->type, container.items}.store(store, key, storage::kNoExpiry);
  return commands::dumped(*store.find(key));
}

}  // namespace borg::borgctl
