// SPDX-License-Identifier: Apache-2.0
#include "commands/event_flags.h"

namespace borg::commands {
namespace {

/// In the order in which Redis shows them.
constexpr std::string_view kLetters = "g$lshzxetdnKEm";
constexpr std::string_view kAll = "g$lshzxetd";  // what A stands for

constexpr std::uint32_t bit(char letter) {
  const std::size_t at = kLetters.find(letter);
  return at == std::string_view::npos ? 0 : 1u << at;
}

constexpr std::uint32_t bits_of(std::string_view letters) {
  std::uint32_t bits = 0;
  for (const char letter : letters) bits |= bit(letter);
  return bits;
}

}  // namespace

std::optional<EventFlags> EventFlags::parse(std::string_view letters) {
  EventFlags flags;
  for (const char letter : letters) {
    if (kAllLetters.find(letter) == std::string_view::npos) return std::nullopt;
    flags.bits_ |= letter == 'A' ? bits_of(kAll) : bit(letter);
  }
  return flags;
}

std::string EventFlags::letters() const {
  std::string text;
  for (const char letter : kLetters) {
    if (has(letter)) text += letter;
  }
  return text;
}

std::string EventFlags::shown() const {
  if ((bits_ & bits_of(kAll)) != bits_of(kAll)) return letters();
  std::string text = "A";
  for (const char letter : std::string_view("KEm")) {
    if (has(letter)) text += letter;
  }
  return text;
}

bool EventFlags::has(char letter) const { return (bits_ & bit(letter)) != 0; }

bool EventFlags::any() const {
  return (to_keyspace() || to_keyevent()) && (bits_ & ~bits_of("KE")) != 0;
}

}  // namespace borg::commands
