// SPDX-License-Identifier: Apache-2.0
#include "storage/large_list.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage/partition_store.h"

namespace borg::storage {

std::size_t LargeList::allocated_bytes() const {
  return sizeof(*this) + nodes_.size() * sizeof(Node) + run_bytes_;
}

bool LargeList::destroy_some(ScanBudget& budget) {
  while (!nodes_.empty() && !budget.is_spent()) {
    // To free a run costs about as much as to free a few keys.
    budget.keys_left -= std::min<std::size_t>(budget.keys_left, 4);
    budget.bytes_left -= std::min(budget.bytes_left, nodes_.back().run.size());
    count_ -= nodes_.back().count;
    erase_node(nodes_.size() - 1);
  }
  return !nodes_.empty();
}

LargeList::Place LargeList::place_of(std::size_t index) const {
  if (index < count_ / 2) {
    for (std::size_t node = 0;; ++node) {
      if (index < nodes_[node].count) return {node, index};
      index -= nodes_[node].count;
    }
  }
  std::size_t behind = count_ - index;  // of the elements, this one and those behind it
  for (std::size_t node = nodes_.size(); node-- > 0;) {
    if (behind <= nodes_[node].count) return {node, nodes_[node].count - behind};
    behind -= nodes_[node].count;
  }
  BORG_CHECK(false && "no such index");
  return {};
}

void LargeList::insert_node(std::size_t at, Node node) {
  run_bytes_ += node.run.capacity();
  nodes_.insert(nodes_.begin() + static_cast<std::ptrdiff_t>(at), std::move(node));
}

void LargeList::erase_node(std::size_t at) {
  run_bytes_ -= nodes_[at].run.capacity();
  nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(at));
}

void LargeList::replace(Node& node, std::size_t at, std::size_t removed, std::string_view added) {
  run_bytes_ -= node.run.capacity();
  const std::size_t size = node.run.size() - removed + added.size();
  if (size > node.run.capacity()) {
    // Not twice what it needs, as a string grows by itself: most runs are full, and stay so.
    std::string larger;
    larger.reserve(size >= kRunBytesMax ? size : std::min(size + size / 2, kRunBytesMax));
    larger.append(node.run);
    node.run.swap(larger);
  }
  node.run.replace(at, removed, added);
  if (node.run.capacity() > 2 * size + 64) node.run.shrink_to_fit();
  run_bytes_ += node.run.capacity();
}

/// Makes the place the beginning of a node.
void LargeList::split(const Place& place) {
  Node& node = nodes_[place.node];
  const std::size_t at = run_place(node.run, node.count, place.index);
  Node second{node.run.substr(at), node.count - place.index};
  node.count = place.index;
  replace(node, at, node.run.size() - at, {});
  insert_node(place.node + 1, std::move(second));
}

void LargeList::insert(std::size_t index, std::string_view element) {
  const std::string bytes = run_of(element);
  // An element at the border of two nodes belongs to the end of the first.
  Place place{0, 0};
  if (index > 0) {
    place = place_of(index - 1);
    ++place.index;
  }
  ++count_;
  const auto has_room = [&](std::size_t node) {
    return node < nodes_.size() && nodes_[node].run.size() + bytes.size() <= kRunBytesMax;
  };
  if (has_room(place.node)) {
    Node& node = nodes_[place.node];
    replace(node, run_place(node.run, node.count, place.index), 0, bytes);
    ++node.count;
    return;
  }
  const bool is_behind = !nodes_.empty() && place.index == nodes_[place.node].count;
  if (is_behind && has_room(place.node + 1)) {
    replace(nodes_[place.node + 1], 0, 0, bytes);
    ++nodes_[place.node + 1].count;
    return;
  }
  if (!is_behind && place.index > 0) {
    split(place);
    --count_;
    return insert(index, element);
  }
  insert_node(place.node + (place.index > 0 ? 1 : 0), Node{bytes, 1});
}

void LargeList::erase(std::size_t index) { erase_range(index, 1); }

void LargeList::erase_range(std::size_t index, std::size_t count) {
  while (count > 0) {
    const Place place = place_of(index);
    Node& node = nodes_[place.node];
    const std::size_t part = std::min(count, node.count - place.index);
    count -= part;
    count_ -= part;
    if (part == node.count) {
      erase_node(place.node);
      continue;
    }
    const std::size_t first = run_place(node.run, node.count, place.index);
    const std::size_t last = run_place(node.run, node.count, place.index + part);
    node.count -= part;
    replace(node, first, last - first, {});
  }
}

void LargeList::erase_each(const std::vector<std::size_t>& indexes) {
  auto next = indexes.rbegin();
  std::size_t base = count_;
  for (auto node = nodes_.rbegin(); node != nodes_.rend() && next != indexes.rend(); ++node) {
    base -= node->count;
    if (*next < base) continue;
    const auto first = next;
    while (next != indexes.rend() && *next >= base) ++next;
    keep_others(*node, base, {next.base(), first.base()});
  }
  count_ -= indexes.size();
  std::erase_if(nodes_, [&](const Node& node) {
    if (node.count == 0) run_bytes_ -= node.run.capacity();
    return node.count == 0;
  });
}

/// Of a node whose first element has the index `base`.
void LargeList::keep_others(Node& node, std::size_t base, std::span<const std::size_t> erased) {
  std::string kept;
  std::size_t index = base;
  for (std::size_t at = 0; at < node.run.size(); ++index) {
    const RunElement element = run_element(node.run, at);
    if (!erased.empty() && erased.front() == index) {
      erased = erased.subspan(1);
      --node.count;
    } else {
      kept.append(node.run, element.begin, element.end - element.begin);
    }
    at = element.end;
  }
  replace(node, 0, node.run.size(), kept);
}

void LargeList::set(std::size_t index, std::string_view element) {
  const Place place = place_of(index);
  Node& node = nodes_[place.node];
  const RunElement old = run_element_at(node.run, node.count, place.index);
  const std::string bytes = run_of(element);
  if (node.count > 1 && node.run.size() - (old.end - old.begin) + bytes.size() > kRunBytesMax) {
    erase(index);
    insert(index, element);
    return;
  }
  replace(node, old.begin, old.end - old.begin, bytes);
}

std::string_view LargeList::at(std::size_t index) const {
  const Place place = place_of(index);
  const Node& node = nodes_[place.node];
  return run_element_at(node.run, node.count, place.index).bytes;
}

void LargeList::walk(std::size_t first, const Step& step) const {
  if (first >= count_) return;
  Place place = place_of(first);
  std::size_t index = first;
  for (std::size_t n = place.node; n < nodes_.size(); ++n) {
    const std::string_view run = nodes_[n].run;
    std::size_t at = n == place.node ? run_place(run, nodes_[n].count, place.index) : 0;
    while (at < run.size()) {
      const RunElement element = run_element(run, at);
      if (!step(index++, element.bytes)) return;
      at = element.end;
    }
  }
}

void LargeList::walk_back(std::size_t first, const Step& step) const {
  if (first >= count_) return;
  const Place place = place_of(first);
  std::size_t index = first;
  for (std::size_t n = place.node + 1; n-- > 0;) {
    const std::string_view run = nodes_[n].run;
    std::size_t end =
        n == place.node ? run_place(run, nodes_[n].count, place.index + 1) : run.size();
    while (end > 0) {
      const RunElement element = run_element_before(run, end);
      if (!step(index--, element.bytes)) return;
      end = element.begin;
    }
  }
}

std::optional<std::uint64_t> LargeList::scan(std::uint64_t position, ScanBudget budget,
                                             const Visit& visit) const {
  std::optional<std::uint64_t> next;
  walk(position, [&](std::size_t index, std::string_view element) {
    if (budget.is_spent()) {
      next = index;
      return false;
    }
    visit({}, element);
    budget.keys_left -= 1;
    budget.bytes_left -= std::min(budget.bytes_left, element.size() + 1);
    return true;
  });
  return next;
}

bool LargeList::receive(std::string_view, std::string_view value) {
  insert(count_, value);
  return true;
}

bool LargeList::receive_at(ListChange change, std::uint64_t index, std::string_view value) {
  if (index > count_ || (index == count_ && change != ListChange::kInsert)) return false;
  if (change == ListChange::kInsert) {
    insert(index, value);
  } else if (change == ListChange::kErase) {
    erase(index);
  } else {
    set(index, value);
  }
  return true;
}

}  // namespace borg::storage
