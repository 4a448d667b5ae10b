// SPDX-License-Identifier: Apache-2.0
// LCS: the longest common subsequence of two strings.
#include <algorithm>
#include <string>
#include <vector>

#include "commands/arguments.h"
#include "commands/key_access.h"
#include "commands/string_commands.h"

namespace borg::commands::run {

namespace {

struct Options {
  bool length_only = false;
  bool ranges = false;
  bool with_lengths = false;
  std::int64_t shortest = 0;  // range that is shown
};

/// Nullopt if they are wrong, and the error is written.
std::optional<Options> read_options(Context& context, Args words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (equals_ignoring_case(words[i], "idx")) {
      options.ranges = true;
    } else if (equals_ignoring_case(words[i], "len")) {
      options.length_only = true;
    } else if (equals_ignoring_case(words[i], "withmatchlen")) {
      options.with_lengths = true;
    } else if (equals_ignoring_case(words[i], "minmatchlen") && i + 1 < words.size()) {
      const auto shortest = read_integer(context, words[++i]);
      if (!shortest) return std::nullopt;
      options.shortest = *shortest;
    } else {
      context.reply.error(kSyntaxError);
      return std::nullopt;
    }
  }
  if (options.ranges && options.length_only) {
    context.reply.error("ERR If you want both the length and indexes, please just use IDX.");
    return std::nullopt;
  }
  return options;
}

/// The usual table of dynamic programming: how long the subsequence of each two prefixes is.
class Lengths {
 public:
  Lengths(std::string_view a, std::string_view b)
      : width_(b.size() + 1), cells_((a.size() + 1) * width_) {
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::uint32_t* const row = &cells_[i * width_];
      const std::uint32_t* const above = row - width_;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        row[j] = a[i - 1] == b[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
      }
    }
  }
  [[nodiscard]] std::uint32_t at(std::size_t i, std::size_t j) const {
    return cells_[i * width_ + j];
  }

 private:
  std::size_t width_;
  std::vector<std::uint32_t> cells_;
};

/// Bytes that match one for one: [a, a + size) of the one string, [b, b + size) of the other.
struct Match {
  std::size_t a = 0;
  std::size_t b = 0;
  std::size_t size = 0;
};

/// The matches that make the subsequence, the last one first.
std::vector<Match> matches(const Lengths& lengths, std::string_view a, std::string_view b) {
  std::vector<Match> all;
  bool is_open = false;
  for (std::size_t i = a.size(), j = b.size(); i > 0 && j > 0;) {
    if (a[i - 1] == b[j - 1]) {
      if (!is_open) all.push_back({i, j, 0});
      is_open = true;
      all.back() = {--i, --j, all.back().size + 1};
      continue;
    }
    is_open = false;
    if (lengths.at(i - 1, j) > lengths.at(i, j - 1)) {
      --i;
    } else {
      --j;
    }
  }
  return all;
}

void write_range(Context& context, std::size_t first, std::size_t size) {
  context.reply.array(2);
  context.reply.integer(static_cast<std::int64_t>(first));
  context.reply.integer(static_cast<std::int64_t>(first + size - 1));
}

void write_matches(Context& context, std::vector<Match> all, const Options& options,
                   std::uint32_t length) {
  std::erase_if(all, [&](const Match& match) {
    return static_cast<std::int64_t>(match.size) < options.shortest;
  });
  context.reply.map(2);
  context.reply.bulk("matches");
  context.reply.array(all.size());
  for (const Match& match : all) {
    context.reply.array(options.with_lengths ? 3 : 2);
    write_range(context, match.a, match.size);
    write_range(context, match.b, match.size);
    if (options.with_lengths) context.reply.integer(static_cast<std::int64_t>(match.size));
  }
  context.reply.bulk("len");
  context.reply.integer(length);
}

std::string joined(const std::vector<Match>& all, std::string_view a) {
  std::string text;
  for (auto match = all.rbegin(); match != all.rend(); ++match) {
    text += a.substr(match->a, match->size);
  }
  return text;
}

}  // namespace

void lcs(Context& context, Args args) {
  const auto first = find_for_read(context, context.key(args[1]));
  const auto second = find_for_read(context, context.key(args[2]));
  const auto is_other = [](const auto& entry) {
    return entry && entry->type != storage::ValueType::kString;
  };
  if (is_other(first) || is_other(second)) {
    return context.reply.error("ERR The specified keys must contain string values");
  }
  const auto options = read_options(context, args.subspan(3));
  if (!options) return;
  const std::string_view a = first ? first->value : std::string_view();
  const std::string_view b = second ? second->value : std::string_view();
  if ((a.size() + 1) * (b.size() + 1) * sizeof(std::uint32_t) > kValueBytesMax) {
    return context.reply.error(
        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  const Lengths lengths(a, b);
  const std::uint32_t length = lengths.at(a.size(), b.size());
  if (options->length_only) return context.reply.integer(length);
  const std::vector<Match> all = matches(lengths, a, b);
  if (options->ranges) return write_matches(context, all, *options, length);
  context.reply.bulk(joined(all, a));
}

}  // namespace borg::commands::run
