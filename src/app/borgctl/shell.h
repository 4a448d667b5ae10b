// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/borgctl/cluster_client.h"
#include "app/borgctl/line_editor.h"

namespace borg::borgctl {

/// Reads lines, sends them as commands and prints the replies, until the input ends.
///
/// When its node dies it goes on at another node of the cluster; a command that only reads is
/// then sent again, of one that writes it says that the outcome is unknown.
class Shell {
 public:
  struct Parts {
    LineSource& source;
    ClusterClient& client;
    /// Runs a word of the shell as borgctl would on its command line; its exit code.
    std::function<int(const Words&, const Endpoint&)> run_own;
    bool is_raw = false;  ///< print strings as they are
  };
  explicit Shell(const Parts& parts) : parts_(parts) {}

  /// False if any line failed.
  bool run();

 private:
  enum class Next { kGoOn, kQuit };
  using Prefer = ClusterClient::Prefer;
  [[nodiscard]] std::string prompt() const;
  Next run_line(const std::string& line);
  void run_own(const Words& words);
  void run_command(const Words& words);
  Result<resp::Value, NetError> call(const Words& words);
  void after_net_error(const Words& words, const NetError& error);
  bool reconnect(Prefer prefer = Prefer::kOthers);
  void print(const Words& words, const resp::Value& reply);
  /// SUBSCRIBE, MONITOR: prints what comes until Ctrl-C.
  void follow(const Words& words);
  void complain(const std::string& what);

  Parts parts_;
  bool is_connected_ = true;
  bool all_well_ = true;
};

}  // namespace borg::borgctl
