// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace borg::server {

/// A descriptor that is closed with the object. Those of connections do not block.
class Socket {
 public:
  enum class Status { kDone, kWouldBlock, kBroken };
  struct Outcome {
    Status status;
    std::size_t bytes;
  };

  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(); }

  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Of a connection: calls do not block, and what is sent leaves at once.
  void prepare() const;
  /// The system finds out that the peer has gone without a word.
  void probe_when_idle() const;
  void close();
  /// Says that nothing more will be sent, and closes.
  void end();
  /// kBroken also when the other side has ended: nothing more will come.
  [[nodiscard]] Outcome receive(char* to, std::size_t bytes_max) const;
  /// As many of the bytes as there is room for.
  [[nodiscard]] Outcome send(std::string_view bytes) const;

 private:
  int descriptor_ = -1;
};

}  // namespace borg::server
