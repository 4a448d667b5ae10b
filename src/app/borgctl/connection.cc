// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "app/borgctl/interrupt.h"
#include "resp/writer.h"

namespace borg::borgctl {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = NetError::Kind;

constexpr std::size_t kReadBytes = 64 * 1024;
/// Below this, an incomplete reply is simply read again from its start when more has come.
constexpr std::size_t kCheapReplyBytes = 256 * 1024;
constexpr int kMoreFollowsMs = 5;

NetError system_error(Kind kind, int number) { return {kind, std::strerror(number)}; }

/// poll() until an event or the timeout; EINTR ends it only when the user interrupted.
Result<short, NetError> poll_for(int fd, short events, Milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  while (!interrupted()) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now());
    pollfd item{fd, events, 0};
    const int n = ::poll(&item, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (n > 0) return item.revents;
    if (n < 0 && errno != EINTR) return system_error(Kind::kClosed, errno);
    if (n == 0) {
      return NetError{Kind::kTimeout,
                      fmt::format("no answer within {} s", timeout.count() / 1000.0)};
    }
  }
  return NetError{Kind::kInterrupted, "interrupted"};
}

/// Connects one address; the socket stays non-blocking.
Result<int, NetError> connect_address(const addrinfo& address, Milliseconds timeout) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_error(Kind::kConnect, errno);
  int error = ::connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    const auto ready = poll_for(fd, POLLOUT, timeout);
    if (!ready) {
      ::close(fd);
      return ready.error();
    }
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) {
    ::close(fd);
    return system_error(Kind::kConnect, error);
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

void append_request(ByteBuffer& out, const std::vector<std::string_view>& words) {
  resp::Writer writer(out, resp::Version::kResp2);
  writer.array(words.size());
  for (const std::string_view word : words) writer.bulk(word);
}

Result<Connection, NetError> Connection::open(const Endpoint& endpoint, Milliseconds timeout) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int error = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) return NetError{Kind::kConnect, ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  NetError last{Kind::kConnect, "no address"};
  for (const addrinfo* item = found; item != nullptr; item = item->ai_next) {
    const auto fd = connect_address(*item, timeout);
    if (fd) return Connection(*fd, timeout);
    last = fd.error();
    if (last.kind == Kind::kInterrupted) break;
  }
  return last;
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      timeout_(other.timeout_),
      input_(std::move(other.input_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(timeout_, other.timeout_);
  input_.swap(other.input_);
  return *this;
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

Result<short, NetError> Connection::wait(short events) { return poll_for(fd_, events, timeout_); }

bool Connection::more_follows() {
  pollfd item{fd_, POLLIN, 0};
  return ::poll(&item, 1, kMoreFollowsMs) > 0;
}

NetFailure Connection::read_some() {
  char* const space = input_.prepare(kReadBytes);
  const ssize_t n = ::recv(fd_, space, input_.writable(), 0);
  if (n > 0) {
    input_.commit(static_cast<std::size_t>(n));
    return std::nullopt;
  }
  if (n == 0) return NetError{Kind::kClosed, "the connection was closed"};
  if (errno == EAGAIN || errno == EINTR) return std::nullopt;
  return system_error(Kind::kClosed, errno);
}

NetFailure Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto ready = wait(POLLIN | POLLOUT);
    if (!ready) return ready.error();
    if ((*ready & POLLIN) != 0) {
      if (NetFailure failure = read_some()) return failure;
    }
    if ((*ready & (POLLOUT | POLLERR | POLLHUP)) == 0) continue;
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) {
      return system_error(Kind::kClosed, errno);
    }
  }
  return std::nullopt;
}

Result<resp::Value, NetError> Connection::receive() {
  std::size_t worth_parsing = 1;
  while (true) {
    if (input_.size() >= worth_parsing) {
      resp::ReplyResult result = resp::parse_reply(input_.view());
      if (result.reply) {
        input_.consume(result.reply->consumed);
        return std::move(result.reply->value);
      }
      if (result.error == resp::ReplyError::kMalformed) {
        return NetError{Kind::kProtocol, "the reply is not in the Redis protocol"};
      }
      // A long array that arrives in many pieces must not be read again for each of them.
      worth_parsing = input_.size() + 1;
      if (input_.size() > kCheapReplyBytes) worth_parsing += input_.size() / 4;
    }
    const auto ready = wait(POLLIN);
    if (!ready) return ready.error();
    if (NetFailure failure = read_some()) return *failure;
    if (input_.size() < worth_parsing && !more_follows()) worth_parsing = input_.size();
  }
}

Result<resp::Value, NetError> Connection::call(const Words& words) {
  ByteBuffer request;
  append_request(request, {words.begin(), words.end()});
  if (NetFailure failure = send(request.view())) return *failure;
  return receive();
}

}  // namespace borg::borgctl
