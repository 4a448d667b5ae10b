// SPDX-License-Identifier: Apache-2.0
#include "storage/hash_value.h"

#include <memory>

#include "storage/packed.h"

namespace borg::storage {
namespace {

struct PackedPair {
  PackedItem field;
  PackedItem value;
};

PackedPair pair_at(std::string_view packed, std::size_t at) {
  const PackedItem field = packed_item(packed, at);
  return {field, packed_item(packed, field.end)};
}

std::optional<PackedPair> find_packed(std::string_view packed, std::string_view field) {
  for (std::size_t at = kPackedHeaderBytes; at < packed.size();) {
    const PackedPair pair = pair_at(packed, at);
    if (pair.field.bytes == field) return pair;
    at = pair.value.end;
  }
  return std::nullopt;
}

}  // namespace

std::size_t HashReader::size() const {
  return table_ != nullptr ? table_->elements() : packed_count(packed_);
}

std::optional<std::string_view> HashReader::find(std::string_view field) const {
  if (table_ != nullptr) return table_->find(field);
  const auto pair = find_packed(packed_, field);
  if (!pair) return std::nullopt;
  return pair->value.bytes;
}

void HashReader::for_each(const Visit& visit) const { scan(0, SIZE_MAX, visit); }

std::optional<std::uint64_t> HashReader::scan(std::uint64_t position, std::size_t count,
                                              const Visit& visit) const {
  if (table_ != nullptr) return table_->scan(position, {count, SIZE_MAX}, visit);
  for (std::size_t at = kPackedHeaderBytes; at < packed_.size();) {
    const PackedPair pair = pair_at(packed_, at);
    visit(pair.field.bytes, pair.value.bytes);
    at = pair.value.end;
  }
  return std::nullopt;
}

HashReader::Pair HashReader::draw(Random& random) const {
  if (table_ != nullptr) {
    const EntryView entry = table_->draw(random);
    return {entry.key, entry.value};
  }
  std::size_t at = kPackedHeaderBytes;
  for (std::uint64_t skip = random.below(packed_count(packed_)); skip > 0; --skip) {
    at = pair_at(packed_, at).value.end;
  }
  const PackedPair pair = pair_at(packed_, at);
  return {pair.field.bytes, pair.value.bytes};
}

std::optional<std::string_view> HashWriter::find(std::string_view field) const {
  if (!entry_) return std::nullopt;
  return HashReader(*entry_).find(field);
}

void HashWriter::prepare_for(std::string_view part) {
  if (part.size() > kPackedHashBytesMax && !(entry_ && entry_->is_large)) make_large();
}

void HashWriter::make_large() {
  auto table = std::make_unique<LargeTable>();
  if (entry_)
    HashReader(*entry_).for_each([&](auto field, auto value) { table->put(field, value); });
  store_.put_large(key_, std::move(table), entry_ ? entry_->expiry : kNoExpiry, ValueType::kHash);
  entry_ = store_.find(key_);
}

bool HashWriter::put(std::string_view field, std::string_view value) {
  prepare_for(field);
  prepare_for(value);
  if (!(entry_ && entry_->is_large)) {
    const bool is_new = put_packed(field, value);
    if (is_new && packed_count(entry_->value) > kPackedHashFieldsMax) make_large();
    return is_new;
  }
  if (store_.journal() != nullptr) store_.journal()->add_element(key_.key, field);
  const LargeEdit edit = store_.edit_large(key_);
  return static_cast<LargeTable&>(*edit).put(field, value);
}

bool HashWriter::put_packed(std::string_view field, std::string_view value) {
  if (!entry_) {
    std::string packed(kPackedHeaderBytes, '\0');
    set_packed_count(packed.data(), 1);
    append_packed_item(packed, field);
    append_packed_item(packed, value);
    store_.put(key_, packed, kNoExpiry, ValueType::kHash);
    entry_ = store_.find(key_);
    return true;
  }
  const std::size_t count = packed_count(entry_->value);
  if (const auto pair = find_packed(entry_->value, field)) {
    splice(pair->value.begin, pair->value.end, {value}, count);
    return false;
  }
  splice(entry_->value.size(), entry_->value.size(), {field, value}, count + 1);
  return true;
}

/// Puts items in the place of those in [first, last).
void HashWriter::splice(std::size_t first, std::size_t last,
                        std::initializer_list<std::string_view> items, std::size_t count) {
  std::size_t added = 0;
  for (const std::string_view item : items) added += packed_item_bytes(item.size());
  char* at = store_.splice_value(key_, {.at = first, .removed = last - first, .added = added});
  set_packed_count(at - first, count);
  for (const std::string_view item : items) at = write_packed_item(at, item);
  entry_ = store_.find(key_);
}

bool HashWriter::erase(std::string_view field) {
  if (!entry_) return false;
  if (entry_->is_large) {
    if (store_.journal() != nullptr) store_.journal()->add_element(key_.key, field);
    LargeEdit edit = store_.edit_large(key_);
    if (!static_cast<LargeTable&>(*edit).erase(field)) {
      edit.left_as_it_was();
      return false;
    }
  } else {
    const auto pair = find_packed(entry_->value, field);
    if (!pair) return false;
    splice(pair->field.begin, pair->value.end, {}, packed_count(entry_->value) - 1);
  }
  if (HashReader(*entry_).size() == 0) {
    store_.erase(key_);
    entry_.reset();
  }
  return true;
}

}  // namespace borg::storage
