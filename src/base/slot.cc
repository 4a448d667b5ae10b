// SPDX-License-Identifier: Apache-2.0
#include "base/slot.h"

#include <boost/crc.hpp>

namespace borg {

SlotId slot_of_key(std::string_view key) {
  const auto open = key.find('{');
  if (open != std::string_view::npos) {
    const auto close = key.find('}', open + 1);
    if (close != std::string_view::npos && close != open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  boost::crc_optimal<16, 0x1021, 0, 0, false, false> crc;
  crc.process_bytes(key.data(), key.size());
  return SlotId(static_cast<std::uint16_t>(crc.checksum() % kSlotCount));
}

}  // namespace borg
