// SPDX-License-Identifier: Apache-2.0
// Whole nodes with their threads and sockets in one process: what ThreadSanitizer looks at.
#include "server/server.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/byte_buffer.h"
#include "coordinators/memory.h"
#include "placement/placement.h"
#include "resp/parser.h"
#include "resp/writer.h"

namespace borg::server {
namespace {

/// A node on threads of its own.
class TestNode {
 public:
  TestNode(std::string name, std::shared_ptr<coordinators::MemoryStore> store) {
    ServerOptions options;
    options.node.cluster = "test";
    options.node.self.name = std::move(name);
    options.node.self.host = "127.0.0.1";
    options.node.self.workers = 2;
    options.node.settings.placement_version = placement::kPlacementVersion;
    options.coordinator = std::make_unique<coordinators::MemoryCoordinator>(std::move(store));
    options.leave_on_signals = false;
    options.node.tries_addresses = true;
    options.on_ready = [this](const coordination::Member&, NodeId, const PortOptions& ports) {
      ready_.set_value(*ports.port);
    };
    server_ = std::make_unique<Server>(std::move(options));
    const std::string error = server_->listen();
    EXPECT_EQ(error, "");
    thread_ = std::thread([this] { exit_ = server_->run(); });
    port_ = ready_.get_future().get();
  }
  ~TestNode() { leave(); }
  void leave() {
    if (!thread_.joinable()) return;
    server_->leave();
    thread_.join();
    EXPECT_EQ(exit_.code, 0) << exit_.message;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::promise<std::uint16_t> ready_;
  std::unique_ptr<Server> server_;
  ServerExit exit_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// A client with blocking calls.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : socket_(context_) {
    socket_.connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), port));
  }
  resp::Value call(const std::vector<std::string>& args) {
    ByteBuffer request;
    resp::Writer writer(request, resp::Version::kResp2);
    writer.array(args.size());
    for (const std::string& arg : args) writer.bulk(arg);
    asio::write(socket_, asio::buffer(request.data(), request.size()));
    while (true) {
      const resp::ReplyResult result = resp::parse_reply(input_.view());
      if (result.reply) {
        resp::Value value = result.reply->value;
        input_.consume(result.reply->consumed);
        return value;
      }
      char* at = input_.prepare(4096);
      input_.commit(socket_.read_some(asio::buffer(at, 4096)));
    }
  }

 private:
  asio::io_context context_;
  tcp::socket socket_;
  ByteBuffer input_;
};

/// Asks again and again, for a minute at most.
bool becomes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { spdlog::set_level(spdlog::level::off); }
  std::shared_ptr<coordinators::MemoryStore> store_ = std::make_shared<coordinators::MemoryStore>();
};

TEST_F(ServerTest, AnyNodeTakesAnyKey) {
  TestNode a("a", store_);
  TestNode b("b", store_);
  TestClient to_a(a.port());
  TestClient to_b(b.port());
  for (int i = 0; i < 200; ++i) {
    const std::string key = "key" + std::to_string(i);
    ASSERT_EQ(to_a.call({"SET", key, std::to_string(i)}).text, "OK");
    ASSERT_EQ(to_b.call({"GET", key}).text, std::to_string(i));
  }
  EXPECT_EQ(to_b.call({"DBSIZE"}).integer, 200);
}

TEST_F(ServerTest, JoinsAndLeavesUnderLoadRefuseNothingAndLoseNothing) {
  TestNode a("a", store_);
  TestNode b("b", store_);
  constexpr int kKeys = 20;
  std::atomic<bool> stop = false;
  const auto load = [&stop, port = a.port()] {
    TestClient client(port);
    std::map<int, std::int64_t> counts;
    for (int i = 0; !stop; ++i) {
      const resp::Value reply = client.call({"INCR", "n" + std::to_string(i % kKeys)});
      EXPECT_EQ(reply.kind, resp::Value::Kind::kInteger) << reply.text;
      if (reply.kind == resp::Value::Kind::kInteger) ++counts[i % kKeys];
    }
    return counts;
  };
  auto first = std::async(std::launch::async, load);
  auto second = std::async(std::launch::async, load);
  {
    TestNode c("c", store_);
    TestClient to_c(c.port());
    EXPECT_EQ(to_c.call({"PING"}).text, "PONG");
    b.leave();
    TestNode d("d", store_);
    c.leave();
    stop = true;
    auto counts = first.get();
    for (const auto& [key, count] : second.get()) counts[key] += count;
    TestClient to_d(d.port());
    for (const auto& [key, count] : counts) {
      EXPECT_EQ(to_d.call({"GET", "n" + std::to_string(key)}).text, std::to_string(count));
    }
    stop = true;
  }
}

TEST_F(ServerTest, AProtocolErrorClosesThatConnectionAlone) {
  TestNode a("a", store_);
  TestClient good(a.port());
  EXPECT_EQ(good.call({"PING"}).text, "PONG");
  asio::io_context context;
  tcp::socket bad(context);
  bad.connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), a.port()));
  asio::write(bad, asio::buffer(std::string("*1\r\n!nonsense\r\n")));
  std::string answer;
  ErrorCode ec;
  asio::read(bad, asio::dynamic_buffer(answer), ec);
  EXPECT_TRUE(answer.starts_with("-ERR Protocol error")) << answer;
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_EQ(good.call({"PING"}).text, "PONG");
}

/// What has not left yet stays behind when the socket is closed, and its end behind that.
void send_until_it_would_block(tcp::socket& socket, std::size_t bytes_max) {
  std::string pings;
  while (pings.size() < bytes_max) pings += "*1\r\n$4\r\nPING\r\n";
  socket.non_blocking(true);
  ErrorCode ec;
  for (std::size_t sent = 0; sent < pings.size() && !ec;) {
    sent += socket.write_some(asio::buffer(pings.data() + sent, pings.size() - sent), ec);
  }
}

class ClientThatLeaves : public ServerTest {
 protected:
  std::string clients() { return other_.call({"CLIENT", "LIST"}).text; }
  /// Has it send the command and much more, and leave; the node sees both.
  void send_and_leave(const std::string& command) {
    tcp::socket socket(context_);
    socket.connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), a_.port()));
    asio::write(socket, asio::buffer(command + "\r\n"));
    ASSERT_TRUE(becomes_true([this] { return clients().find("flags=b") != std::string::npos; }));
    send_until_it_would_block(socket, 32 * 1024 * 1024);
    socket.close();
    EXPECT_TRUE(becomes_true([this] { return clients().find("flags=b") == std::string::npos; }));
  }

  TestNode a_{"a", store_};
  TestNode b_{"b", store_};
  TestClient other_{a_.port()};
  asio::io_context context_;
};

TEST_F(ClientThatLeaves, HasNothingTakenForIt) {
  send_and_leave("BLPOP list 0");
  EXPECT_EQ(other_.call({"RPUSH", "list", "element"}).integer, 1);
  EXPECT_EQ(other_.call({"LLEN", "list"}).integer, 1);
}

TEST_F(ClientThatLeaves, WritesNothingAfterAPause) {
  EXPECT_EQ(other_.call({"CLIENT", "PAUSE", "600000", "WRITE"}).text, "OK");
  send_and_leave("SET key value");
  EXPECT_EQ(other_.call({"CLIENT", "UNPAUSE"}).text, "OK");
  EXPECT_EQ(other_.call({"EXISTS", "key"}).integer, 0);
}

TEST_F(ServerTest, APortInUseIsALineForTheOperator) {
  TestNode a("a", store_);
  ServerOptions options;
  options.node.self.host = "127.0.0.1";
  options.ports.port = a.port();
  options.coordinator = std::make_unique<coordinators::MemoryCoordinator>(store_);
  Server second(std::move(options));
  EXPECT_NE(second.listen().find("Address already in use"), std::string::npos);
}

}  // namespace
}  // namespace borg::server
