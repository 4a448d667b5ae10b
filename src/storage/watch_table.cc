// SPDX-License-Identifier: Apache-2.0
#include "storage/watch_table.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace borg::storage {

namespace {

/// Takes digits and the dot behind them; false if they are not there.
bool read_number(std::string_view& text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() + text.size() || *end != '.') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

std::string WatchToken::text() const {
  return std::to_string(term.value()) + "." + std::to_string(from.value()) + "." +
         (existed ? "1" : "0");
}

std::optional<WatchToken> WatchToken::read(std::string_view text) {
  std::uint64_t term = 0;
  std::uint64_t from = 0;
  if (!read_number(text, term) || !read_number(text, from)) return std::nullopt;
  if (text != "0" && text != "1") return std::nullopt;
  return WatchToken{.term = Epoch(term), .from = Seq(from), .existed = text == "1"};
}

WatchToken WatchTable::watch(std::uint64_t hash, bool exists) {
  // Nobody knows when a key that was not watched was changed: perhaps by the last operation.
  const Seq last(next_.value() - 1);
  const auto [at, is_new] = keys_.try_emplace(hash, Key{.changed = last, .watched = 0});
  at->second.watched = ++watches_;
  if (is_new && keys_.size() > kKeysMax) forget_older_half();
  return {.term = term_, .from = next_, .existed = exists};
}

void WatchTable::forget_older_half() {
  std::vector<std::uint64_t> ages;
  ages.reserve(keys_.size());
  for (const auto& [hash, key] : keys_) ages.push_back(key.watched);
  const auto middle = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 2);
  std::nth_element(ages.begin(), middle, ages.end());
  std::erase_if(keys_, [&](const auto& entry) { return entry.second.watched < *middle; });
}

bool WatchTable::is_changed(std::uint64_t hash, const WatchToken& token) const {
  const auto at = keys_.find(hash);
  if (token.term != term_ || at == keys_.end()) return true;
  return at->second.changed >= token.from || (token.existed && cleared_ >= token.from);
}

}  // namespace borg::storage
