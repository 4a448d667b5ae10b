// SPDX-License-Identifier: Apache-2.0
#include "base/byte_buffer.h"
#include "base/check.h"
#include "cases.h"
#include "resp/parser.h"
#include "resp/writer.h"

namespace borg::bench {
namespace {

constexpr int kPipeline = 16;

/// Pipelined requests, one parsed after the other, from the first again behind the last.
auto parse(const std::vector<std::string_view>& args) {
  std::string batch;
  for (int i = 0; i < kPipeline; ++i) batch += request(args);
  return [batch, parser = resp::RequestParser(), at = std::size_t{0}](std::uint64_t n) mutable {
    for (; n > 0; --n) {
      const auto status = parser.parse(std::string_view(batch).substr(at));
      BORG_CHECK(status == resp::RequestParser::Status::kRequest);
      use(parser.args().size());
      at = (at + parser.consumed()) % batch.size();
    }
  };
}

auto write_bulk() {
  return [value = std::string(kValueBytes, 'v')](std::uint64_t n) {
    ByteBuffer out;
    resp::Writer writer(out, resp::Version::kResp2);
    for (; n > 0; --n) {
      writer.bulk(value);
      if (n % kPipeline == 0) out.clear();
    }
    use(out.size());
  };
}

}  // namespace

void add_parser_cases(std::vector<Case>& cases) {
  cases.push_back({"resp/parse GET", [] { return parse({"GET", key_name(1)}); }});
  cases.push_back({"resp/parse SET 64 B", [] {
                     return parse({"SET", key_name(1), std::string(kValueBytes, 'v')});
                   }});
  cases.push_back({"resp/write bulk 64 B", [] { return write_bulk(); }});
}

}  // namespace borg::bench
