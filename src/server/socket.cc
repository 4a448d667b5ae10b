// SPDX-License-Identifier: Apache-2.0
#include "server/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace borg::server {
namespace {

Socket::Outcome failed() {
  // An interrupted call is tried again when the loop says that the socket is ready: it is.
  const bool may_retry = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {may_retry ? Socket::Status::kWouldBlock : Socket::Status::kBroken, 0};
}

}  // namespace

void Socket::prepare() const {
  constexpr int kOn = 1;
  fcntl(descriptor_, F_SETFL, fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
}

/// As Redis's tcp-keepalive: 300 s, and three probes in as many seconds again.
void Socket::probe_when_idle() const {
  constexpr int kOn = 1;
  constexpr int kIdleSeconds = 300;
  constexpr int kProbes = 3;
  constexpr int kSecondsBetween = kIdleSeconds / kProbes;
  setsockopt(descriptor_, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  setsockopt(descriptor_, IPPROTO_TCP, TCP_KEEPIDLE, &kIdleSeconds, sizeof kIdleSeconds);
  setsockopt(descriptor_, IPPROTO_TCP, TCP_KEEPINTVL, &kSecondsBetween, sizeof kSecondsBetween);
  setsockopt(descriptor_, IPPROTO_TCP, TCP_KEEPCNT, &kProbes, sizeof kProbes);
}

void Socket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Socket::end() {
  if (descriptor_ >= 0) shutdown(descriptor_, SHUT_WR);
  close();
}

Socket::Outcome Socket::receive(char* to, std::size_t bytes_max) const {
  const ssize_t n = recv(descriptor_, to, bytes_max, 0);
  if (n < 0) return failed();
  if (n == 0) return {Status::kBroken, 0};
  return {Status::kDone, static_cast<std::size_t>(n)};
}

Socket::Outcome Socket::send(std::string_view bytes) const {
  const ssize_t n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n < 0) return failed();
  return {Status::kDone, static_cast<std::size_t>(n)};
}

}  // namespace borg::server
