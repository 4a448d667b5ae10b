// SPDX-License-Identifier: Apache-2.0
#include "coordinators/etcd_client.h"

#include <etcd.grpc.pb.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "coordination/key_space.h"

namespace borg::coordinators {

namespace pb = etcdserverpb;
using coordination::Change;
using coordination::Txn;
using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;

namespace {

Revision revision_of(std::int64_t number) { return Revision(static_cast<std::uint64_t>(number)); }
std::int64_t number_of(Revision revision) { return static_cast<std::int64_t>(revision.value()); }

EtcdHead head_of(const pb::ResponseHeader& header) {
  return {header.cluster_id(), header.raft_term(), revision_of(header.revision())};
}

/// gRPC reads deadlines on the system clock; ours must not move with it.
std::chrono::system_clock::time_point to_system(EtcdClient::Clock::time_point deadline) {
  const auto left = deadline - EtcdClient::Clock::now();
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(left);
}

/// Codes with which etcd says that a request was turned away before it took effect. kUnavailable
/// is not one of them: a change of leader is told so while the proposal may yet be committed.
EtcdError error_of(const Status& status) {
  switch (status.error_code()) {
    case StatusCode::PERMISSION_DENIED:
    case StatusCode::UNIMPLEMENTED:
      return EtcdError::kDenied;
    case StatusCode::INVALID_ARGUMENT:
    case StatusCode::NOT_FOUND:
    case StatusCode::FAILED_PRECONDITION:
    case StatusCode::OUT_OF_RANGE:
    case StatusCode::RESOURCE_EXHAUSTED:
    case StatusCode::UNAUTHENTICATED:
      return EtcdError::kRefused;
    default:
      return EtcdError::kLost;
  }
}

bool is_token_rejected(const Status& status) {
  return status.error_code() == StatusCode::UNAUTHENTICATED ||
         status.error_message().find("auth: revision in header is old") != std::string::npos;
}

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(-1);
  // A retry below us would hide that a request may have been taken twice.
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // etcd closes connections that are pinged more often than every 5 s.
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 6000);
  // Also how long what was sent may go without an acknowledgement: no second call is made on a
  // connection to a dead machine.
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 1000);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return args;
}

std::shared_ptr<grpc::ChannelCredentials> credentials(const EtcdOptions& options) {
  if (!options.is_tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = options.ca;
  ssl.pem_cert_chain = options.cert;
  ssl.pem_private_key = options.key;
  return grpc::SslCredentials(ssl);
}

/// The first key after all that begin with `prefix`, whose last byte is a slash.
std::string end_of(std::string prefix) {
  ++prefix.back();
  return prefix;
}

/// gRPC would write several lines to stderr for each refused TLS handshake; what matters of them
/// is part of our failures' messages. Whoever sets GRPC_VERBOSITY gets them all the same.
void keep_grpc_quiet() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) {
      gpr_set_log_function([](gpr_log_func_args* /*line*/) {});
    }
  });
}

struct Endpoint {
  explicit Endpoint(std::shared_ptr<grpc::Channel> to)
      : channel(std::move(to)), kv(channel), watch(channel), lease(channel), auth(channel) {}
  std::shared_ptr<grpc::Channel> channel;
  pb::KV::Stub kv;
  pb::Watch::Stub watch;
  pb::Lease::Stub lease;
  pb::Auth::Stub auth;
};

}  // namespace

class EtcdClient::Impl {
 public:
  explicit Impl(const EtcdOptions& options)
      : prefix_("/borg/" + options.cluster + "/"),
        prefix_end_(end_of(prefix_)),
        user_(options.user),
        password_(options.password) {
    keep_grpc_quiet();
    const auto creds = credentials(options);
    const auto args = channel_arguments();
    for (const std::string& address : options.endpoints) {
      endpoints_.push_back(
          std::make_unique<Endpoint>(grpc::CreateCustomChannel(address, creds, args)));
    }
  }

  /// Makes `call(endpoint, context)` with whatever member is connected, the token renewed if
  /// etcd has forgotten it.
  template <class Call>
  std::optional<EtcdFailure> perform(Clock::time_point deadline, Call&& call) {
    for (bool is_retry = false;; is_retry = true) {
      Endpoint* endpoint = connect(deadline);
      if (endpoint == nullptr) return EtcdFailure{EtcdError::kNotSent, why_unreachable()};
      if (auto failure = authenticate(*endpoint, deadline)) return failure;
      ClientContext context;
      context.set_deadline(to_system(deadline));
      prepare(context);
      const Status status = with(context, [&] { return call(*endpoint, context); });
      if (status.ok()) return std::nullopt;
      if (!user_.empty() && is_token_rejected(status)) {
        token_.clear();
        if (!is_retry) continue;
      }
      return failure_of(status);
    }
  }

  std::optional<EtcdFailure> begin_watch(Revision first, Clock::time_point deadline) {
    Endpoint* endpoint = connect(deadline);
    if (endpoint == nullptr) return EtcdFailure{EtcdError::kNotSent, why_unreachable()};
    if (auto failure = authenticate(*endpoint, deadline)) return failure;
    watch_context_ = std::make_unique<ClientContext>();
    prepare(*watch_context_);
    // A member cut off from the others then ends the watch instead of staying silent.
    watch_context_->AddMetadata("hasleader", "true");
    set_current(watch_context_.get());
    watch_ = endpoint->watch.Watch(watch_context_.get());
    pb::WatchRequest request;
    pb::WatchCreateRequest& create = *request.mutable_create_request();
    create.set_key(prefix_);
    create.set_range_end(prefix_end_);
    create.set_start_revision(number_of(first));
    create.set_progress_notify(true);
    if (watch_->Write(request)) return std::nullopt;
    return end_watch();
  }

  std::optional<EtcdNews> next_news() {
    pb::WatchResponse response;
    if (!watch_->Read(&response)) return std::nullopt;
    EtcdNews news;
    if (response.compact_revision() != 0) {
      news.is_compacted = true;
      return news;
    }
    if (response.canceled()) {
      cancel_reason_ = response.cancel_reason();
      return std::nullopt;
    }
    for (const pb::Event& event : response.events()) {
      news.changes.changes.push_back(change_of(event));
      // Not the header's: that may be ahead of the events of a watch that is catching up.
      news.changes.revision = revision_of(event.kv().mod_revision());
    }
    coordination::keep_newest(news.changes.changes);
    return news;
  }

  EtcdFailure end_watch() {
    watch_context_->TryCancel();
    const Status status = watch_->Finish();
    set_current(nullptr);
    watch_.reset();
    watch_context_.reset();
    EtcdFailure failure = failure_of(status);
    if (!user_.empty() && is_token_rejected(status)) token_.clear();
    if (!cancel_reason_.empty()) failure.message = std::exchange(cancel_reason_, {});
    return failure;
  }

  void interrupt() {
    const std::lock_guard lock(mutex_);
    if (current_ != nullptr) current_->TryCancel();
  }
  void set_closed(bool is_closed) {
    const std::lock_guard lock(mutex_);
    is_closed_ = is_closed;
    if (is_closed && current_ != nullptr) current_->TryCancel();
  }

  [[nodiscard]] std::string full(const std::string& key) const { return prefix_ + key; }
  [[nodiscard]] std::string short_of(const std::string& key) const {
    return key.substr(std::min(prefix_.size(), key.size()));
  }
  [[nodiscard]] pb::RangeRequest whole_range() const {
    pb::RangeRequest request;
    request.set_key(prefix_);
    request.set_range_end(prefix_end_);
    return request;
  }

 private:
  Endpoint* connect(Clock::time_point deadline) {
    constexpr auto kPatience = std::chrono::milliseconds(250);
    while (!is_closed() && Clock::now() < deadline) {
      Endpoint& endpoint = *endpoints_[index_];
      const auto until = std::min(deadline, Clock::now() + kPatience);
      if (endpoint.channel->WaitForConnected(to_system(until))) return &endpoint;
      index_ = (index_ + 1) % endpoints_.size();
    }
    return nullptr;
  }

  /// gRPC tells the reason to a call that is made without waiting, and to nobody else.
  std::string why_unreachable() {
    ClientContext context;
    context.set_deadline(to_system(Clock::now() + std::chrono::milliseconds(100)));
    pb::RangeRequest request = whole_range();
    request.set_count_only(true);
    pb::RangeResponse response;
    Endpoint& endpoint = *endpoints_[index_];
    const Status status =
        with(context, [&] { return endpoint.kv.Range(&context, request, &response); });
    return "no member can be reached: " + status.error_message();
  }

  std::optional<EtcdFailure> authenticate(Endpoint& endpoint, Clock::time_point deadline) {
    if (user_.empty() || !token_.empty()) return std::nullopt;
    pb::AuthenticateRequest request;
    request.set_name(user_);
    request.set_password(password_);
    pb::AuthenticateResponse response;
    ClientContext context;
    context.set_deadline(to_system(deadline));
    const Status status =
        with(context, [&] { return endpoint.auth.Authenticate(&context, request, &response); });
    token_ = response.token();
    if (status.ok()) return std::nullopt;
    EtcdFailure failure = failure_of(status);
    // What was asked for was never sent, whatever became of this.
    const bool is_refused = status.error_code() == StatusCode::INVALID_ARGUMENT;
    failure.error = is_refused ? EtcdError::kDenied : EtcdError::kNotSent;
    return failure;
  }

  void prepare(ClientContext& context) const {
    if (!token_.empty()) context.AddMetadata("token", token_);
  }

  template <class Call>
  Status with(ClientContext& context, Call&& call) {
    set_current(&context);
    Status status = call();
    set_current(nullptr);
    return status;
  }

  void set_current(ClientContext* context) {
    const std::lock_guard lock(mutex_);
    current_ = context;
    if (is_closed_ && context != nullptr) context->TryCancel();
  }
  bool is_closed() {
    const std::lock_guard lock(mutex_);
    return is_closed_;
  }

  EtcdFailure failure_of(const Status& status) {
    EtcdFailure failure{error_of(status), status.error_message()};
    if (failure.error == EtcdError::kLost) index_ = (index_ + 1) % endpoints_.size();
    return failure;
  }

  [[nodiscard]] Change change_of(const pb::Event& event) const {
    const pb::KeyValue& kv = event.kv();
    Change change{short_of(kv.key()), std::nullopt, revision_of(kv.mod_revision()), Revision()};
    if (event.type() == pb::Event::PUT) {
      change.value = kv.value();
      change.created = revision_of(kv.create_revision());
    }
    return change;
  }

  const std::string prefix_;
  const std::string prefix_end_;
  const std::string user_;
  const std::string password_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::size_t index_ = 0;
  std::string token_;
  std::unique_ptr<ClientContext> watch_context_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::WatchRequest, pb::WatchResponse>> watch_;
  std::string cancel_reason_;

  std::mutex mutex_;
  ClientContext* current_ = nullptr;
  bool is_closed_ = false;
};

EtcdClient::EtcdClient(const EtcdOptions& options) : impl_(std::make_unique<Impl>(options)) {}
EtcdClient::~EtcdClient() = default;

EtcdResult<EtcdSnapshot> EtcdClient::read_all(Clock::time_point deadline) {
  const pb::RangeRequest request = impl_->whole_range();
  pb::RangeResponse response;
  const auto failure = impl_->perform(deadline, [&](Endpoint& to, ClientContext& context) {
    return to.kv.Range(&context, request, &response);
  });
  if (failure) return *failure;
  EtcdSnapshot out{head_of(response.header()), {}};
  out.snapshot.revision = out.head.revision;
  for (const pb::KeyValue& kv : response.kvs()) {
    out.snapshot.entries.push_back({impl_->short_of(kv.key()), kv.value(),
                                    revision_of(kv.mod_revision()),
                                    revision_of(kv.create_revision())});
  }
  return out;
}

EtcdResult<EtcdHead> EtcdClient::read_head(Clock::time_point deadline) {
  pb::RangeRequest request = impl_->whole_range();
  request.set_count_only(true);
  pb::RangeResponse response;
  const auto failure = impl_->perform(deadline, [&](Endpoint& to, ClientContext& context) {
    return to.kv.Range(&context, request, &response);
  });
  if (failure) return *failure;
  return head_of(response.header());
}

EtcdResult<EtcdTxnReply> EtcdClient::transact(const Txn& txn, std::int64_t lease,
                                              Clock::time_point deadline) {
  pb::TxnRequest request;
  for (const coordination::Compare& compare : txn.compares) {
    pb::Compare& out = *request.add_compare();
    out.set_result(pb::Compare::EQUAL);
    out.set_target(pb::Compare::MOD);
    out.set_key(impl_->full(compare.key));
    out.set_mod_revision(number_of(compare.modified));
    pb::RangeRequest& look = *request.add_failure()->mutable_request_range();
    look.set_key(out.key());
    look.set_keys_only(true);
  }
  for (const coordination::Put& put : txn.puts) {
    pb::PutRequest& out = *request.add_success()->mutable_request_put();
    out.set_key(impl_->full(put.key));
    out.set_value(put.value);
    out.set_lease(put.bound_to_session ? lease : 0);
  }
  for (const coordination::Delete& del : txn.deletes) {
    request.add_success()->mutable_request_delete_range()->set_key(impl_->full(del.key));
  }
  pb::TxnResponse response;
  const auto failure = impl_->perform(deadline, [&](Endpoint& to, ClientContext& context) {
    return to.kv.Txn(&context, request, &response);
  });
  if (failure) return *failure;
  EtcdTxnReply out{head_of(response.header()), response.succeeded(), false, Revision()};
  for (const pb::ResponseOp& op : response.responses()) {
    out.is_changed |= op.has_response_put() || op.response_delete_range().deleted() > 0;
    for (const pb::KeyValue& kv : op.response_range().kvs()) {
      out.newest_compared = std::max(out.newest_compared, revision_of(kv.mod_revision()));
    }
  }
  return out;
}

EtcdResult<EtcdLease> EtcdClient::grant_lease(std::int64_t ttl_seconds,
                                              Clock::time_point deadline) {
  pb::LeaseGrantRequest request;
  request.set_ttl(ttl_seconds);
  pb::LeaseGrantResponse response;
  const auto failure = impl_->perform(deadline, [&](Endpoint& to, ClientContext& context) {
    return to.lease.LeaseGrant(&context, request, &response);
  });
  if (failure) return *failure;
  if (!response.error().empty()) return EtcdFailure{EtcdError::kRefused, response.error()};
  return EtcdLease{head_of(response.header()), response.id(), response.ttl()};
}

EtcdResult<EtcdLease> EtcdClient::keep_alive(std::int64_t lease, Clock::time_point deadline) {
  pb::LeaseKeepAliveRequest request;
  request.set_id(lease);
  pb::LeaseKeepAliveResponse response;
  const auto failure = impl_->perform(deadline, [&](Endpoint& to, ClientContext& context) {
    context.AddMetadata("hasleader", "true");
    const auto stream = to.lease.LeaseKeepAlive(&context);
    const bool is_answered =
        stream->Write(request) && stream->WritesDone() && stream->Read(&response);
    const Status status = stream->Finish();
    if (is_answered) return Status::OK;
    return status.ok() ? Status(StatusCode::UNKNOWN, "no answer to a keep-alive") : status;
  });
  if (failure) return *failure;
  return EtcdLease{head_of(response.header()), response.id(), response.ttl()};
}

EtcdResult<EtcdHead> EtcdClient::revoke_lease(std::int64_t lease, Clock::time_point deadline) {
  pb::LeaseRevokeRequest request;
  request.set_id(lease);
  pb::LeaseRevokeResponse response;
  const auto failure = impl_->perform(deadline, [&](Endpoint& to, ClientContext& context) {
    return to.lease.LeaseRevoke(&context, request, &response);
  });
  if (failure) return *failure;
  return head_of(response.header());
}

std::optional<EtcdFailure> EtcdClient::begin_watch(Revision first, Clock::time_point deadline) {
  return impl_->begin_watch(first, deadline);
}
std::optional<EtcdNews> EtcdClient::next_news() { return impl_->next_news(); }
EtcdFailure EtcdClient::end_watch() { return impl_->end_watch(); }
void EtcdClient::interrupt() { impl_->interrupt(); }
void EtcdClient::shut_down() { impl_->set_closed(true); }
void EtcdClient::reopen() { impl_->set_closed(false); }

}  // namespace borg::coordinators
