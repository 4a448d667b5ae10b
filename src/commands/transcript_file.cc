// SPDX-License-Identifier: Apache-2.0
#include "commands/transcript_file.h"

#include <algorithm>
#include <boost/regex.hpp>
#include <stdexcept>
#include <utility>

namespace borg::commands::testing {

namespace {

using resp::Value;
using Lines = std::vector<std::string>;
using Kind = Value::Kind;

class TranscriptReader {
 public:
  void add(const std::string& line) {
    ++line_number_;
    if (line.starts_with("==")) {
      groups_.emplace_back().title = line.substr(std::min<std::size_t>(3, line.size()));
      in_reply_ = false;
    } else if (!groups_.empty()) {
      add_to_group(groups_.back(), line);
    }
  }
  std::vector<TranscriptGroup> take() { return std::move(groups_); }

 private:
  void add_to_group(TranscriptGroup& group, const std::string& line) {
    if (line.starts_with('>')) {
      TranscriptStep& step = group.steps.emplace_back();
      step.line_number = line_number_;
      step.is_raw = line.starts_with(">>");
      step.command = line.substr(1);
      step.is_sorted = std::exchange(next_is_sorted_, false);
      in_reply_ = true;
    } else if (line.starts_with('@')) {
      add_directive(group, line.substr(2));
      in_reply_ = false;
    } else if (in_reply_ && !line.empty() && !line.starts_with('#')) {
      group.steps.back().expected.push_back(line);
    } else {
      in_reply_ = false;
    }
  }

  void add_directive(TranscriptGroup& group, const std::string& text) {
    if (text == "resp3") {
      group.is_resp3 = true;
    } else if (text.starts_with("only ")) {
      group.only_others = text.find("borg") == std::string::npos;
    } else if (text == "stateful") {
      group.is_stateful = true;
    } else if (text == "sorted") {
      next_is_sorted_ = true;
    } else if (text.starts_with("wait ")) {
      group.steps.emplace_back().wait_ms = std::stoll(text.substr(5));
    } else if (text != "resp2") {
      throw std::runtime_error("unknown directive: " + text);
    }
  }

  std::vector<TranscriptGroup> groups_;
  std::size_t line_number_ = 0;
  bool in_reply_ = false;
  bool next_is_sorted_ = false;
};

std::string quote(std::string_view bytes) {
  static constexpr std::string_view kSpecial = "\"\\\n\r\t\a\b";
  static constexpr std::string_view kLetters = "\"\\nrtab";
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t at = kSpecial.find(c); at != std::string_view::npos) {
      text += {'\\', kLetters[at]};
    } else if (byte < 0x20 || byte > 0x7e) {
      text += {'\\', 'x', kHex[byte / 16], kHex[byte % 16]};
    } else {
      text += c;
    }
  }
  return text + '"';
}

void append_indented(Lines& out, const std::string& prefix, const Lines& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out.push_back((i == 0 ? prefix : std::string(prefix.size(), ' ')) + lines[i]);
  }
}

Lines show_map(const Value& value) {
  if (value.elements.empty()) return {"(empty map)"};
  Lines lines;
  for (std::size_t i = 0; i + 1 < value.elements.size(); i += 2) {
    const std::string key = show_reply(value.elements[i], false).front();
    append_indented(lines, std::to_string(i / 2 + 1) + "# " + key + " => ",
                    show_reply(value.elements[i + 1], false));
  }
  return lines;
}

Lines show_elements(const Value& value, const std::string& name, char mark, bool is_sorted) {
  if (value.elements.empty()) return {"(empty " + name + ")"};
  std::vector<Lines> elements;
  for (const Value& element : value.elements) elements.push_back(show_reply(element, false));
  if (is_sorted) std::ranges::sort(elements);
  Lines lines;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    append_indented(lines, std::to_string(i + 1) + mark + ' ', elements[i]);
  }
  return lines;
}

}  // namespace

std::vector<TranscriptGroup> read_transcript(std::string_view text) {
  TranscriptReader reader;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.add(std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.take();
}

std::vector<std::string> show_reply(const Value& value, bool is_sorted) {
  switch (value.kind) {
    case Kind::kSimple:
      return {value.text};
    case Kind::kError:
      return {"(error) " + value.text};
    case Kind::kInteger:
      return {"(integer) " + std::to_string(value.integer)};
    case Kind::kBulk:
      return {quote(value.text)};
    case Kind::kNull:
      return {"(nil)"};
    case Kind::kDouble:
      return {"(double) " + value.text};
    case Kind::kBoolean:
      return {value.integer != 0 ? "(true)" : "(false)"};
    case Kind::kVerbatim:
      return {"(verbatim txt) " + quote(value.text)};
    case Kind::kBigNumber:
      return {"(big number) " + value.text};
    case Kind::kMap:
      return show_map(value);
    case Kind::kArray:
      return show_elements(value, "array", ')', is_sorted);
    case Kind::kSet:
      return show_elements(value, "set", '~', is_sorted);
    case Kind::kPush:
      return show_elements(value, "push", '>', is_sorted);
  }
  return {};
}

bool reply_matches(const Lines& expected, const Lines& actual) {
  std::size_t count = expected.size();
  const bool is_open = count > 0 && expected.back() == "~ ...";
  if (is_open) --count;
  if (is_open ? actual.size() < count : actual.size() != count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_pattern = expected[i].starts_with("~ ");
    const bool matches = is_pattern
                             ? boost::regex_match(actual[i], boost::regex(expected[i].substr(2)))
                             : expected[i] == actual[i];
    // The parser does not tell them apart.
    constexpr std::string_view kNullArray = "(nil array)";
    const bool is_null =
        expected[i].ends_with(kNullArray) &&
        actual[i] == expected[i].substr(0, expected[i].size() - kNullArray.size()) + "(nil)";
    if (!matches && !is_null) return false;
  }
  return true;
}

}  // namespace borg::commands::testing
