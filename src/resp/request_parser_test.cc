// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"
#include "resp/parser.h"

namespace borg::resp {
namespace {

using Request = std::vector<std::string>;
using Status = RequestParser::Status;
using testing::ElementsAre;

/// What a stream of bytes means: its requests, then perhaps an error.
struct Meaning {
  std::vector<Request> requests;
  std::string error;
  std::size_t unconsumed = 0;
  bool operator==(const Meaning&) const = default;
};

/// Feeds `stream` in pieces of the sizes that `next_size` gives, as a connection would: the
/// unconsumed bytes stay in front, at a new address each time.
template <class NextSize>
Meaning feed(std::string_view stream, NextSize next_size) {
  Meaning meaning;
  RequestParser parser;
  std::string pending;
  while (!stream.empty()) {
    const std::size_t size = std::min<std::size_t>(next_size(), stream.size());
    std::string moved = pending + std::string(stream.substr(0, size));
    stream.remove_prefix(size);
    pending.swap(moved);
    std::string_view input = pending;
    Status status = Status::kRequest;
    while (!input.empty() && (status = parser.parse(input)) == Status::kRequest) {
      meaning.requests.emplace_back(parser.args().begin(), parser.args().end());
      RC_ASSERT(parser.consumed() > 0 && parser.consumed() <= input.size());
      input.remove_prefix(parser.consumed());
    }
    if (status == Status::kNeedMore) RC_ASSERT(parser.bytes_wanted() >= 1);
    if (status == Status::kError) {
      meaning.error = parser.error();
      return meaning;
    }
    pending.erase(0, pending.size() - input.size());
  }
  meaning.unconsumed = pending.size();
  return meaning;
}

Meaning feed_whole(std::string_view stream) {
  return feed(stream, [] { return SIZE_MAX; });
}

std::string encode(const Request& request) {
  std::string out = "*" + std::to_string(request.size()) + "\r\n";
  for (const std::string& arg : request) {
    out += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  }
  return out;
}

/// Bytes of which a protocol is made, so that arbitrary input gets past the first byte.
std::string draw_stream(Random& random) {
  static constexpr std::string_view kPieces[] = {"*",
                                                 "$",
                                                 "\r\n",
                                                 "\n",
                                                 "\r",
                                                 "1",
                                                 "2",
                                                 "10",
                                                 "0",
                                                 "-1",
                                                 "a",
                                                 " ",
                                                 "\"",
                                                 "'",
                                                 "\\x4",
                                                 "*1\r\n$4\r\nPING\r\n",
                                                 "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
                                                 "PING\r\n",
                                                 "*-1\r\n",
                                                 "*0\r\n",
                                                 "$3\r\nabc\r\n",
                                                 "set k \"v w\"\r\n"};
  std::string stream;
  for (std::uint64_t i = random.below(20); i > 0; --i) {
    stream += random.chance(1, 12) ? std::string(1, static_cast<char>(random.below(256)))
                                   : std::string(kPieces[random.below(std::size(kPieces))]);
  }
  return stream;
}

std::string error_of(std::string_view stream) { return feed_whole(stream).error; }

TEST(RequestParser, ReadsArraysAndInlineCommands) {
  EXPECT_THAT(feed_whole("*2\r\n$3\r\nGET\r\n$5\r\na\r\nbc\r\nPING \"a b\"\nEND\r\n").requests,
              ElementsAre(Request{"GET", "a\r\nbc"}, Request{"PING", "a b"}, Request{"END"}));
}

TEST(RequestParser, ThePeekedArgumentIsTheSecond) {
  EXPECT_EQ(peek_second_argument("*2\r\n$3\r\nGET\r\n$10\r\nabcdefghij\r\n"), "abcdefghij");
  EXPECT_EQ(peek_second_argument("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9\r\nto come"), "k");
  EXPECT_EQ(peek_second_argument("*2\r\n$3\r\nGET\r\n$10\r\nabc").data(), nullptr);
  EXPECT_EQ(peek_second_argument("*1\r\n$4\r\nPING\r\n$1\r\nk\r\n").data(), nullptr);
  rc::check("a guess is right", [](std::uint64_t seed) {
    Random random(seed);
    const std::string stream = draw_stream(random);
    const std::string_view peeked = peek_second_argument(stream);
    RequestParser parser;
    if (peeked.data() == nullptr || parser.parse(stream) != Status::kRequest) return;
    RC_ASSERT(parser.args().size() >= 2u);
    RC_ASSERT(parser.args()[1] == peeked);
  });
}

TEST(RequestParser, TakesEmptyRequests) {
  EXPECT_THAT(feed_whole("\r\n*0\r\n*-1\r\n*-10\r\n\n").requests,
              ElementsAre(Request{}, Request{}, Request{}, Request{}, Request{}));
}

TEST(RequestParser, NamesEachProtocolErrorAsRedis) {
  EXPECT_EQ(error_of("*a\r\n"), "-ERR Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*\r\n"), "-ERR Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*2147483648\r\n"), "-ERR Protocol error: invalid multibulk length");
  EXPECT_EQ(error_of("*1\r\nx"), "-ERR Protocol error: expected '$', got 'x'");
  EXPECT_EQ(error_of("*1\r\n\r\n"), "-ERR Protocol error: expected '$', got ' '");
  EXPECT_EQ(error_of("*1\r\n$-1\r\n"), "-ERR Protocol error: invalid bulk length");
  EXPECT_EQ(error_of("*1\r\n$01\r\n"), "-ERR Protocol error: invalid bulk length");
  EXPECT_EQ(error_of("*1\r\n$536870913\r\n"), "-ERR Protocol error: invalid bulk length");
  EXPECT_EQ(error_of("\"a\r\n"), "-ERR Protocol error: unbalanced quotes in request");
  EXPECT_EQ(error_of(std::string(70'000, 'a')), "-ERR Protocol error: too big inline request");
  EXPECT_EQ(error_of("*" + std::string(70'000, '1')),
            "-ERR Protocol error: too big mbulk count string");
  EXPECT_EQ(error_of("*1\r\n$" + std::string(70'000, '1')),
            "-ERR Protocol error: too big bulk count string");
}

TEST(RequestParser, StaysInErrorOnceBroken) {
  RequestParser parser;
  EXPECT_EQ(parser.parse("*x\r\n"), Status::kError);
  EXPECT_EQ(parser.parse("PING\r\n"), Status::kError);
}

TEST(RequestParser, SaysHowMuchIsMissing) {
  RequestParser parser;
  const std::string request = encode({"SET", "k", std::string(1000, 'v')});
  const std::size_t head = request.size() - 1002;
  EXPECT_EQ(parser.parse(std::string_view(request).substr(0, head)), Status::kNeedMore);
  EXPECT_EQ(parser.bytes_wanted(), 1002u);
  EXPECT_EQ(parser.parse(request), Status::kRequest);
  EXPECT_EQ(parser.consumed(), request.size());
}

TEST(RequestParser, ReadsBackWhatWasEncodedWhateverThePieces) {
  EXPECT_TRUE(rc::check([](const std::vector<Request>& requests, std::uint64_t seed) {
    std::string stream;
    for (const Request& request : requests) stream += encode(request);
    Random random(seed);
    const Meaning meaning = feed(stream, [&] { return 1 + random.below(9); });
    RC_ASSERT(meaning.requests == requests);
    RC_ASSERT(meaning.error.empty());
  }));
}

TEST(RequestParser, MeansTheSameInAnyPieces) {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    Random random(seed);
    const std::string stream = draw_stream(random);
    const Meaning whole = feed_whole(stream);
    const Meaning single = feed(stream, [] { return 1; });
    const Meaning pieces = feed(stream, [&] { return 1 + random.below(7); });
    EXPECT_EQ(whole.requests, single.requests) << seed;
    EXPECT_EQ(whole.error, single.error) << seed;
    EXPECT_EQ(whole.unconsumed, single.unconsumed) << seed;
    EXPECT_EQ(whole, pieces) << seed;
  }
}

TEST(RequestParser, ASkippedRequestIsTakenOffInPieces) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    Request skipped{"SET", "k"};
    for (std::uint64_t i = random.below(4); i > 0; --i)
      skipped.emplace_back(random.below(300), '\r');
    const std::string first = encode(skipped);
    const std::string stream = first + encode({"GET", "k"}) + "PING\r\n";
    RequestParser parser;
    std::size_t here = 4 + random.below(first.size() - 4);  // the number of arguments, and more
    ASSERT_EQ(parser.parse(std::string_view(stream).substr(0, here)), Status::kNeedMore);
    ASSERT_TRUE(parser.skip_request());
    std::vector<Request> requests;
    std::size_t gone = 0;
    std::size_t kept_max = 0;
    while (gone < stream.size()) {
      Status status = Status::kNeedMore;
      while (gone < here && (status = parser.parse(std::string_view(stream).substr(
                                 gone, here - gone))) == Status::kRequest) {
        gone += parser.consumed();
        if (!parser.args().empty())
          requests.emplace_back(parser.args().begin(), parser.args().end());
      }
      ASSERT_NE(status, Status::kError) << seed;
      kept_max = std::max(kept_max, here - gone);
      here = std::min<std::size_t>(stream.size(), here + 1 + random.below(50));
    }
    EXPECT_THAT(requests, ElementsAre(Request{"GET", "k"}, Request{"PING"})) << seed;
    EXPECT_LT(kept_max, 30u) << "never more than a header, or of a short request";
  }
}

TEST(RequestParser, OnlyWhatIsLongCanBeSkipped) {
  RequestParser parser;
  EXPECT_EQ(parser.parse("SET k v"), Status::kNeedMore);
  EXPECT_FALSE(parser.skip_request());
  EXPECT_EQ(parser.parse("SET k v\r\n"), Status::kRequest);
  EXPECT_EQ(parser.args().size(), 3u);
}

TEST(RequestParser, ASkippedRequestMayBeMalformed) {
  RequestParser parser;
  EXPECT_EQ(parser.parse("*3\r\n$3\r\nSET"), Status::kNeedMore);
  ASSERT_TRUE(parser.skip_request());
  EXPECT_EQ(parser.parse("*3\r\n$3\r\nSET\r\n"), Status::kRequest);
  EXPECT_EQ(parser.consumed(), 13u);
  EXPECT_EQ(parser.parse("x"), Status::kError);
  EXPECT_EQ(parser.error(), "-ERR Protocol error: expected '$', got 'x'");
}

TEST(RequestParser, ScansALargeRequestOnce) {
  // A million small pieces of one request: quadratic work would not end within the test's time.
  const std::string request = encode({"SET", "k", std::string(1'000'000, 'v')});
  RequestParser parser;
  for (std::size_t size = 1; size < request.size(); ++size) {
    ASSERT_EQ(parser.parse(std::string_view(request).substr(0, size)), Status::kNeedMore);
  }
  ASSERT_EQ(parser.parse(request), Status::kRequest);
  EXPECT_EQ(parser.args()[2].size(), 1'000'000u);
}

TEST(RequestParser, ReusesItsMemory) {
  RequestParser parser;
  const std::string small = encode({"SET", "k", "v"});
  ASSERT_EQ(parser.parse(small), Status::kRequest);
  const auto* const memory = parser.args().data();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(parser.parse(small), Status::kRequest);
    EXPECT_EQ(parser.args().data(), memory);
  }
  ASSERT_EQ(parser.parse(encode(Request(100'000, "x"))), Status::kRequest);
  ASSERT_EQ(parser.parse(small), Status::kRequest);
  EXPECT_LE(parser.args().capacity(), 1024u);
}

TEST(RequestParser, ReadsManyArguments) {
  const Request request(100'000, "x");
  EXPECT_EQ(feed_whole(encode(request)).requests, std::vector<Request>{request});
}

}  // namespace
}  // namespace borg::resp
