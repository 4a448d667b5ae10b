// SPDX-License-Identifier: Apache-2.0
// Load for ./dev bench: SETs and GETs in closed loop over many connections, one thread; or
// connections that say PING once and are silent then.
//
// Every reply is compared with the bytes that are due, so a server that answers nil or an error
// is found out, and the load generator costs little beside the server that it measures.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/random.h"
#include "base/slot.h"
#include "resp/parser.h"

namespace {

using borg::ByteBuffer;
using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupted = 0;

struct Options {
  std::vector<std::uint16_t> ports;
  std::string operation = "set";
  int connections = 50;
  std::uint64_t pipeline = 1;
  std::uint64_t keys = 1'000'000;
  std::uint64_t first_key = 0;
  std::string tag;
  std::uint64_t operations = 0;
  std::size_t value_bytes = 64;
  std::uint64_t ttl_s = 0;
  std::uint64_t expire_at_s = 0;
  std::uint64_t get_percent = 80;
  int wait_replicas = 0;
  bool by_slot = false;
  double seconds_max = 120;
  int report_ms = 0;
};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

void bulk(ByteBuffer& out, std::string_view text) {
  std::array<char, 32> head{};
  const auto end = fmt::format_to(head.data(), "${}\r\n", text.size());
  out.append({head.data(), static_cast<std::size_t>(end - head.data())});
  out.append(text);
  out.append("\r\n");
}

std::string request(std::initializer_list<std::string_view> words) {
  ByteBuffer out;
  out.append(fmt::format("*{}\r\n", words.size()));
  for (const std::string_view word : words) bulk(out, word);
  return std::string(out.view());
}

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    fail(fmt::format("cannot connect to port {}: {}", port, std::strerror(errno)));
  }
  return fd;
}

borg::resp::Value ask(std::uint16_t port, const std::string& text) {
  const int fd = connect_to(port);
  ByteBuffer input;
  if (write(fd, text.data(), text.size()) < 0) fail("cannot ask");
  while (true) {
    const ssize_t n = read(fd, input.prepare(65536), 65536);
    if (n <= 0) fail("no answer");
    input.commit(static_cast<std::size_t>(n));
    const borg::resp::ReplyResult parsed = borg::resp::parse_reply(input.view());
    if (!parsed.reply) continue;
    close(fd);
    return parsed.reply->value;
  }
}

/// For each slot the port of its primary, as a cluster-aware client knows it.
std::vector<std::uint16_t> primaries(std::uint16_t port) {
  std::vector<std::uint16_t> ports(borg::kSlotCount);
  for (const auto& range : ask(port, request({"CLUSTER", "SLOTS"})).elements) {
    const auto first = static_cast<std::size_t>(range.elements.at(0).integer);
    const auto last = static_cast<std::size_t>(range.elements.at(1).integer);
    const auto at = range.elements.at(2).elements.at(1).integer;
    for (std::size_t slot = first; slot <= last; ++slot) {
      ports.at(slot) = static_cast<std::uint16_t>(at);
    }
  }
  return ports;
}

struct Connection {
  int fd = -1;
  std::uint16_t port = 0;
  ByteBuffer output;
  ByteBuffer input;
  std::uint64_t due = 0;           ///< replies to the batch under way, WAIT's not counted
  std::size_t matched = 0;         ///< bytes of the first of them that are here and right
  std::deque<std::uint8_t> kinds;  ///< of requests, where they differ
  bool wait_due = false;           ///< WAIT's reply follows
  bool wants_to_write = false;
  Clock::time_point sent;
};

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    const std::string value(options.value_bytes, 'v');
    get_ = {"*2\r\n$3\r\nGET\r\n$16\r\n", "\r\n",
            fmt::format("${}\r\n{}\r\n", value.size(), value)};
    std::vector<std::string> behind{value};
    if (options.ttl_s > 0) behind.insert(behind.end(), {"EX", std::to_string(options.ttl_s)});
    if (options.expire_at_s > 0) {
      behind.insert(behind.end(), {"EXAT", std::to_string(options.expire_at_s)});
    }
    ByteBuffer tail;
    tail.append("\r\n");
    for (const std::string& word : behind) bulk(tail, word);
    set_ = {fmt::format("*{}\r\n$3\r\nSET\r\n$16\r\n", 2 + behind.size()), std::string(tail.view()),
            "+OK\r\n"};
    // Of the letter v five bits are set.
    bitcount_ = {"*2\r\n$8\r\nBITCOUNT\r\n$16\r\n", "\r\n",
                 fmt::format(":{}\r\n", 5 * value.size())};
    if (options.operation == "get") usual_ = &get_;
    if (options.operation == "bitcount") usual_ = &bitcount_;
    if (options.wait_replicas > 0) {
      wait_ = request({"WAIT", std::to_string(options.wait_replicas), "0"});
      wait_expected_ = fmt::format(":{}\r\n", options.wait_replicas);
    }
    if (!options.tag.empty()) prefix_ = "{" + options.tag + "}:";
    if (options.by_slot) primaries_ = primaries(options.ports.front());
  }

  void run() {
    for (int n = 0; n < options_.connections; ++n) open(n);
    started_ = Clock::now();
    last_report_ = started_;
    for (Connection& c : connections_) send_batch(c);
    std::array<epoll_event, 256> events{};
    while (active_ > 0 && interrupted == 0) {
      const int n = epoll_wait(epoll_, events.data(), events.size(), 100);
      const Clock::time_point now = Clock::now();
      for (int i = 0; i < n; ++i) {
        handle(connections_[events[static_cast<std::size_t>(i)].data.u32],
               events[static_cast<std::size_t>(i)].events);
      }
      if (seconds_between(started_, now) > options_.seconds_max) break;
      if (options_.report_ms > 0) report(now);
    }
    finished_ = Clock::now();
  }

  void print() {
    std::sort(batch_us_.begin(), batch_us_.end());
    const auto at = [this](double q) {
      if (batch_us_.empty()) return 0.0F;
      return batch_us_[static_cast<std::size_t>(q * static_cast<double>(batch_us_.size() - 1))];
    };
    fmt::print(
        "{{\"operations\": {}, \"errors\": {}, \"seconds\": {:.6f}, \"cpu_seconds\": {:.6f}, "
        "\"p50_us\": {:.1f}, "
        "\"p99_us\": {:.1f}, \"p999_us\": {:.1f}, \"max_us\": {:.1f}}}\n",
        answered_, errors_, seconds_between(started_, finished_), own_cpu_seconds(), at(0.5),
        at(0.99), at(0.999), at(1));
    if (errors_ > 0) fmt::print(stderr, "load: first wrong reply: {}\n", first_error_);
  }

  [[nodiscard]] bool complete() const {
    // A fill by slot skips the keys of other primaries.
    const bool skips = options_.operation == "fill" && options_.by_slot;
    return errors_ == 0 && (options_.operations == 0 || answered_ == options_.operations ||
                            (skips && filled_ == options_.operations && answered_ == sent_));
  }

 private:
  static double seconds_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
  }

  void open(int n) {
    Connection c;
    c.port = options_.ports[static_cast<std::size_t>(n) % options_.ports.size()];
    c.fd = connect_to(c.port);
    connections_.push_back(std::move(c));
    watch(EPOLL_CTL_ADD, connections_.size() - 1, EPOLLIN);
    ++active_;
  }

  void watch(int what, std::size_t index, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u32 = static_cast<std::uint32_t>(index);
    if (epoll_ctl(epoll_, what, connections_[index].fd, &event) != 0) fail("epoll_ctl");
  }

  std::uint64_t next_key() {
    if (options_.operation == "fill") return options_.first_key + filled_++;
    return options_.first_key + random_.below(options_.keys);
  }

  [[nodiscard]] std::array<char, 16> key_of(std::uint64_t number) const {
    std::array<char, 16> key{};
    fmt::format_to(key.data(), FMT_STRING("{}{:012}"), prefix_, number);
    return key;
  }

  /// 16 bytes; of a slot that the connection's node is primary of, if that is asked for. False
  /// if a fill has come to its end.
  bool draw_key(const Connection& c, std::array<char, 16>& key) {
    do {
      if (options_.operation == "fill" && filled_ == options_.operations) return false;
      key = key_of(next_key());
    } while (options_.by_slot &&
             primaries_[borg::slot_of_key({key.data(), key.size()}).value()] != c.port);
    return true;
  }

  struct Request {
    std::string head;   // before its key
    std::string tail;   // behind it
    std::string reply;  // the only right one
  };

  const Request& draw_request(Connection& c) {
    if (options_.operation != "mixed") return *usual_;
    const bool is_get = random_.below(100) < options_.get_percent;
    c.kinds.push_back(is_get ? 1 : 0);
    return is_get ? get_ : set_;
  }

  [[nodiscard]] std::string_view reply_due(const Connection& c) const {
    if (c.kinds.empty()) return usual_->reply;
    return c.kinds.front() != 0 ? get_.reply : set_.reply;
  }

  void send_batch(Connection& c) {
    std::uint64_t count = options_.pipeline;
    if (options_.operations > 0) count = std::min(count, options_.operations - sent_);
    std::array<char, 16> key{};
    while (c.due < count && draw_key(c, key)) {
      const Request& request = draw_request(c);
      c.output.append(request.head);
      c.output.append({key.data(), key.size()});
      c.output.append(request.tail);
      ++c.due;
      ++sent_;
    }
    if (c.due == 0) {
      --active_;
      return;
    }
    c.output.append(wait_);
    c.wait_due = !wait_.empty();
    c.sent = Clock::now();
    flush(c);
  }

  void flush(Connection& c) {
    while (!c.output.empty()) {
      const ssize_t n = send(c.fd, c.output.data(), c.output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN) fail(fmt::format("send: {}", std::strerror(errno)));
      if (n < 0) break;
      c.output.consume(static_cast<std::size_t>(n));
    }
    if (c.output.empty() != c.wants_to_write) return;
    c.wants_to_write = !c.output.empty();
    watch(EPOLL_CTL_MOD, static_cast<std::size_t>(&c - connections_.data()),
          c.wants_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void handle(Connection& c, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush(c);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    const ssize_t n = recv(c.fd, c.input.prepare(kReadBytes), kReadBytes, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail(fmt::format("port {} closed the connection", c.port));
    c.input.commit(static_cast<std::size_t>(n));
    while (c.due > 0 && take(c, reply_due(c))) {
      if (!c.kinds.empty()) c.kinds.pop_front();
      --c.due;
      ++answered_;
    }
    if (c.due == 0 && c.wait_due && take(c, wait_expected_)) c.wait_due = false;
    if (c.due > 0 || c.wait_due) return;
    const auto took = static_cast<float>(seconds_between(c.sent, Clock::now()) * 1e6);
    batch_us_.push_back(took);
    slowest_us_ = std::max(slowest_us_, took);
    if (options_.report_ms > 0) ++histogram_[bucket_us(took)];
    send_batch(c);
  }

  /// Takes one whole reply; false if it is not all there.
  bool take(Connection& c, std::string_view expected) {
    const std::string_view input = c.input.view();
    // What was compared before is not compared again: a large reply comes in many pieces.
    const std::string_view left = expected.substr(c.matched);
    const std::string_view news = input.substr(c.matched, left.size());
    if (news == left.substr(0, news.size())) {
      c.matched += news.size();
      if (c.matched < expected.size()) return false;
      c.input.consume(expected.size());
      c.matched = 0;
      return true;
    }
    const borg::resp::ReplyResult parsed = borg::resp::parse_reply(input);
    if (!parsed.reply) {
      if (parsed.error == borg::resp::ReplyError::kMalformed) fail("a malformed reply");
      return false;
    }
    if (errors_++ == 0) first_error_ = input.substr(0, std::min<std::size_t>(input.size(), 200));
    c.input.consume(parsed.reply->consumed);
    c.matched = 0;
    return true;
  }

  /// The next of 16 steps an octave: 4 % more at most.
  static std::uint32_t bucket_us(float us) {
    return static_cast<std::uint32_t>(
        std::ceil(std::exp2(std::ceil(std::log2(std::max(us, 1.0F)) * 16) / 16)));
  }

  /// A line each interval: when, what was answered in it, how many batches took up to so long,
  /// and the slowest, be it answered or still waited for.
  void report(Clock::time_point now) {
    if (seconds_between(last_report_, now) * 1000 < options_.report_ms) return;
    for (const Connection& c : connections_) {
      const bool is_waiting = c.due > 0 || c.wait_due;
      if (!is_waiting) continue;
      slowest_us_ = std::max(slowest_us_, static_cast<float>(seconds_between(c.sent, now) * 1e6));
    }
    std::string counts;
    for (const auto& [us, count] : histogram_) {
      counts += fmt::format("{}\"{}\": {}", counts.empty() ? "" : ", ", us, count);
    }
    fmt::print(
        "{{\"at\": {:.6f}, \"seconds\": {:.6f}, \"operations\": {}, \"max_us\": {:.1f}, "
        "\"histogram_us\": {{{}}}}}\n",
        std::chrono::duration<double>(now.time_since_epoch()).count(),
        seconds_between(last_report_, now), answered_ - reported_, slowest_us_, counts);
    std::fflush(stdout);
    histogram_.clear();
    last_report_ = now;
    reported_ = answered_;
    slowest_us_ = 0;
  }

  static constexpr std::size_t kReadBytes = 65536;
  const Options& options_;
  const int epoll_;
  std::string prefix_ = "key:";
  Request get_;
  Request set_;
  Request bitcount_;
  const Request* usual_ = &set_;  // of every operation but mixed
  std::string wait_;
  std::string wait_expected_;
  std::vector<std::uint16_t> primaries_;
  std::vector<Connection> connections_;
  borg::Random random_{1};
  int active_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t filled_ = 0;  // keys that a fill has looked at
  std::uint64_t answered_ = 0;
  std::uint64_t reported_ = 0;
  std::uint64_t errors_ = 0;
  std::string first_error_;
  std::vector<float> batch_us_;
  std::map<std::uint32_t, std::uint64_t> histogram_;  // since the last report
  float slowest_us_ = 0;
  Clock::time_point started_;
  Clock::time_point finished_;
  Clock::time_point last_report_;
};

/// Opens the connections, each of which has been used once, says so, and holds them.
void hold_idle(const Options& options) {
  std::vector<int> fds;
  for (int n = 0; n < options.connections; ++n) {
    fds.push_back(connect_to(options.ports[static_cast<std::size_t>(n) % options.ports.size()]));
    const std::string ping = request({"PING"});
    std::array<char, 16> reply{};
    if (write(fds.back(), ping.data(), ping.size()) < 0 ||
        read(fds.back(), reply.data(), reply.size()) != 7) {
      fail("no answer to PING");
    }
  }
  fmt::print("{{\"connected\": {}}}\n", fds.size());
  std::fflush(stdout);
  const auto began = Clock::now();
  while (interrupted == 0 &&
         Clock::now() - began < std::chrono::duration<double>(options.seconds_max)) {
    poll(nullptr, 0, 50);
  }
}

/// As many files as the system lets this process have.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void add_flags(CLI::App& app, Options& o) {
  app.add_option("--port", o.ports, "Of a server; several: connections are spread over them")
      ->required();
  app.add_option("--op", o.operation,
                 "set, get; mixed: both; bitcount: much for the server, little for the load; fill: "
                 "each of --operations keys once; idle: only connect")
      ->check(CLI::IsMember({"set", "get", "mixed", "bitcount", "fill", "idle"}));
  app.add_option("--get-percent", o.get_percent, "Of mixed")->check(CLI::Range(0, 100));
  app.add_option("--connections", o.connections)->check(CLI::Range(1, 20000));
  app.add_option("--pipeline", o.pipeline, "Requests sent at once")->check(CLI::Range(1, 100000));
  app.add_option("--keys", o.keys, "Keys to choose from");
  app.add_option("--first-key", o.first_key);
  app.add_option("--tag", o.tag, "One letter: all keys have this hash tag, and so one slot")
      ->check([](const std::string& tag) { return tag.size() == 1 ? "" : "one letter"; });
  app.add_option("--operations", o.operations, "0: until SIGTERM or --seconds-max");
  app.add_option("--value-bytes", o.value_bytes);
  app.add_option("--ttl-s", o.ttl_s, "SET with EX; 0: without");
  app.add_option("--expire-at-s", o.expire_at_s, "SET with EXAT: seconds since 1970");
  app.add_option("--wait", o.wait_replicas, "After each batch WAIT for so many replicas");
  app.add_flag("--by-slot", o.by_slot, "Ask each key's primary, as cluster-aware clients do");
  app.add_option("--seconds-max", o.seconds_max);
  app.add_option("--report-ms", o.report_ms, "Print a line each interval");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Load for ./dev bench"};
  Options options;
  add_flags(app, options);
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGTERM, [](int) { interrupted = 1; });
  raise_file_limit();
  try {
    if (options.operation == "idle") {
      hold_idle(options);
      return 0;
    }
    Load load(options);
    load.run();
    load.print();
    return load.complete() ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "load: {}\n", error.what());
    return 1;
  }
}
