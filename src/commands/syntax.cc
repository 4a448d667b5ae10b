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
  static constexpr std::array<std::string_view, 7> kKeys{"key",  "source", "destination", "destkey",
                                                         "key1", "key2",   "newkey"};
  static constexpr std::array<std::string_view, 20> kIntegers{
      "seconds",   "milliseconds", "increment", "decrement", "offset",      "start",   "end",
      "count",     "cursor",       "index",     "slot",      "numreplicas", "timeout", "protover",
      "client-id", "numkeys",      "limit",     "rank",      "stop",        "maxlen"};
  if (std::ranges::find(kKeys, name) != kKeys.end()) return has_keys ? "key" : "string";
  if (name == "pattern") return "pattern";
  if (name.starts_with("unix-time")) return "unix-time";
  static constexpr std::array<std::string_view, 7> kDoubles{
      "score", "weight", "longitude", "latitude", "radius", "width", "height"};
  const bool is_double = std::ranges::find(kDoubles, name) != kDoubles.end();
  if (is_double || name.starts_with("float-")) return "double";
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

class SyntaxParser {
 public:
  SyntaxParser(std::string_view text, bool has_keys) : text_(text), has_keys_(has_keys) {
    advance();
  }

  /// Up to ']' or '>' or the end.
  Arguments parse() {
    std::vector<Arguments> choices(1);
    while (!word_.empty() && word_ != "]" && word_ != ">") {
      if (word_ == "|") {
        choices.emplace_back();
        advance();
      } else {
        parse_item(choices.back());
      }
    }
    if (choices.size() == 1) return std::move(choices.front());
    Arguments each;
    for (Arguments& choice : choices) each.push_back(joined(std::move(choice)));
    Arguments result;
    result.push_back(group_of("oneof", std::move(each)));
    return result;
  }

 private:
  void advance() {
    text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
    const bool bracket = std::string_view("[]<>").find(text_.substr(0, 1)) < 4 && !text_.empty();
    word_ = text_.substr(0, bracket ? 1 : text_.find_first_of(" []<>"));
    text_.remove_prefix(word_.size());
  }

  void parse_item(Arguments& items) {
    if (word_ == "[") {
      parse_bracket(items);
    } else if (word_ == "<") {
      items.push_back(parse_group());
    } else if (is_literal(word_)) {
      items.push_back(parse_token());
    } else {
      items.push_back(parse_plain());
    }
  }

  Argument parse_group() {
    advance();
    Argument group = joined(parse());
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
           word_ != "..." && !is_literal(word_);
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
    Arguments inside = parse();
    advance();
    if (!inside.empty() && inside.back().name == "...") {
      inside.pop_back();
      repeat(before, inside.size());
      return;
    }
    Argument argument = joined(std::move(inside));
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

}  // namespace borg::commands
