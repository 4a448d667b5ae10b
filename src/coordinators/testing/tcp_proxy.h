// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace borg::coordinators::testing {

/// Forwards TCP connections of a port of its own to another one of 127.0.0.1, until told not to.
///
/// Runs: a thread of its own forwards; the methods on any other.
class TcpProxy {
 public:
  /// `target`: "127.0.0.1:port"
  explicit TcpProxy(const std::string& target);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  /// Closes all connections, and new ones at once, until resume().
  void cut() { mode_ = Mode::kCut; }
  /// Takes the requests on, and keeps the answers back for good.
  void swallow_answers() { mode_ = Mode::kSwallow; }
  /// From now on new connections work; those whose answers were swallowed are closed.
  void resume() { mode_ = Mode::kForward; }

 private:
  enum class Mode { kForward, kSwallow, kCut };
  class Loop;
  void run();

  int target_port_;
  int listener_;
  std::string endpoint_;
  std::atomic<Mode> mode_{Mode::kForward};
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace borg::coordinators::testing
