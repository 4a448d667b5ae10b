// SPDX-License-Identifier: Apache-2.0
// What a client sends is read without harm, and alike however the network cuts it into pieces;
// so is what a server answers.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "resp/parser.h"

namespace {

using borg::resp::RequestParser;

/// All that a parser says about a stream, until it ends or is refused.
struct Outcome {
  std::vector<std::vector<std::string>> requests;
  std::string error;
  std::size_t consumed = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Reads `stream` as it would arrive in pieces of at most `piece` bytes.
Outcome read_in_pieces(std::string_view stream, std::size_t piece) {
  Outcome outcome;
  RequestParser parser;
  std::size_t arrived = 0;
  while (outcome.error.empty()) {
    // A copy of its own: the parser must not keep views into what it was given before.
    const std::string input(stream.substr(outcome.consumed, arrived - outcome.consumed));
    switch (parser.parse(input)) {
      case RequestParser::Status::kRequest:
        BORG_CHECK(parser.consumed() > 0 && parser.consumed() <= input.size());
        outcome.requests.emplace_back(parser.args().begin(), parser.args().end());
        outcome.consumed += parser.consumed();
        break;
      case RequestParser::Status::kNeedMore:
        BORG_CHECK(parser.bytes_wanted() > 0);
        if (arrived == stream.size()) return outcome;
        arrived += std::min(piece, stream.size() - arrived);
        break;
      case RequestParser::Status::kError:
        BORG_CHECK(parser.error().starts_with('-'));
        BORG_CHECK(parser.error().find_first_of("\r\n") == std::string_view::npos);
        outcome.error = parser.error();
        break;
    }
  }
  return outcome;
}

void check_replies(std::string_view stream) {
  while (!stream.empty()) {
    const borg::resp::ReplyResult result = borg::resp::parse_reply(stream);
    if (!result.reply) return;
    BORG_CHECK(result.reply->consumed > 0 && result.reply->consumed <= stream.size());
    stream.remove_prefix(result.reply->consumed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte says how the network cuts the rest.
  const std::size_t piece = 1 + data[0] % 64;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  BORG_CHECK(read_in_pieces(stream, stream.size() + 1) == read_in_pieces(stream, piece));
  check_replies(stream);
  return 0;
}
