// SPDX-License-Identifier: Apache-2.0
// The least that a server can cost: it knows how long each request is, looks at none, and answers
// with bytes that it has ready. What ./dev bench finds for it is the kernel's share.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

struct Connection {
  std::size_t received = 0;  // of the request under way
  std::size_t owed = 0;      // bytes of replies that have not left
  std::size_t sent = 0;      // of the first reply
};

class BareServer {
 public:
  BareServer(std::uint16_t port, std::size_t request_bytes, std::string reply, std::size_t batch)
      : request_bytes_(request_bytes), reply_bytes_(reply.size()) {
    for (std::size_t i = 0; i < batch; ++i) replies_ += reply;
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 1024) != 0) {
      throw std::runtime_error(fmt::format("port {}: {}", port, std::strerror(errno)));
    }
    watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    while (true) {
      const int n = epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < n; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == listener_) {
          accept_one();
        } else {
          serve(fd);
        }
      }
    }
  }

 private:
  void watch(int fd, int what, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_, what, fd, &event);
  }

  void accept_one() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_[fd] = {};
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
  }

  void serve(int fd) {
    Connection& c = connections_[fd];
    const ssize_t n = recv(fd, input_.data(), input_.size(), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      connections_.erase(fd);
      close(fd);
      return;
    }
    if (n > 0) {
      c.received += static_cast<std::size_t>(n);
      c.owed += c.received / request_bytes_ * reply_bytes_;
      c.received %= request_bytes_;
    }
    const bool was_full = n < 0;
    send_owed(fd, c);
    // Level-triggered EPOLLOUT only while something is owed.
    if (c.owed > 0 || was_full) watch(fd, EPOLL_CTL_MOD, c.owed > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void send_owed(int fd, Connection& c) {
    while (c.owed > 0) {
      const std::size_t size = std::min(c.owed, replies_.size() - c.sent);
      const ssize_t n = send(fd, replies_.data() + c.sent, size, MSG_NOSIGNAL);
      if (n < 0) return;
      c.owed -= static_cast<std::size_t>(n);
      c.sent = (c.sent + static_cast<std::size_t>(n)) % reply_bytes_;
    }
  }

  const std::size_t request_bytes_;
  const std::size_t reply_bytes_;
  std::string replies_;
  int listener_ = -1;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::map<int, Connection> connections_;
  std::string input_ = std::string(kReadBytes, '\0');
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"A server that answers without looking, for ./dev bench"};
  std::uint16_t port = 0;
  std::size_t request_bytes = 0;
  std::size_t value_bytes = 0;
  std::size_t batch = 1;
  app.add_option("--port", port)->required();
  app.add_option("--request-bytes", request_bytes, "Length of each request")->required();
  app.add_option("--value-bytes", value_bytes, "Answer with such a value; 0: with +OK");
  app.add_option("--pipeline", batch, "Replies that it can send at once");
  CLI11_PARSE(app, argc, argv);
  const std::string value(value_bytes, 'v');
  try {
    BareServer server(port, request_bytes,
                      value.empty() ? "+OK\r\n" : fmt::format("${}\r\n{}\r\n", value_bytes, value),
                      batch);
    server.run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "bare: {}\n", error.what());
    return 1;
  }
}
