// SPDX-License-Identifier: Apache-2.0
#include "commands/syntax.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "commands/arguments.h"

namespace borg::commands {

namespace {

using Arguments = std::vector<Argument>;

std::string_view type_of(std::string_view name, bool has_keys) {
  static constexpr std::array<std::string_view, 10> kKeys{
      "key",  "source", "destination", "destkey", "key1",
      "key2", "newkey", "sourcekey",   "dst",     "src"};
  static constexpr std::array<std::string_view, 26> kIntegers{
      "seconds",   "milliseconds", "increment",   "decrement",   "offset",        "start",    "end",
      "count",     "cursor",       "index",       "slot",        "timeout",       "protover", "len",
      "client-id", "numkeys",      "numreplicas", "limit",       "rank",          "stop",     "bit",
      "ttl",       "weight",       "frequency",   "num-matches", "destination-db"};
  if (std::ranges::find(kKeys, name) != kKeys.end()) return has_keys ? "key" : "string";
  if (name == "pattern") return "pattern";
  if (name.starts_with("unix-time")) return "unix-time";
  static constexpr std::array<std::string_view, 6> kDoubles{"score",  "longitude", "latitude",
                                                            "radius", "width",     "height"};
  if (std::ranges::find(kDoubles, name) != kDoubles.end()) return "double";
  return std::ranges::find(kIntegers, name) != kIntegers.end() ? "integer" : "string";
}

bool is_literal(std::string_view word) {
  return !word.empty() &&
         std::ranges::all_of(word, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

Argument group_of(std::string_view type, Arguments children) {
  Argument group;
  group.type = type;
  for (const Argument& child : children) {
    if (!group.name.empty()) group.name += '_';
    group.name += child.name;
  }
  group.children = std::move(children);
  return group;
}

/// One argument, or a block of several.
Argument joined(Arguments items) {
  return items.size() == 1 ? std::move(items.front()) : group_of("block", std::move(items));
}

/// Does what the words in braces say to an argument.
class Note {
 public:
  Note() = default;
  explicit Note(std::string_view text) : text_(text) {}

  void apply_to(Argument& argument) const {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(word.size() + 1, rest.size()));
      apply(word, argument);
    }
  }

 private:
  static void apply(std::string_view word, Argument& argument) {
    const std::string_view value = word.substr(1);
    if (word == ":block") {
      make_block(argument);
    } else if (word.front() == ':') {
      argument.type = value;
    } else if (word.front() == '@') {
      argument.since = value;
    } else if (word.front() == '-') {
      argument.deprecated_since = value;
    } else if (word.front() == '#') {
      argument.key_spec = value.front() - '0';
    } else if (word == "*") {
      argument.multiple = true;
    } else if (word == "^") {
      argument.multiple_token = true;
    } else {
      argument.name = word;
    }
  }

  /// The token stands before the block then.
  static void make_block(Argument& argument) {
    Argument block;
    block.name = argument.name;
    block.type = "block";
    block.token = std::exchange(argument.token, {});
    block.children.push_back(std::move(argument));
    argument = std::move(block);
  }

  std::string_view text_;
};

class SyntaxParser {
 public:
  SyntaxParser(std::string_view text, bool has_keys) : text_(text), has_keys_(has_keys) {
    advance();
  }

  /// Up to ']' or '>' or the end.
  Arguments parse() {
    const Note note = take_note_of_choice();
    Arguments choice = parse_items();
    if (word_ != "|") return choice;
    Arguments each;
    each.push_back(joined(std::move(choice)));
    note.apply_to(each.back());
    while (word_ == "|") {
      advance();
      const Note next = take_note_of_choice();
      each.push_back(joined(parse_items()));
      next.apply_to(each.back());
    }
    Arguments result;
    result.push_back(group_of("oneof", std::move(each)));
    return result;
  }

 private:
  /// To the next bracket, note or word.
  void advance() {
    text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
    const bool bracket = std::string_view("[]<>").find(text_.substr(0, 1)) < 4 && !text_.empty();
    std::size_t size = bracket ? 1 : text_.find_first_of(" []<>");
    if (text_.starts_with('{')) size = text_.find('}') + 1;
    word_ = text_.substr(0, size);
    text_.remove_prefix(word_.size());
  }

  [[nodiscard]] bool at_note() const { return word_.starts_with('{'); }
  [[nodiscard]] bool at_note_of_choice() const { return word_.starts_with("{|"); }

  /// Empty if none begins here. Without its first `skipped` characters and the last.
  Note take_note(std::size_t skipped = 1) {
    if (!at_note() || (skipped == 1 && at_note_of_choice())) return {};
    const Note note(word_.substr(skipped, word_.size() - skipped - 1));
    advance();
    return note;
  }

  Note take_note_of_choice() { return at_note_of_choice() ? take_note(2) : Note(); }

  /// Of one choice.
  Arguments parse_items() {
    Arguments items;
    while (!word_.empty() && word_ != "]" && word_ != ">" && word_ != "|") parse_item(items);
    return items;
  }

  void parse_item(Arguments& items) {
    if (word_ == "[") return parse_bracket(items);
    const Note note = take_note();
    if (word_ == "<") {
      items.push_back(parse_group());
    } else if (is_literal(word_)) {
      items.push_back(parse_token());
    } else {
      items.push_back(parse_plain());
    }
    note.apply_to(items.back());
  }

  Argument parse_group() {
    advance();
    const Note note = take_note();
    Argument group = joined(parse());
    note.apply_to(group);
    advance();
    return group;
  }

  Argument parse_plain() {
    Argument argument;
    argument.name = word_;
    argument.type = type_of(word_, has_keys_);
    advance();
    return argument;
  }

  [[nodiscard]] bool at_plain() const {
    return !word_.empty() && std::string_view("[]<>|").find(word_) == std::string_view::npos &&
           word_ != "..." && !at_note() && !is_literal(word_);
  }

  /// A literal, with the plain arguments behind it, or a choice.
  Argument parse_token() {
    const std::string token(word_);
    advance();
    Arguments behind;
    while (at_plain()) behind.push_back(parse_plain());
    if (behind.empty() && word_ == "<") behind.push_back(parse_group());
    Argument argument;
    if (behind.empty()) {
      argument.name = lower_case(token);
      argument.type = "pure-token";
    } else {
      argument = joined(std::move(behind));
    }
    argument.token = token;
    return argument;
  }

  void parse_bracket(Arguments& before) {
    advance();
    const Note note = take_note();
    Arguments inside = parse();
    advance();
    if (!inside.empty() && inside.back().name == "...") {
      inside.pop_back();
      repeat(before, inside.size());
      return;
    }
    Argument argument = joined(std::move(inside));
    note.apply_to(argument);
    argument.optional = true;
    before.push_back(std::move(argument));
  }

  /// "x y [x y ...]": the last `count` arguments, named again in brackets, are one that may
  /// stand more than once.
  static void repeat(Arguments& before, std::size_t count) {
    const auto first = before.end() - static_cast<std::ptrdiff_t>(std::min(count, before.size()));
    Argument argument =
        joined({std::make_move_iterator(first), std::make_move_iterator(before.end())});
    before.erase(first, before.end());
    argument.multiple = true;
    before.push_back(std::move(argument));
  }

  std::string_view text_;
  std::string_view word_;
  bool has_keys_;
};

}  // namespace

std::vector<Argument> parse_syntax(std::string_view syntax, bool has_keys) {
  return SyntaxParser(syntax, has_keys).parse();
}

std::string shown_syntax(std::string_view syntax) {
  std::string shown;
  while (true) {
    const std::size_t at = syntax.find('{');
    shown += syntax.substr(0, at);
    if (at == std::string_view::npos) return shown;
    syntax.remove_prefix(syntax.find('}', at) + 1);
    if (syntax.starts_with(' ')) syntax.remove_prefix(1);
  }
}

}  // namespace borg::commands
