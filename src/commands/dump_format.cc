// SPDX-License-Identifier: Apache-2.0
#include "commands/dump_format.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "commands/float_text.h"
#include "commands/listpack.h"
#include "commands/rdb.h"
#include "commands/ziplist.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"

namespace borg::commands {

namespace {

using rdb::Type;
using storage::EntryView;
using storage::ValueType;
using Items = std::vector<std::string>;

/// Of Redis 7.0.
constexpr std::uint16_t kVersion = 10;
constexpr std::size_t kFooterBytes = sizeof kVersion + sizeof(std::uint64_t);
/// Of a quicklist's node. A longer element has a node of its own, unpacked.
constexpr std::size_t kNodeBytesMax = 8192;
constexpr std::uint64_t kPlainNode = 1;
constexpr std::uint64_t kPackedNode = 2;

template <class T>
void append_raw(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

void begin(std::string& out, Type type) { out += static_cast<char>(type); }

// ---- writing ----

class NodeWriter {
 public:
  void add(std::string_view element) {
    const bool is_long = element.size() >= kNodeBytesMax;
    if (is_long || pack_.bytes() + element.size() > kNodeBytesMax) end_node();
    if (!is_long) return pack_.add(element);
    rdb::append_length(nodes_, kPlainNode);
    rdb::append_string(nodes_, element);
    ++count_;
  }
  void write_to(std::string& out) {
    end_node();
    rdb::append_length(out, count_);
    out += nodes_;
  }

 private:
  void end_node() {
    if (pack_.elements() == 0) return;
    rdb::append_length(nodes_, kPackedNode);
    rdb::append_string(nodes_, pack_.finish());
    pack_ = ListpackWriter();
    ++count_;
  }

  ListpackWriter pack_;
  std::string nodes_;
  std::size_t count_ = 0;
};

void write_list(std::string& out, const EntryView& entry) {
  begin(out, Type::kQuicklist);
  NodeWriter nodes;
  storage::ListReader(entry).walk(0, [&](std::size_t, std::string_view element) {
    nodes.add(element);
    return true;
  });
  nodes.write_to(out);
}

void write_hash(std::string& out, const EntryView& entry) {
  const storage::HashReader hash(entry);
  if (!hash.is_large()) {
    begin(out, Type::kHashPacked);
    ListpackWriter pack;
    hash.for_each([&](std::string_view field, std::string_view value) {
      pack.add(field);
      pack.add(value);
    });
    return rdb::append_string(out, pack.finish());
  }
  begin(out, Type::kHash);
  rdb::append_length(out, hash.size());
  hash.for_each([&](std::string_view field, std::string_view value) {
    rdb::append_string(out, field);
    rdb::append_string(out, value);
  });
}

/// Of integers: their width and number (4 bytes each), then themselves, sorted. A packed set of
/// them is the same behind its first byte, the width.
void write_set(std::string& out, const EntryView& entry) {
  const storage::SetReader set(entry);
  if (set.has_integers_only()) {
    begin(out, Type::kIntegerSet);
    std::string integers;
    append_raw(integers, static_cast<std::uint32_t>(entry.value.front()));
    append_raw(integers, static_cast<std::uint32_t>(set.size()));
    integers += entry.value.substr(1);
    return rdb::append_string(out, integers);
  }
  begin(out, Type::kSet);
  rdb::append_length(out, set.size());
  set.for_each([&](std::string_view member) { rdb::append_string(out, member); });
}

void write_sorted_set(std::string& out, const EntryView& entry) {
  const storage::SortedSetReader set(entry);
  if (!entry.is_large) {
    begin(out, Type::kSortedSetPacked);
    ListpackWriter pack;
    set.for_each([&](const storage::Scored& each) {
      pack.add(each.member);
      pack.add(format_score(each.score));
    });
    return rdb::append_string(out, pack.finish());
  }
  begin(out, Type::kSortedSet);
  rdb::append_length(out, set.size());
  set.for_each([&](const storage::Scored& each) {
    rdb::append_string(out, each.member);
    append_raw(out, each.score);
  });
}

// ---- reading ----

bool are_distinct(const Items& items, std::size_t step) {
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < items.size(); i += step) {
    if (!seen.insert(items[i]).second) return false;
  }
  return true;
}

/// So many strings; nullopt if there is none, or not all of them.
std::optional<Items> read_items(rdb::Reader& in, std::uint64_t per_element) {
  const auto count = in.length();
  // Each takes a byte at least.
  if (!count || *count == 0 || *count > in.bytes_left()) return std::nullopt;
  Items items;
  for (std::uint64_t i = 0; i < *count * per_element; ++i) {
    auto item = in.string();
    if (!item) return std::nullopt;
    items.push_back(std::move(*item));
  }
  return items;
}

bool append(Items& items, std::optional<Items> more) {
  if (!more) return false;
  std::ranges::move(*more, std::back_inserter(items));
  return true;
}

bool read_node(rdb::Reader& in, Items& items) {
  const auto kind = in.length();
  auto bytes = kind ? in.string() : std::nullopt;
  if (!bytes) return false;
  if (*kind == kPlainNode) {
    items.push_back(std::move(*bytes));
    return !items.back().empty();
  }
  return *kind == kPackedNode && append(items, read_listpack(*bytes));
}

bool read_ziplist_node(rdb::Reader& in, Items& items) {
  const auto bytes = in.string();
  return bytes && append(items, read_ziplist(*bytes));
}

std::optional<Items> read_nodes(rdb::Reader& in, bool (*read)(rdb::Reader& in, Items& items)) {
  const auto count = in.length();
  if (!count || *count > in.bytes_left()) return std::nullopt;
  Items items;
  for (std::uint64_t i = 0; i < *count; ++i) {
    if (!read(in, items)) return std::nullopt;
  }
  return items;
}

std::optional<Items> read_packed(rdb::Reader& in, std::size_t per_element,
                                 std::optional<Items> (*read)(std::string_view bytes)) {
  const auto bytes = in.string();
  auto items = bytes ? read(*bytes) : std::nullopt;
  if (!items || items->size() % per_element != 0) return std::nullopt;
  return items;
}

std::int64_t integer_of(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    number = number << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  const auto unused = static_cast<unsigned>(64 - 8 * bytes.size());
  return static_cast<std::int64_t>(number << unused) >> unused;
}

/// They are in order, and each of them once.
std::optional<Items> read_integers(rdb::Reader& in) {
  const auto bytes = in.string();
  if (!bytes || bytes->size() < 8) return std::nullopt;
  const std::string_view all = *bytes;
  const auto width = static_cast<std::size_t>(integer_of(all.substr(0, 4)));
  const auto count = static_cast<std::uint32_t>(integer_of(all.substr(4, 4)));
  const bool is_width = width == 2 || width == 4 || width == 8;
  if (!is_width || all.size() - 8 != width * std::uint64_t{count}) return std::nullopt;
  Items items;
  std::optional<std::int64_t> before;
  for (std::size_t at = 8; at < all.size(); at += width) {
    const std::int64_t number = integer_of(all.substr(at, width));
    if (before && number <= *before) return std::nullopt;
    items.push_back(std::to_string(number));
    before = number;
  }
  return items;
}

/// Members, each with its score behind it as text.
std::optional<Items> read_scored(rdb::Reader& in,
                                 std::optional<double> (rdb::Reader::*read_score)()) {
  const auto count = in.length();
  if (!count || *count > in.bytes_left()) return std::nullopt;
  Items items;
  for (std::uint64_t i = 0; i < *count; ++i) {
    auto member = in.string();
    const auto score = member ? (in.*read_score)() : std::nullopt;
    if (!score) return std::nullopt;
    items.push_back(std::move(*member));
    items.push_back(format_score(*score));
  }
  return items;
}

std::optional<Items> read_string(rdb::Reader& in) {
  auto text = in.string();
  if (!text) return std::nullopt;
  Items items;
  items.push_back(std::move(*text));
  return items;
}

/// Nullopt if the items cannot be all of a container.
std::optional<DumpedValue> container(ValueType type, std::optional<Items> items) {
  if (!items || items->empty()) return std::nullopt;
  const bool is_list = type == ValueType::kList;
  if (!is_list && !are_distinct(*items, type == ValueType::kSet ? 1 : 2)) return std::nullopt;
  for (std::size_t i = 1; type == ValueType::kSortedSet && i < items->size(); i += 2) {
    if (!parse_double((*items)[i])) return std::nullopt;
  }
  return DumpedValue{type, std::move(*items)};
}

}  // namespace

std::string dumped(const EntryView& entry) {
  std::string out;
  switch (entry.type) {
    case ValueType::kString:
      out.reserve(entry.value.size() + 32);
      begin(out, Type::kString);
      rdb::append_string(out, entry.value);
      break;
    case ValueType::kList:
      write_list(out, entry);
      break;
    case ValueType::kSet:
      write_set(out, entry);
      break;
    case ValueType::kHash:
      write_hash(out, entry);
      break;
    case ValueType::kSortedSet:
      write_sorted_set(out, entry);
      break;
  }
  append_raw(out, kVersion);
  append_raw(out, rdb::crc64(out));
  return out;
}

bool is_dump(std::string_view bytes) {
  if (bytes.size() < kFooterBytes) return false;
  const std::string_view footer = bytes.substr(bytes.size() - kFooterBytes);
  std::uint16_t version;
  std::uint64_t crc;
  std::memcpy(&version, footer.data(), sizeof version);
  std::memcpy(&crc, footer.data() + sizeof version, sizeof crc);
  return version <= kVersion && crc == rdb::crc64(bytes.substr(0, bytes.size() - sizeof crc));
}

std::optional<DumpedValue> read_dump(std::string_view bytes) {
  rdb::Reader in(bytes.substr(0, bytes.size() - kFooterBytes));
  const auto type = in.byte();
  if (!type) return std::nullopt;
  switch (static_cast<Type>(*type)) {
    case Type::kString: {
      auto text = read_string(in);
      if (!text) return std::nullopt;
      return DumpedValue{ValueType::kString, std::move(*text)};
    }
    case Type::kList:
      return container(ValueType::kList, read_items(in, 1));
    case Type::kListZiplist:
      return container(ValueType::kList, read_packed(in, 1, read_ziplist));
    case Type::kQuicklistOfZiplists:
      return container(ValueType::kList, read_nodes(in, read_ziplist_node));
    case Type::kQuicklist:
      return container(ValueType::kList, read_nodes(in, read_node));
    case Type::kSet:
      return container(ValueType::kSet, read_items(in, 1));
    case Type::kIntegerSet:
      return container(ValueType::kSet, read_integers(in));
    case Type::kHash:
      return container(ValueType::kHash, read_items(in, 2));
    case Type::kHashZipmap:
      return container(ValueType::kHash, read_packed(in, 2, read_zipmap));
    case Type::kHashZiplist:
      return container(ValueType::kHash, read_packed(in, 2, read_ziplist));
    case Type::kHashPacked:
      return container(ValueType::kHash, read_packed(in, 2, read_listpack));
    case Type::kSortedSetOfTexts:
      return container(ValueType::kSortedSet, read_scored(in, &rdb::Reader::number_text));
    case Type::kSortedSet:
      return container(ValueType::kSortedSet, read_scored(in, &rdb::Reader::number));
    case Type::kSortedSetZiplist:
      return container(ValueType::kSortedSet, read_packed(in, 2, read_ziplist));
    case Type::kSortedSetPacked:
      return container(ValueType::kSortedSet, read_packed(in, 2, read_listpack));
  }
  return std::nullopt;
}

namespace {

void store_scored(storage::PartitionStore& store, const storage::KeyRef& key, const Items& items) {
  std::vector<storage::Scored> members;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    members.push_back({items[i], parse_double(items[i + 1]).value_or(0)});
  }
  storage::put_sorted_set(store, key, members, storage::kNoExpiry);
}

}  // namespace

void DumpedValue::store(storage::PartitionStore& store, const storage::KeyRef& key,
                        storage::ExpiryMs expiry) const {
  if (type == ValueType::kString) return store.put(key, items.front(), expiry);
  if (type == ValueType::kList) {
    storage::ListWriter list(store, key, std::nullopt);
    for (const std::string& item : items) list.push(storage::ListEnd::kRight, item);
  } else if (type == ValueType::kSet) {
    storage::SetWriter set(store, key, std::nullopt);
    for (const std::string& item : items) set.add(item);
  } else if (type == ValueType::kSortedSet) {
    store_scored(store, key, items);
  } else {
    storage::HashWriter hash(store, key, std::nullopt);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) hash.put(items[i], items[i + 1]);
  }
  if (expiry != storage::kNoExpiry) store.set_expiry(key, expiry);
}

}  // namespace borg::commands
