// SPDX-License-Identifier: Apache-2.0
#include "storage/list_value.h"

#include <memory>
#include <utility>

#include "storage/list_run.h"
#include "storage/packed.h"

namespace borg::storage {

std::string_view ListReader::run() const { return packed_.substr(kPackedHeaderBytes); }

std::size_t ListReader::size() const {
  return list_ != nullptr ? list_->elements() : packed_count(packed_);
}

std::string_view ListReader::at(std::size_t index) const {
  if (list_ != nullptr) return list_->at(index);
  return run_element_at(run(), size(), index).bytes;
}

void ListReader::walk(std::size_t first, const Step& step) const {
  if (list_ != nullptr) return list_->walk(first, step);
  if (first >= size()) return;
  for (std::size_t at = run_place(run(), size(), first); at < run().size();) {
    const RunElement element = run_element(run(), at);
    if (!step(first++, element.bytes)) return;
    at = element.end;
  }
}

void ListReader::walk_back(std::size_t first, const Step& step) const {
  if (list_ != nullptr) return list_->walk_back(first, step);
  if (first >= size()) return;
  for (std::size_t end = run_place(run(), size(), first + 1); end > 0;) {
    const RunElement element = run_element_before(run(), end);
    if (!step(first--, element.bytes)) return;
    end = element.begin;
  }
}

void ListWriter::note(ListChange change, std::size_t index, std::string_view element) {
  if (store_.journal() != nullptr) store_.journal()->add_at(key_.key, change, index, element);
}

void ListWriter::make_large() {
  auto list = std::make_unique<LargeList>();
  if (entry_) {
    reader().walk(0, [&](std::size_t index, std::string_view element) {
      list->insert(index, element);
      return true;
    });
  }
  store_.put_large(key_, std::move(list), entry_ ? entry_->expiry : kNoExpiry, ValueType::kList);
  entry_ = store_.find(key_);
}

std::size_t ListWriter::place(std::size_t index) const {
  const std::string_view run = entry_->value.substr(kPackedHeaderBytes);
  return kPackedHeaderBytes + run_place(run, size(), index);
}

/// Puts an element, or nothing, in the place of those in [first, last) of the packed value.
void ListWriter::splice(std::size_t first, std::size_t last, const std::string_view* element,
                        std::size_t count) {
  const std::size_t added = element != nullptr ? run_element_bytes(element->size()) : 0;
  char* const gap =
      store_.splice_value(key_, {.at = first, .removed = last - first, .added = added});
  if (element != nullptr) write_run_element(gap, *element);
  set_packed_count(gap - first, count);
  entry_ = store_.find(key_);
}

void ListWriter::insert(std::size_t index, std::string_view element) {
  const std::size_t added = run_element_bytes(element.size());
  const std::size_t packed_size = entry_ ? entry_->value.size() : kPackedHeaderBytes;
  if (!(entry_ && entry_->is_large)) {
    if (packed_size + added <= LargeList::kRunBytesMax) {
      if (!entry_) {
        store_.put(key_, std::string_view("\0\0", kPackedHeaderBytes), kNoExpiry, ValueType::kList);
        entry_ = store_.find(key_);
      }
      const std::size_t at = place(index);
      return splice(at, at, &element, size() + 1);
    }
    make_large();
  }
  note(ListChange::kInsert, index, element);
  const LargeEdit edit = store_.edit_large(key_);
  static_cast<LargeList&>(*edit).insert(index, element);
}

void ListWriter::set(std::size_t index, std::string_view element) {
  if (!entry_->is_large) {
    const std::size_t first = place(index);
    const std::size_t last = place(index + 1);
    const std::size_t bytes =
        entry_->value.size() - (last - first) + run_element_bytes(element.size());
    if (bytes <= LargeList::kRunBytesMax) return splice(first, last, &element, size());
    make_large();
  }
  note(ListChange::kSet, index, element);
  const LargeEdit edit = store_.edit_large(key_);
  static_cast<LargeList&>(*edit).set(index, element);
}

void ListWriter::erase(std::size_t index, std::size_t count) {
  if (count == 0) return;
  if (count == size()) {
    store_.erase(key_);
    entry_.reset();
  } else if (!entry_->is_large) {
    splice(place(index), place(index + count), nullptr, size() - count);
  } else {
    note_erased(index, count);
    const LargeEdit edit = store_.edit_large(key_);
    static_cast<LargeList&>(*edit).erase_range(index, count);
  }
}

/// Of many it is not told one by one: then the list is sent anew.
void ListWriter::note_erased(std::size_t index, std::size_t count) {
  constexpr std::size_t kToldMax = 1000;
  if (store_.journal() == nullptr) return;
  if (count > kToldMax) return store_.journal()->add_whole(key_.key);
  for (std::size_t i = 0; i < count; ++i) note(ListChange::kErase, index, {});
}

void ListWriter::erase_each(const std::vector<std::size_t>& indexes) {
  if (indexes.size() == size() || !entry_->is_large) {
    for (std::size_t i = indexes.size(); i-- > 0;) erase(indexes[i], 1);
    return;
  }
  for (std::size_t i = indexes.size(); i-- > 0;) note_erased(indexes[i], 1);
  const LargeEdit edit = store_.edit_large(key_);
  static_cast<LargeList&>(*edit).erase_each(indexes);
}

std::string ListWriter::pop(ListEnd end) {
  const std::size_t index = end == ListEnd::kLeft ? 0 : size() - 1;
  std::string element(reader().at(index));
  erase(index, 1);
  return element;
}

bool is_packed_list(std::string_view bytes) {
  if (bytes.size() < kPackedHeaderBytes || packed_count(bytes) == 0) return false;
  return is_run(bytes.substr(kPackedHeaderBytes), packed_count(bytes));
}

}  // namespace borg::storage
