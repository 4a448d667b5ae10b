// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/borgctl/endpoint.h"
#include "base/byte_buffer.h"
#include "base/result.h"
#include "resp/parser.h"

namespace borg::borgctl {

using Milliseconds = std::chrono::milliseconds;
using Words = std::vector<std::string>;

/// Why there was no reply. After any of them the connection is of no more use.
struct NetError {
  enum class Kind { kConnect, kTimeout, kClosed, kProtocol, kInterrupted };
  Kind kind;
  std::string text;  ///< for people, without the address
};

/// A failed wait or transfer, or nothing.
using NetFailure = std::optional<NetError>;

/// Writes one request at the end of a buffer: an array of bulk strings.
void append_request(ByteBuffer& out, const std::vector<std::string_view>& words);

/// One client connection: requests go out, replies come back in their order.
///
/// Blocks, never longer than the timeout without a byte moving. While it sends it also takes in
/// replies, so that a long pipeline cannot stop because both sides only write.
class Connection {
 public:
  [[nodiscard]] static Result<Connection, NetError> open(const Endpoint& endpoint,
                                                         Milliseconds timeout);
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  void set_timeout(Milliseconds timeout) { timeout_ = timeout; }
  [[nodiscard]] NetFailure send(std::string_view bytes);
  [[nodiscard]] Result<resp::Value, NetError> receive();
  [[nodiscard]] Result<resp::Value, NetError> call(const Words& words);

 private:
  Connection(int fd, Milliseconds timeout) : fd_(fd), timeout_(timeout) {}
  /// Waits for `events` (poll's); the events that came.
  Result<short, NetError> wait(short events);
  NetFailure read_some();
  /// Whether more bytes are on their way right now.
  bool more_follows();

  int fd_ = -1;
  Milliseconds timeout_;
  ByteBuffer input_;
};

}  // namespace borg::borgctl
