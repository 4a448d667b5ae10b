// SPDX-License-Identifier: Apache-2.0
#include "wire/probe.h"

#include <gtest/gtest.h>

#include <string>

namespace borg::wire {
namespace {

template <class M>
std::string payload_of(const M& message) {
  ByteBuffer buffer;
  encode(buffer, message);
  Frame frame{};
  std::size_t wanted = 0;
  EXPECT_EQ(read_frame(buffer.view(), kHelloBytesMax, frame, wanted), FrameStatus::kFrame);
  EXPECT_EQ(frame.type, M::kType);
  return std::string(frame.payload);
}

template <class M>
void every_truncation_is_refused(const std::string& payload) {
  M read;
  for (std::size_t n = 0; n < payload.size(); ++n) {
    EXPECT_FALSE(decode(std::string_view(payload).substr(0, n), read)) << n;
  }
  EXPECT_FALSE(decode(payload + "x", read)) << "trailing bytes";
}

TEST(Probe, IsReadAsItIsWritten) {
  const std::string payload =
      payload_of(Probe{.cluster = "borg", .from = NodeId(7), .host = "fd00::1", .bus_port = 17001});
  Probe read;
  ASSERT_TRUE(decode(payload, read));
  EXPECT_EQ(read.cluster, "borg");
  EXPECT_EQ(read.from, NodeId(7));
  EXPECT_EQ(read.host, "fd00::1");
  EXPECT_EQ(read.bus_port, 17001);
  every_truncation_is_refused<Probe>(payload);
}

TEST(Probe, OfAnotherVersionIsSeenAsSuch) {
  Probe read;
  ASSERT_TRUE(decode(payload_of(Probe{.version = 999, .cluster = "borg"}), read));
  EXPECT_EQ(read.version, 999);
}

TEST(ProbeAnswer, IsReadAsItIsWritten) {
  const std::string payload = payload_of(ProbeAnswer{
      .cluster = "borg", .node = NodeId(7), .found = Found::kNobody, .detail = "refused"});
  ProbeAnswer read;
  ASSERT_TRUE(decode(payload, read));
  EXPECT_EQ(read.cluster, "borg");
  EXPECT_EQ(read.node, NodeId(7));
  EXPECT_EQ(read.found, Found::kNobody);
  EXPECT_EQ(read.detail, "refused");
  every_truncation_is_refused<ProbeAnswer>(payload);
}

TEST(ProbeAnswer, FitsIntoAFirstFrame) {
  const std::string long_text(5000, 'x');
  static_cast<void>(payload_of(ProbeAnswer{.cluster = "borg", .detail = long_text}));
}

}  // namespace
}  // namespace borg::wire
