// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "server/asio.h"
#include "server/http_port.h"

namespace borg::http {

/// Serves a node's HTTP port on one address: /healthz for load balancers, /metrics for Prometheus,
/// /info (what BORG INFO says, as JSON).
///
/// Runs:   on the control thread.
/// Limits: GET and HEAD only; headers of 8 KiB; 10 s a request; 64 connections: one more, and the
///         one that has said nothing for the longest time is closed.
/// Errors: what is no request is answered with a status of 400 to 431, and the connection closed.
[[nodiscard]] std::unique_ptr<server::HttpService> start_http(server::asio::io_context& context,
                                                              server::tcp::acceptor acceptor,
                                                              server::NodeQuestions& node);

}  // namespace borg::http
