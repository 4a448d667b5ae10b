// SPDX-License-Identifier: Apache-2.0
#include "storage/set_value.h"

#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "storage/integer_set.h"
#include "storage/packed.h"

namespace borg::storage {
namespace {

/// The members of the packed form, behind the byte that tells the form.
std::string_view items_of(std::string_view packed) { return packed.substr(1); }

std::optional<PackedItem> find_packed(std::string_view items, std::string_view member) {
  for (std::size_t at = kPackedHeaderBytes; at < items.size();) {
    const PackedItem item = packed_item(items, at);
    if (item.bytes == member) return item;
    at = item.end;
  }
  return std::nullopt;
}

/// A number as text.
class Digits {
 public:
  explicit Digits(std::int64_t number)
      : end_(std::to_chars(text_, text_ + sizeof text_, number).ptr) {}
  [[nodiscard]] std::string_view view() const {
    return {text_, static_cast<std::size_t>(end_ - text_)};
  }

 private:
  char text_[20];
  char* end_;
};

}  // namespace

std::size_t SetReader::size() const {
  if (table_ != nullptr) return table_->elements();
  return has_integers_only() ? integer_count(packed_) : packed_count(items_of(packed_));
}

bool SetReader::contains(std::string_view member) const {
  if (table_ != nullptr) return table_->find(member).has_value();
  if (!has_integers_only()) return find_packed(items_of(packed_), member).has_value();
  const auto number = canonical_integer(member);
  return number && has_integer(packed_, *number);
}

void SetReader::visit_while(const std::function<bool(std::string_view member)>& visit) const {
  if (table_ != nullptr) {
    bool goes_on = true;
    for (std::optional<std::uint64_t> at = 0; at && goes_on;) {
      at = table_->scan(*at, {1, SIZE_MAX}, [&](std::string_view member, std::string_view) {
        goes_on = goes_on && visit(member);
      });
    }
  } else if (has_integers_only()) {
    for (std::size_t i = 0; i < integer_count(packed_); ++i) {
      if (!visit(Digits(integer_at(packed_, i)).view())) return;
    }
  } else {
    const std::string_view items = items_of(packed_);
    for (std::size_t at = kPackedHeaderBytes; at < items.size();) {
      const PackedItem item = packed_item(items, at);
      if (!visit(item.bytes)) return;
      at = item.end;
    }
  }
}

void SetReader::for_each(const Visit& visit) const { scan(0, SIZE_MAX, visit); }

std::optional<std::uint64_t> SetReader::scan(std::uint64_t position, std::size_t count,
                                             const Visit& visit) const {
  if (table_ != nullptr) {
    return table_->scan(position, {count, SIZE_MAX},
                        [&](std::string_view member, std::string_view) { visit(member); });
  }
  visit_while([&](std::string_view member) {
    visit(member);
    return true;
  });
  return std::nullopt;
}

std::string SetReader::draw(Random& random) const {
  if (table_ != nullptr) return std::string(table_->draw(random).key);
  const std::uint64_t index = random.below(size());
  if (has_integers_only()) return std::to_string(integer_at(packed_, index));
  const std::string_view items = items_of(packed_);
  PackedItem item = packed_item(items, kPackedHeaderBytes);
  for (std::uint64_t skip = index; skip > 0; --skip) item = packed_item(items, item.end);
  return std::string(item.bytes);
}

void SetWriter::replace_value(std::string_view packed) {
  store_.put(key_, packed, entry_ ? entry_->expiry : kNoExpiry, ValueType::kSet);
  entry_ = store_.find(key_);
}

void SetWriter::make_packed() {
  std::string packed(1 + kPackedHeaderBytes, '\0');
  set_packed_count(packed.data() + 1, size());
  SetReader(*entry_).for_each([&](std::string_view member) { append_packed_item(packed, member); });
  replace_value(packed);
}

void SetWriter::make_large() {
  auto table = std::make_unique<LargeTable>();
  if (entry_) SetReader(*entry_).for_each([&](std::string_view member) { table->put(member, {}); });
  store_.put_large(key_, std::move(table), entry_ ? entry_->expiry : kNoExpiry, ValueType::kSet);
  entry_ = store_.find(key_);
}

bool SetWriter::add(std::string_view member) {
  const auto number = canonical_integer(member);
  if (number && (!entry_ || SetReader(*entry_).has_integers_only())) return add_integer(*number);
  const bool is_large = entry_ && entry_->is_large;
  if (!is_large && member.size() <= kPackedSetBytesMax && size() < kPackedSetMembersMax) {
    return add_packed(member);
  }
  if (!is_large) {
    if (contains(member)) return false;
    make_large();
  }
  if (store_.journal() != nullptr) store_.journal()->add_element(key_.key, member);
  LargeEdit edit = store_.edit_large(key_);
  if (static_cast<LargeTable&>(*edit).put(member, {})) return true;
  edit.left_as_it_was();
  return false;
}

bool SetWriter::add_integer(std::int64_t number) {
  if (!entry_) {
    replace_value(set_of_integer(number));
    return true;
  }
  const std::string_view set = entry_->value;
  if (has_integer(set, number)) return false;
  if (!fits_integer_width(set, number)) {
    replace_value(with_integer(set, number));
  } else {
    const std::size_t width = integer_width(set);
    const std::size_t at = 1 + integer_place(set, number) * width;
    write_integer(store_.splice_value(key_, {.at = at, .removed = 0, .added = width}), width,
                  number);
    entry_ = store_.find(key_);
  }
  if (size() > kIntegerSetMembersMax) make_large();
  return true;
}

bool SetWriter::add_packed(std::string_view member) {
  if (!entry_) {
    replace_value(std::string_view("\0\0\0", 1 + kPackedHeaderBytes));
  } else if (SetReader(*entry_).has_integers_only()) {
    make_packed();
  } else if (contains(member)) {
    return false;
  }
  const std::size_t count = size() + 1;
  const std::size_t at = entry_->value.size();
  char* const gap = store_.splice_value(
      key_, {.at = at, .removed = 0, .added = packed_item_bytes(member.size())});
  write_packed_item(gap, member);
  set_packed_count(gap - at + 1, count);
  entry_ = store_.find(key_);
  return true;
}

bool SetWriter::erase(std::string_view member) {
  if (!entry_) return false;
  if (entry_->is_large) {
    if (store_.journal() != nullptr) store_.journal()->add_element(key_.key, member);
    LargeEdit edit = store_.edit_large(key_);
    if (!static_cast<LargeTable&>(*edit).erase(member)) {
      edit.left_as_it_was();
      return false;
    }
  } else if (!erase_packed(member)) {
    return false;
  }
  if (size() == 0) {
    store_.erase(key_);
    entry_.reset();
  }
  return true;
}

bool SetWriter::erase_packed(std::string_view member) {
  const std::string_view packed = entry_->value;
  if (SetReader(*entry_).has_integers_only()) {
    const auto number = canonical_integer(member);
    if (!number || !has_integer(packed, *number)) return false;
    const std::size_t width = integer_width(packed);
    store_.splice_value(
        key_, {.at = 1 + integer_place(packed, *number) * width, .removed = width, .added = 0});
  } else {
    const auto item = find_packed(items_of(packed), member);
    if (!item) return false;
    const std::size_t count = size() - 1;
    const std::size_t at = 1 + item->begin;
    char* const gap =
        store_.splice_value(key_, {.at = at, .removed = item->end - item->begin, .added = 0});
    set_packed_count(gap - at + 1, count);
  }
  entry_ = store_.find(key_);
  return true;
}

bool is_packed_set(std::string_view bytes) {
  if (bytes.empty()) return false;
  if (bytes.front() != 0) return is_integer_set(bytes);
  return is_packed(items_of(bytes), 1) && packed_count(items_of(bytes)) > 0;
}

}  // namespace borg::storage
