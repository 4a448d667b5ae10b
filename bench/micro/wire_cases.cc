// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>

#include "base/check.h"
#include "cases.h"
#include "wire/messages.h"

namespace borg::bench {
namespace {

constexpr std::uint64_t kBatch = 16;

/// Numbers as large as those of a node that has run for some hours.
struct Sample {
  Sample() = default;
  Sample(const Sample&) = delete;  // args are views of the others
  Sample& operator=(const Sample&) = delete;
  ~Sample() = default;

  std::string key = key_name(1);
  std::string value = std::string(kValueBytes, 'v');
  std::array<std::string_view, 3> args{"SET", key, value};

  [[nodiscard]] wire::Request request() const {
    wire::Request m;
    m.partition = PartitionId(777);
    m.seq = 123'456'789;
    m.floor = 123'456'700;
    m.term = Epoch(12);
    m.args = args;
    return m;
  }
  [[nodiscard]] wire::Operation operation() const {
    wire::Operation m;
    m.partition = PartitionId(777);
    m.term = Epoch(12);
    m.seq = Seq(1'234'567);
    m.time.now_ms = 1'700'000'000'000;
    m.random = 0x123456789abcdef;
    m.origin = {.gateway = {NodeId(0x123456789abc), 1}, .seq = 123'456'789, .floor = 123'456'700};
    return m;
  }
  [[nodiscard]] static wire::Reply reply() {
    wire::Reply m;
    m.seq = 123'456'789;
    m.partition = PartitionId(777);
    m.bytes = "+OK\r\n";
    return m;
  }
};

template <class Encode>
auto encode_case(Encode encode_one) {
  return [encode_one, sample = std::make_shared<Sample>(),
          out = std::make_shared<ByteBuffer>()](std::uint64_t n) {
    for (; n > 0; --n) {
      encode_one(*out, *sample);
      if (n % kBatch == 0) out->clear();
    }
    use(out->size());
  };
}

template <class Encode, class Decode>
auto decode_case(Encode encode_one, Decode decode_one) {
  ByteBuffer out;
  encode_one(out, Sample());
  return
      [bytes = std::string(out.view()), args = wire::Args(), decode_one](std::uint64_t n) mutable {
        for (; n > 0; --n) {
          wire::Frame frame{};
          std::size_t wanted = 0;
          BORG_CHECK(wire::read_frame(bytes, wire::kFrameBytesMax, frame, wanted) ==
                     wire::FrameStatus::kFrame);
          BORG_CHECK(decode_one(frame.payload, args));
        }
      };
}

void put_request(ByteBuffer& out, const Sample& s) { wire::encode(out, s.request()); }
void put_operation(ByteBuffer& out, const Sample& s) { wire::encode(out, s.operation(), s.args); }
void put_reply(ByteBuffer& out, const Sample&) { wire::encode(out, Sample::reply()); }

bool get_request(std::string_view payload, wire::Args& args) {
  wire::Request m;
  return wire::decode(payload, m, args);
}
bool get_operation(std::string_view payload, wire::Args& args) {
  wire::Operation m;
  if (!wire::decode(payload, m)) return false;
  Decoder body(m.body);
  return wire::decode_args(body, args);
}
bool get_reply(std::string_view payload, wire::Args&) {
  wire::Reply m;
  return wire::decode(payload, m);
}

}  // namespace

void add_wire_cases(std::vector<Case>& cases) {
  cases.push_back({"wire/encode request", [] { return encode_case(put_request); }});
  cases.push_back({"wire/decode request", [] { return decode_case(put_request, get_request); }});
  cases.push_back({"wire/encode operation", [] { return encode_case(put_operation); }});
  cases.push_back(
      {"wire/decode operation", [] { return decode_case(put_operation, get_operation); }});
  cases.push_back({"wire/encode reply", [] { return encode_case(put_reply); }});
  cases.push_back({"wire/decode reply", [] { return decode_case(put_reply, get_reply); }});
}

}  // namespace borg::bench
