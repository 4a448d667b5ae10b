// SPDX-License-Identifier: Apache-2.0
#include "storage/score_order.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace borg::storage {
namespace {

bool is_before(const ScoreOrder::Item& a, const ScoreOrder::Item& b) {
  if (a.score != b.score) return a.score < b.score;
  return a.member() < b.member();
}

}  // namespace

std::size_t ScoreOrder::allocated_bytes() const {
  return capacity_ * sizeof(Item) + chunks_.capacity() * sizeof(Chunk) +
         sums_.capacity() * sizeof(sums_[0]);
}

template <class Change>
void ScoreOrder::change(std::size_t chunk, Change&& change_chunk) {
  capacity_ -= chunks_[chunk].capacity();
  change_chunk(chunks_[chunk]);
  capacity_ += chunks_[chunk].capacity();
}

/// Where the item is, or is to be inserted: at the end of a chunk rather than before another.
ScoreOrder::Place ScoreOrder::place_of(const Item& item) const {
  const auto behind = std::ranges::upper_bound(chunks_, item, is_before,
                                               [](const Chunk& chunk) { return chunk.front(); });
  if (behind == chunks_.begin()) return {0, 0};
  const Chunk& chunk = *std::prev(behind);
  const auto at = std::ranges::lower_bound(chunk, item, is_before);
  return {static_cast<std::size_t>(std::prev(behind) - chunks_.begin()),
          static_cast<std::size_t>(at - chunk.begin())};
}

ScoreOrder::Place ScoreOrder::place_of_rank(std::size_t rank) const {
  std::size_t chunk = 0;
  for (std::size_t step = std::bit_floor(chunks_.size()); step > 0; step /= 2) {
    if (chunk + step > chunks_.size() || sums_[chunk + step] > rank) continue;
    chunk += step;
    rank -= sums_[chunk];
  }
  return {chunk, rank};
}

std::size_t ScoreOrder::count_before(std::size_t chunk) const {
  std::size_t sum = 0;
  for (; chunk > 0; chunk &= chunk - 1) sum += sums_[chunk];
  return sum;
}

void ScoreOrder::count(std::size_t chunk, std::ptrdiff_t difference) {
  size_ += static_cast<std::size_t>(difference);
  for (std::size_t node = chunk + 1; node < sums_.size(); node += node & (~node + 1)) {
    sums_[node] += static_cast<std::size_t>(difference);
  }
}

void ScoreOrder::count_anew() {
  sums_.assign(chunks_.size() + 1, 0);
  for (std::size_t node = 1; node < sums_.size(); ++node) {
    sums_[node] += chunks_[node - 1].size();
    const std::size_t parent = node + (node & (~node + 1));
    if (parent < sums_.size()) sums_[parent] += sums_[node];
  }
}

/// Splits a full chunk; in half unless what comes is to be the last of all: a set that only grows
/// at its end has full chunks.
void ScoreOrder::make_room(std::size_t chunk, bool at_end) {
  Chunk second;
  if (!at_end) {
    change(chunk, [&](Chunk& first) {
      const auto half = first.begin() + kChunkMax / 2;
      second.assign(half, first.end());
      first.erase(half, first.end());
    });
  }
  capacity_ += second.capacity();
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk) + 1, std::move(second));
}

void ScoreOrder::insert(Item item) {
  if (chunks_.empty()) {
    chunks_.push_back({item});
    capacity_ += chunks_.front().capacity();
    size_ = 1;
    return count_anew();
  }
  Place place = place_of(item);
  if (chunks_[place.chunk].size() == kChunkMax) {
    const bool at_end = place.chunk + 1 == chunks_.size() && place.index == kChunkMax;
    make_room(place.chunk, at_end);
    const std::size_t left = chunks_[place.chunk].size();
    if (place.index > left || at_end) place = {place.chunk + 1, place.index - left};
    count_anew();
  }
  change(place.chunk, [&](Chunk& chunk) {
    chunk.insert(chunk.begin() + static_cast<std::ptrdiff_t>(place.index), item);
  });
  count(place.chunk, 1);
}

void ScoreOrder::erase(Item item) {
  const Place place = place_of(item);
  change(place.chunk, [&](Chunk& chunk) {
    chunk.erase(chunk.begin() + static_cast<std::ptrdiff_t>(place.index));
  });
  count(place.chunk, -1);
  shrink(place.chunk);
}

void ScoreOrder::shrink(std::size_t chunk) {
  constexpr std::size_t kFew = kChunkMax / 4;
  const std::size_t size = chunks_[chunk].size();
  if (size >= kFew) return;
  if (size == 0) {
    capacity_ -= chunks_[chunk].capacity();
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk));
    return count_anew();
  }
  if (chunk + 1 < chunks_.size() && size + chunks_[chunk + 1].size() <= kChunkMax / 2) {
    merge_with_next(chunk);
  } else if (chunk > 0 && size + chunks_[chunk - 1].size() <= kChunkMax / 2) {
    merge_with_next(chunk - 1);
  } else if (chunks_[chunk].capacity() > 4 * size) {
    change(chunk, [](Chunk& c) { c.shrink_to_fit(); });
  }
}

void ScoreOrder::merge_with_next(std::size_t chunk) {
  const Chunk next = std::move(chunks_[chunk + 1]);
  capacity_ -= next.capacity();
  change(chunk, [&](Chunk& c) { c.insert(c.end(), next.begin(), next.end()); });
  chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk) + 1);
  count_anew();
}

std::size_t ScoreOrder::rank_of(Item item) const {
  const Place place = place_of(item);
  return count_before(place.chunk) + place.index;
}

ScoreOrder::Item ScoreOrder::at(std::size_t rank) const {
  const Place place = place_of_rank(rank);
  return chunks_[place.chunk][place.index];
}

void ScoreOrder::walk(std::size_t first, const Step& step) const {
  if (first >= size_) return;
  Place place = place_of_rank(first);
  for (; place.chunk < chunks_.size(); place = {place.chunk + 1, 0}) {
    const Chunk& chunk = chunks_[place.chunk];
    for (std::size_t i = place.index; i < chunk.size(); ++i) {
      if (!step(chunk[i])) return;
    }
  }
}

void ScoreOrder::walk_back(std::size_t first, const Step& step) const {
  if (first >= size_) return;
  const Place place = place_of_rank(first);
  std::size_t end = place.index + 1;
  for (std::size_t chunk = place.chunk + 1; chunk-- > 0;) {
    for (std::size_t i = end; i-- > 0;) {
      if (!step(chunks_[chunk][i])) return;
    }
    if (chunk > 0) end = chunks_[chunk - 1].size();
  }
}

std::size_t ScoreOrder::forget_some() {
  if (chunks_.empty()) return 0;
  const std::size_t forgotten = chunks_.back().size();
  size_ -= forgotten;
  capacity_ -= chunks_.back().capacity();
  chunks_.pop_back();
  return forgotten;
}

}  // namespace borg::storage
