// SPDX-License-Identifier: Apache-2.0
#include "storage/sorted_set_value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "storage/packed.h"

namespace borg::storage {
namespace {

/// A score as an item: a whole number as the fewest bytes of its two's complement that do, none
/// for 0; any other as the 8 bytes of the double. As in Redis's listpack -0 becomes 0.
class PackedScore {
 public:
  explicit PackedScore(double score) {
    constexpr double kWholeMax = 1ll << 53;
    const bool is_whole = std::abs(score) <= kWholeMax && std::trunc(score) == score;
    const std::int64_t whole = is_whole ? static_cast<std::int64_t>(score) : 0;
    std::memcpy(bytes_, is_whole ? static_cast<const void*>(&whole) : &score, sizeof bytes_);
    if (!is_whole) return;
    const auto magnitude = static_cast<std::uint64_t>(whole < 0 ? ~whole : whole);
    size_ = whole == 0 ? 0 : static_cast<std::size_t>(std::bit_width(magnitude)) / 8 + 1;
  }
  [[nodiscard]] std::string_view view() const { return {bytes_, size_}; }

 private:
  char bytes_[sizeof(double)];
  std::size_t size_ = sizeof(double);
};

double unpacked_score(std::string_view item) {
  if (item.size() == sizeof(double)) return score_from(item);
  std::int64_t whole = !item.empty() && static_cast<signed char>(item.back()) < 0 ? -1 : 0;
  if (!item.empty()) std::memcpy(&whole, item.data(), item.size());
  return static_cast<double>(whole);
}

struct PackedMember {
  Scored scored;
  std::size_t begin = 0;
  std::size_t end = 0;
};

PackedMember member_at(std::string_view packed, std::size_t at) {
  const PackedItem member = packed_item(packed, at);
  const PackedItem score = packed_item(packed, member.end);
  return {{member.bytes, unpacked_score(score.bytes)}, at, score.end};
}

std::optional<PackedMember> find_packed(std::string_view packed, std::string_view member) {
  for (std::size_t at = kPackedHeaderBytes; at < packed.size();) {
    const PackedItem item = packed_item(packed, at);
    if (item.bytes == member) return member_at(packed, at);
    at = packed_item(packed, item.end).end;
  }
  return std::nullopt;
}

/// Where the member of a rank begins, or the end for one that is the size.
std::size_t place_of_rank(std::string_view packed, std::size_t rank) {
  std::size_t at = kPackedHeaderBytes;
  for (; rank > 0; --rank) at = member_at(packed, at).end;
  return at;
}

bool is_before(const Scored& a, const Scored& b) {
  return a.score != b.score ? a.score < b.score : a.member < b.member;
}

constexpr std::size_t kToldMax = 1000;

Scored scored(const ScoreOrder::Item& item) { return {item.member(), item.score}; }

}  // namespace

std::size_t SortedSetReader::size() const {
  return large_ != nullptr ? large_->elements() : packed_count(packed_);
}

std::optional<double> SortedSetReader::score_of(std::string_view member) const {
  if (large_ != nullptr) return large_->score_of(member);
  const auto found = find_packed(packed_, member);
  return found ? std::optional(found->scored.score) : std::nullopt;
}

std::optional<std::size_t> SortedSetReader::rank_of(std::string_view member) const {
  if (large_ != nullptr) return large_->rank_of(member);
  std::size_t rank = 0;
  bool is_found = false;
  walk(0, [&](const Scored& each) {
    is_found = each.member == member;
    rank += is_found ? 0 : 1;
    return !is_found;
  });
  return is_found ? std::optional(rank) : std::nullopt;
}

Scored SortedSetReader::at(std::size_t rank) const {
  if (large_ != nullptr) return scored(large_->order().at(rank));
  return member_at(packed_, place_of_rank(packed_, rank)).scored;
}

std::size_t SortedSetReader::count_while(const std::function<bool(const Scored&)>& has) const {
  // By rank: how the members are kept must not decide, as replicas may differ in that.
  std::size_t first = 0;
  std::size_t last = size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (has(at(middle))) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

void SortedSetReader::walk(std::size_t first, const Step& step) const {
  if (large_ != nullptr) {
    return large_->order().walk(first,
                                [&](const ScoreOrder::Item& item) { return step(scored(item)); });
  }
  if (first >= size()) return;
  for (std::size_t at = place_of_rank(packed_, first); at < packed_.size();) {
    const PackedMember member = member_at(packed_, at);
    if (!step(member.scored)) return;
    at = member.end;
  }
}

void SortedSetReader::walk_back(std::size_t first, const Step& step) const {
  if (large_ != nullptr) {
    return large_->order().walk_back(
        first, [&](const ScoreOrder::Item& item) { return step(scored(item)); });
  }
  if (first >= size()) return;
  std::vector<Scored> members;
  members.reserve(first + 1);
  walk(0, [&](const Scored& member) {
    members.push_back(member);
    return members.size() <= first;
  });
  std::all_of(members.rbegin(), members.rend(), step);  // until one says no
}

void SortedSetReader::for_each(const Visit& visit) const {
  walk(0, [&](const Scored& member) {
    visit(member);
    return true;
  });
}

std::optional<std::uint64_t> SortedSetReader::scan(std::uint64_t position, std::size_t count,
                                                   const Visit& visit) const {
  if (large_ != nullptr) {
    return large_->scan(position, {count, SIZE_MAX},
                        [&](std::string_view member, std::string_view score) {
                          visit({member, score_from(score)});
                        });
  }
  for_each(visit);
  return std::nullopt;
}

Scored SortedSetReader::draw(Random& random) const { return at(random.below(size())); }

std::optional<double> SortedSetWriter::score_of(std::string_view member) const {
  return entry_ ? reader().score_of(member) : std::nullopt;
}

void SortedSetWriter::make_large() {
  auto large = std::make_unique<LargeSortedSet>();
  if (entry_) reader().for_each([&](const Scored& m) { large->put(m.member, m.score); });
  store_.put_large(key_, std::move(large), entry_ ? entry_->expiry : kNoExpiry,
                   ValueType::kSortedSet);
  entry_ = store_.find(key_);
}

void SortedSetWriter::put(std::string_view member, double score) {
  if (!entry_ || !entry_->is_large) {
    const bool fits = member.size() <= kPackedSortedSetBytesMax &&
                      (size() < kPackedSortedSetMembersMax || score_of(member));
    if (fits) return put_packed(member, score);
    make_large();
  }
  if (store_.journal() != nullptr) store_.journal()->add_element(key_.key, member);
  const LargeEdit edit = store_.edit_large(key_);
  static_cast<LargeSortedSet&>(*edit).put(member, score);
}

void SortedSetWriter::put_packed(std::string_view member, double score) {
  if (!entry_) {
    std::string packed(kPackedHeaderBytes, '\0');
    set_packed_count(packed.data(), 1);
    append_packed_item(packed, member);
    append_packed_item(packed, PackedScore(score).view());
    store_.put(key_, packed, kNoExpiry, ValueType::kSortedSet);
    entry_ = store_.find(key_);
    return;
  }
  if (const auto old = find_packed(entry_->value, member)) {
    splice(old->begin, old->end, nullptr, size() - 1);
  }
  const Scored added{member, score};
  std::size_t at = kPackedHeaderBytes;
  while (at < entry_->value.size()) {
    const PackedMember next = member_at(entry_->value, at);
    if (is_before(added, next.scored)) break;
    at = next.end;
  }
  splice(at, at, &added, size() + 1);
}

/// Puts a member, or none, in the place of the bytes in [first, last).
void SortedSetWriter::splice(std::size_t first, std::size_t last, const Scored* added,
                             std::size_t count) {
  const PackedScore score(added != nullptr ? added->score : 0);
  const std::size_t bytes = added == nullptr ? 0
                                             : packed_item_bytes(added->member.size()) +
                                                   packed_item_bytes(score.view().size());
  char* at = store_.splice_value(key_, {.at = first, .removed = last - first, .added = bytes});
  set_packed_count(at - first, count);
  if (added != nullptr) write_packed_item(write_packed_item(at, added->member), score.view());
  entry_ = store_.find(key_);
}

void SortedSetWriter::forget_if_empty() {
  if (size() > 0) return;
  store_.erase(key_);
  entry_.reset();
}

bool SortedSetWriter::erase(std::string_view member) {
  if (!entry_) return false;
  if (entry_->is_large) {
    if (!score_of(member)) return false;
    erase_each({std::string(member)});
  } else {
    const auto found = find_packed(entry_->value, member);
    if (!found) return false;
    splice(found->begin, found->end, nullptr, size() - 1);
  }
  forget_if_empty();
  return true;
}

/// Of a large one.
void SortedSetWriter::erase_each(const std::vector<std::string>& members) {
  if (ChangeJournal* const journal = store_.journal(); journal != nullptr) {
    // Of many it is not told one by one: then the set is sent anew.
    if (members.size() > kToldMax) journal->add_whole(key_.key);
    if (members.size() <= kToldMax) {
      for (const std::string& member : members) journal->add_element(key_.key, member);
    }
  }
  const LargeEdit edit = store_.edit_large(key_);
  for (const std::string& member : members) static_cast<LargeSortedSet&>(*edit).erase(member);
}

void SortedSetWriter::erase_range(std::size_t first, std::size_t count) {
  if (count == 0) return;
  if (count == size()) {
    store_.erase(key_);
    entry_.reset();
  } else if (!entry_->is_large) {
    splice(place_of_rank(entry_->value, first), place_of_rank(entry_->value, first + count),
           nullptr, size() - count);
  } else if (count > std::max(kToldMax, size() / 2)) {
    keep_others(first, count);
  } else {
    std::vector<std::string> members;
    members.reserve(count);
    reader().walk(first, [&](const Scored& member) {
      members.emplace_back(member.member);
      return members.size() < count;
    });
    erase_each(members);
  }
}

/// Makes the set anew of what is left: the old one is then freed bit by bit.
void SortedSetWriter::keep_others(std::size_t first, std::size_t count) {
  auto kept = std::make_unique<LargeSortedSet>();
  std::size_t rank = 0;
  const auto keep_up_to = [&](std::size_t end) {
    if (rank == end) return;
    reader().walk(rank, [&](const Scored& member) {
      kept->put(member.member, member.score);
      return ++rank < end;
    });
  };
  keep_up_to(first);
  rank = first + count;
  keep_up_to(size());
  store_.put_large(key_, std::move(kept), entry_->expiry, ValueType::kSortedSet);
  entry_ = store_.find(key_);
}

void put_sorted_set(PartitionStore& store, const KeyRef& key, const std::vector<Scored>& members,
                    ExpiryMs expiry) {
  std::vector<Scored> sorted(members);
  std::ranges::sort(sorted, is_before);
  const bool fits = sorted.size() <= kPackedSortedSetMembersMax &&
                    std::ranges::all_of(sorted, [](const Scored& each) {
                      return each.member.size() <= kPackedSortedSetBytesMax;
                    });
  if (!fits) {
    auto large = std::make_unique<LargeSortedSet>();
    for (const Scored& each : sorted) large->put(each.member, each.score);
    return store.put_large(key, std::move(large), expiry, ValueType::kSortedSet);
  }
  std::string packed(kPackedHeaderBytes, '\0');
  set_packed_count(packed.data(), sorted.size());
  for (const Scored& each : sorted) {
    append_packed_item(packed, each.member);
    append_packed_item(packed, PackedScore(each.score).view());
  }
  store.put(key, packed, expiry, ValueType::kSortedSet);
}

bool is_packed_sorted_set(std::string_view bytes) {
  if (!is_packed(bytes, 2) || packed_count(bytes) == 0) return false;
  std::vector<std::string_view> members;
  std::optional<Scored> last;
  for (std::size_t at = kPackedHeaderBytes; at < bytes.size();) {
    const PackedItem score = packed_item(bytes, packed_item(bytes, at).end);
    if (score.bytes.size() > sizeof(double)) return false;
    const PackedMember member = member_at(bytes, at);
    if (std::isnan(member.scored.score)) return false;
    if (last && !is_before(*last, member.scored)) return false;
    last = member.scored;
    members.push_back(member.scored.member);
    at = member.end;
  }
  std::ranges::sort(members);
  return std::ranges::adjacent_find(members) == members.end();
}

}  // namespace borg::storage
