// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio.hpp>

namespace borg::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

}  // namespace borg::server
