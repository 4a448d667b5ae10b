// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <csignal>

#include "app/borgd/options.h"
#include "http/http_service.h"
#include "server/server.h"

namespace {

/// As many clients as the system lets a process have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  auto parsed = borg::app::parse_options(argc, argv);
  if (!parsed.server) return parsed.exit_code;
  parsed.server->start_http = borg::http::start_http;
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  return borg::server::run_server(std::move(*parsed.server));
}
