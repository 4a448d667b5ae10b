// SPDX-License-Identifier: Apache-2.0
#include "server/host_dialer.h"

#include <iterator>
#include <utility>

namespace borg::server {

struct HostDialer::Call : std::enable_shared_from_this<Call> {
  Call(asio::io_context& context, Done d)
      : resolver(context), socket(context), timer(context), done(std::move(d)) {}

  void start(const HostPort& to, std::size_t turn, std::chrono::milliseconds timeout) {
    timer.expires_after(timeout);
    timer.async_wait([self = shared_from_this()](ErrorCode ec) {
      if (!ec) self->finish(asio::error::timed_out);
    });
    ErrorCode ec;
    const auto address = asio::ip::make_address(to.host, ec);
    if (!ec) return connect({address, to.port});
    resolver.async_resolve(to.host, std::to_string(to.port),
                           [self = shared_from_this(), turn](
                               ErrorCode resolve_ec, const tcp::resolver::results_type& found) {
                             if (!self->done) return;
                             if (resolve_ec) return self->finish(resolve_ec);
                             if (found.empty()) return self->finish(asio::error::host_not_found);
                             const auto n = static_cast<std::ptrdiff_t>(turn % found.size());
                             self->connect(std::next(found.begin(), n)->endpoint());
                           });
  }

  void connect(const tcp::endpoint& endpoint) {
    socket.async_connect(endpoint, [self = shared_from_this()](ErrorCode ec) { self->finish(ec); });
  }

  /// Once.
  void finish(ErrorCode ec) {
    if (!done) return;
    const Done call = std::exchange(done, nullptr);
    timer.cancel();
    resolver.cancel();
    tcp::socket connected = std::move(socket);
    ErrorCode ignored;
    if (ec) connected.close(ignored);
    call(ec, std::move(connected));
  }

  tcp::resolver resolver;
  tcp::socket socket;
  asio::steady_timer timer;
  Done done;
};

HostDialer::HostDialer(asio::io_context& context) : context_(context) {}

HostDialer::~HostDialer() { cancel(); }

void HostDialer::dial(const HostPort& to, std::size_t turn, std::chrono::milliseconds timeout,
                      Done done) {
  cancel();
  call_ = std::make_shared<Call>(context_, std::move(done));
  call_->start(to, turn, timeout);
}

void HostDialer::cancel() {
  if (!call_) return;
  call_->done = nullptr;
  ErrorCode ec;
  call_->timer.cancel();
  call_->resolver.cancel();
  call_->socket.close(ec);
  call_.reset();
}

}  // namespace borg::server
