// SPDX-License-Identifier: Apache-2.0
#include "coordinators/testing/tcp_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <list>
#include <vector>

#include "base/check.h"

namespace borg::coordinators::testing {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int new_socket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

/// Moves what there is. False at the end of the stream.
bool forward(int from, int to) {
  std::array<char, 65536> buffer{};
  const ssize_t size = read(from, buffer.data(), buffer.size());
  if (size <= 0) return false;
  for (ssize_t done = 0; to >= 0 && done < size;) {
    const auto left = static_cast<std::size_t>(size - done);
    const ssize_t sent = send(to, buffer.data() + done, left, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += sent;
  }
  return true;
}

struct Pair {
  int client = -1;
  int server = -1;
  bool is_swallowed = false;
};

}  // namespace

/// The forwarding thread's state.
class TcpProxy::Loop {
 public:
  explicit Loop(TcpProxy& proxy) : proxy_(proxy) {}
  ~Loop() { close_all(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void turn() {
    const Mode mode = proxy_.mode_;
    if (mode == Mode::kCut) close_all();
    std::vector<pollfd> fds{{proxy_.listener_, POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      fds.push_back({pair.client, POLLIN, 0});
      fds.push_back({pair.server, POLLIN, 0});
    }
    if (poll(fds.data(), fds.size(), 5) <= 0) return drop_swallowed(mode);
    std::size_t at = 1;
    for (auto it = pairs_.begin(); it != pairs_.end(); at += 2) {
      it = serve(*it, fds[at].revents != 0, fds[at + 1].revents != 0, mode) ? std::next(it)
                                                                            : drop(it);
    }
    if (fds[0].revents != 0) accept_one(mode);
    drop_swallowed(mode);
  }

 private:
  using Pairs = std::list<Pair>;

  static bool serve(Pair& pair, bool has_request, bool has_answer, Mode mode) {
    if (has_request && !forward(pair.client, pair.server)) return false;
    if (!has_answer) return true;
    pair.is_swallowed |= mode == Mode::kSwallow;
    return forward(pair.server, pair.is_swallowed ? -1 : pair.client);
  }
  void accept_one(Mode mode) {
    Pair pair{accept4(proxy_.listener_, nullptr, nullptr, SOCK_CLOEXEC), new_socket(), false};
    const sockaddr_in to = loopback(proxy_.target_port_);
    const bool is_connected =
        connect(pair.server, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
    pairs_.push_back(pair);
    if (!is_connected || mode == Mode::kCut) drop(std::prev(pairs_.end()));
  }
  void drop_swallowed(Mode mode) {
    if (mode != Mode::kForward) return;
    for (auto it = pairs_.begin(); it != pairs_.end();) {
      it = it->is_swallowed ? drop(it) : std::next(it);
    }
  }
  Pairs::iterator drop(Pairs::iterator it) {
    close(it->client);
    close(it->server);
    return pairs_.erase(it);
  }
  void close_all() {
    while (!pairs_.empty()) drop(pairs_.begin());
  }

  TcpProxy& proxy_;
  Pairs pairs_;
};

TcpProxy::TcpProxy(const std::string& target)
    : target_port_(std::stoi(target.substr(target.rfind(':') + 1))), listener_(new_socket()) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  BORG_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  BORG_CHECK(listen(listener_, 16) == 0);
  BORG_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  endpoint_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  thread_ = std::thread([this] { run(); });
}

TcpProxy::~TcpProxy() {
  is_stopping_ = true;
  thread_.join();
  close(listener_);
}

void TcpProxy::run() {
  Loop loop(*this);
  while (!is_stopping_) loop.turn();
}

}  // namespace borg::coordinators::testing
