// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/address.h"
#include "server/asio.h"

namespace borg::server {

/// One connection to a host: looks its name up, connects, and gives up in time. A name is looked up
/// each time, as it may lead elsewhere meanwhile.
///
/// Runs: on the thread of its context. Destroying it cancels.
class HostDialer {
 public:
  /// The socket, if there is no error.
  using Done = std::function<void(ErrorCode ec, tcp::socket socket)>;

  explicit HostDialer(asio::io_context& context);
  ~HostDialer();
  HostDialer(const HostDialer&) = delete;
  HostDialer& operator=(const HostDialer&) = delete;

  /// Cancels what is under way. Of a name with several addresses number `turn` is tried, as one
  /// that does not answer must not keep the others from being tried.
  void dial(const HostPort& to, std::size_t turn, std::chrono::milliseconds timeout, Done done);
  void cancel();

 private:
  struct Call;
  asio::io_context& context_;
  std::shared_ptr<Call> call_;
};

}  // namespace borg::server
