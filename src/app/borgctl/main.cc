// SPDX-License-Identifier: Apache-2.0
#include <clocale>
#include <csignal>
#include <string>
#include <vector>

#include "app/borgctl/cli.h"

int main(int argc, char** argv) {
  // Whoever reads our output may stop reading: then we end without a word, as tools do.
  std::signal(SIGPIPE, SIG_DFL);
  // A file that must not grow (ulimit -f) is an error to report, not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  // The line editor reads UTF-8 whatever the locale; nothing else depends on it.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  return borg::borgctl::run_cli(std::vector<std::string>(argv + 1, argv + argc));
}
