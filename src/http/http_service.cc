// SPDX-License-Identifier: Apache-2.0
#include "http/http_service.h"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <list>
#include <string>

namespace borg::http {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using server::ErrorCode;
using server::tcp;

constexpr std::size_t kConnectionsMax = 64;
constexpr std::uint32_t kHeaderBytesMax = 8 * 1024;
constexpr std::chrono::seconds kTimeout{10};

class Connection;

/// What the connections share; they may outlive the service by a moment.
struct Shared {
  server::NodeQuestions* node = nullptr;
  std::list<Connection*> connections;  ///< the one first that has said nothing for the longest time
};

/// What a request that cannot be understood is answered; nothing if the client has gone, or says
/// nothing.
std::optional<bhttp::status> status_of(ErrorCode error) {
  if (error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) return {};
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) {
    return bhttp::status::request_header_fields_too_large;
  }
  if (error == bhttp::error::body_limit) return bhttp::status::payload_too_large;
  const bool is_malformed =
      error.category() == bhttp::make_error_code(bhttp::error::bad_method).category();
  return is_malformed ? std::optional(bhttp::status::bad_request) : std::nullopt;
}

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<Shared> shared)
      : stream_(std::move(socket)), shared_(std::move(shared)) {
    place_ = shared_->connections.insert(shared_->connections.end(), this);
  }
  ~Connection() { shared_->connections.erase(place_); }

  void read() {
    note_activity();
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(0);
    stream_.expires_after(kTimeout);
    bhttp::async_read(stream_, buffer_, *parser_,
                      [self = shared_from_this()](ErrorCode ec, std::size_t) {
                        if (!ec) return self->handle();
                        if (const auto status = status_of(ec)) self->refuse(*status);
                      });
  }
  /// Makes place for another one.
  void drop() { stream_.close(); }

 private:
  void note_activity() {
    auto& all = shared_->connections;
    all.splice(all.end(), all, place_);
  }

  /// Behind this nothing more can be understood.
  void refuse(bhttp::status status) {
    keep_alive_ = head_ = false;
    const auto reason = bhttp::obsolete_reason(status);
    reply(status, "text/plain", std::string(reason.data(), reason.size()) + "\n");
  }

  void handle() {
    note_activity();
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    head_ = request.method() == bhttp::verb::head;
    const std::string_view target(request.target().data(), request.target().size());
    const std::string_view path = target.substr(0, target.find('?'));
    if (request.method() != bhttp::verb::get && !head_) {
      reply(bhttp::status::method_not_allowed, "text/plain", "GET or HEAD only\n");
    } else if (path == "/healthz") {
      const bool ready = shared_->node != nullptr && shared_->node->is_ready();
      reply(ready ? bhttp::status::ok : bhttp::status::service_unavailable, "text/plain",
            ready ? "ok\n" : "not ready\n");
    } else if (path == "/metrics") {
      ask({"METRICS"}, "text/plain; version=0.0.4");
    } else if (path == "/info") {
      ask({"BORG", "INFO"}, "application/json");
    } else {
      reply(bhttp::status::not_found, "text/plain", "try /healthz, /metrics or /info\n");
    }
  }

  void ask(std::vector<std::string> args, std::string type) {
    if (shared_->node == nullptr) return;
    shared_->node->ask(std::move(args),
                       [self = shared_from_this(), type = std::move(type)](std::string text) {
                         self->reply(bhttp::status::ok, type, std::move(text));
                       });
  }

  void reply(bhttp::status status, std::string_view type, std::string body) {
    const auto response = std::make_shared<bhttp::response<bhttp::string_body>>(status, 11);
    response->set(bhttp::field::server, "borg");
    response->set(bhttp::field::content_type, beast::string_view(type.data(), type.size()));
    response->keep_alive(keep_alive_);
    response->content_length(body.size());
    if (!head_) response->body() = std::move(body);
    stream_.expires_after(kTimeout);
    const auto sent = [self = shared_from_this(), response](ErrorCode ec, std::size_t) {
      if (ec) return;
      if (self->keep_alive_) {
        self->read();
        return;
      }
      ErrorCode ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    };
    bhttp::async_write(stream_, *response, sent);
  }

  beast::tcp_stream stream_;
  std::shared_ptr<Shared> shared_;
  std::list<Connection*>::iterator place_;
  beast::flat_buffer buffer_{kHeaderBytesMax * 2};
  std::optional<bhttp::request_parser<bhttp::empty_body>> parser_;
  bool keep_alive_ = false;
  bool head_ = false;
};

class Service final : public server::HttpService {
 public:
  Service(tcp::acceptor acceptor, server::NodeQuestions& node)
      : acceptor_(std::move(acceptor)), retry_(acceptor_.get_executor()) {
    shared_->node = &node;
    accept();
  }
  ~Service() override {
    shared_->node = nullptr;
    ErrorCode ec;
    acceptor_.close(ec);
  }

 private:
  void accept() {
    acceptor_.async_accept([this, shared = shared_](ErrorCode ec, tcp::socket socket) {
      if (ec == server::asio::error::operation_aborted || shared->node == nullptr) return;
      if (ec) {  // out of descriptors: some will be closed
        retry_.expires_after(std::chrono::milliseconds(100));
        retry_.async_wait([this, shared](ErrorCode timer_ec) {
          if (!timer_ec && shared->node != nullptr) accept();
        });
        return;
      }
      // A load balancer's question is more urgent than whoever has kept a connection open.
      if (shared->connections.size() >= kConnectionsMax) shared->connections.front()->drop();
      std::make_shared<Connection>(std::move(socket), shared)->read();
      accept();
    });
  }

  tcp::acceptor acceptor_;
  server::asio::steady_timer retry_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace

std::unique_ptr<server::HttpService> start_http(server::asio::io_context&, tcp::acceptor acceptor,
                                                server::NodeQuestions& node) {
  return std::make_unique<Service>(std::move(acceptor), node);
}

}  // namespace borg::http
