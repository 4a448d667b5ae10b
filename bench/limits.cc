// SPDX-License-Identifier: Apache-2.0
// What this machine does at best, now: a round trip over loopback between two threads, what
// loopback carries, what memcpy copies. One line of JSON for ./dev bench.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

/// Two ends of one TCP connection over 127.0.0.1.
std::pair<int, int> connection() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  check(bind(listener, any, size) == 0 && listen(listener, 1) == 0 &&
            getsockname(listener, any, &size) == 0,
        "listen");
  const int ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(connect(ours, any, size) == 0, "connect");
  const int theirs = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  check(theirs >= 0, "accept");
  close(listener);
  const int on = 1;
  for (const int fd : {ours, theirs}) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {ours, theirs};
}

/// Until the other end closes, everything comes back.
void echo(int fd) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
    if (n <= 0 || send(fd, buffer.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) break;
  }
  close(fd);
}

std::string round_trips(double seconds) {
  const auto [ours, theirs] = connection();
  std::thread other(echo, theirs);
  std::array<char, 64> message{};
  std::vector<double> took;
  const Clock::time_point began = Clock::now();
  while (seconds_since(began) < seconds) {
    const Clock::time_point start = Clock::now();
    check(std::cmp_equal(send(ours, message.data(), message.size(), MSG_NOSIGNAL), message.size()),
          "send");
    check(std::cmp_equal(recv(ours, message.data(), message.size(), MSG_WAITALL), message.size()),
          "recv");
    took.push_back(seconds_since(start) * 1e6);
  }
  close(ours);
  other.join();
  std::sort(took.begin(), took.end());
  const auto at = [&](double part) {
    return took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))];
  };
  return fmt::format(
      "\"round_trip_us\": {:.2f}, \"round_trip_p999_us\": {:.1f}, \"round_trip_max_us\": {:.1f}",
      at(0.5), at(0.999), at(1));
}

double stream_mb_per_s(double seconds) {
  const auto [ours, theirs] = connection();
  std::thread other([fd = theirs] {
    std::vector<char> buffer(1 << 18);
    while (recv(fd, buffer.data(), buffer.size(), 0) > 0) continue;
    close(fd);
  });
  const std::vector<char> data(1 << 18, 'v');
  double bytes = 0;
  const Clock::time_point began = Clock::now();
  while (seconds_since(began) < seconds) {
    const ssize_t n = send(ours, data.data(), data.size(), MSG_NOSIGNAL);
    check(n > 0, "send");
    bytes += static_cast<double>(n);
  }
  const double took = seconds_since(began);
  close(ours);
  other.join();
  return bytes / 1e6 / took;
}

/// Blocks of this size out of 256 MiB into others: beyond what the caches hold.
double memcpy_mb_per_s(std::size_t block, double seconds) {
  constexpr std::size_t kBytes = 256u << 20;
  const std::vector<char> from(kBytes, 'v');
  std::vector<char> to(kBytes, 'w');
  double bytes = 0;
  std::size_t at = 0;
  const Clock::time_point began = Clock::now();
  while (seconds_since(began) < seconds) {
    for (int i = 0; i < 16; ++i) {
      std::memcpy(to.data() + at, from.data() + at, block);
      at = (at + block) % (kBytes - block);
      bytes += static_cast<double>(block);
    }
  }
  const double took = seconds_since(began);
  check(to[0] == 'v', "memcpy");
  return bytes / 1e6 / took;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::stod(argv[1]) : 0.5;
  try {
    const std::string trips = round_trips(seconds);
    fmt::print(
        "{{{}, \"loopback_mb_per_s\": {:.0f}, \"memcpy_64k_mb_per_s\": {:.0f}, "
        "\"memcpy_1m_mb_per_s\": {:.0f}}}\n",
        trips, stream_mb_per_s(seconds), memcpy_mb_per_s(64 << 10, seconds),
        memcpy_mb_per_s(1 << 20, seconds));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "limits: {}\n", error.what());
    return 1;
  }
}
