// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/patience.h"

#include <algorithm>
#include <string_view>
#include <thread>

#include "app/borgctl/interrupt.h"

namespace borg::borgctl {

bool Patience::wait() {
  const Clock::time_point now = Clock::now();
  if (!is_waiting_) {
    is_waiting_ = true;
    deadline_ = now + whole_;
  }
  if (now >= deadline_ || interrupted()) return false;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now);
  std::this_thread::sleep_for(std::min(pause_, left));
  pause_ = std::min(pause_ * 2, kLongestPause);
  return !interrupted();
}

void Patience::refill() {
  is_waiting_ = false;
  pause_ = kFirstPause;
}

bool is_passing_error(const resp::Value& reply) {
  if (reply.kind != resp::Value::Kind::kError) return false;
  static constexpr std::string_view kCodes[] = {"INDOUBT",  "NOREPLICAS", "CLUSTERDOWN",
                                                "TRYAGAIN", "LOADING",    "BUSY"};
  const std::string_view code = std::string_view(reply.text).substr(0, reply.text.find(' '));
  return std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

}  // namespace borg::borgctl
