// SPDX-License-Identifier: Apache-2.0
// BORG INFO, INFO, the orders about members, and ACCEPT-LOSS: answered by the control thread, some
// after asking all workers and all nodes.
#include "commands/arguments.h"
#include "node/control.h"
#include "node/describe.h"
#include "node/member_order.h"
#include "resp/writer.h"

namespace borg::node {

using commands::equals_ignoring_case;
using membership::MemberRecord;

namespace {

resp::Version version_of(const AdminRequest& request) {
  return request.resp == 3 ? resp::Version::kResp3 : resp::Version::kResp2;
}

}  // namespace

void ControlCore::on_admin(AdminRequest request) {
  const std::string_view command = request.args.front();
  if (equals_ignoring_case(command, "config") && equals_ignoring_case(request.args[1], "set")) {
    change_settings(request);
  } else if (command == "shutdown") {
    leave();
  } else if (!equals_ignoring_case(command, "borg") ||
             equals_ignoring_case(request.args[1], "info")) {
    ask(std::move(request));
  } else if (equals_ignoring_case(request.args[1], "accept-loss")) {
    accept_loss(std::move(request));
  } else {
    change_member(request);
  }
}

void ControlCore::answer(const AdminRequest& request, std::string reply) {
  effects_.workers.emplace_back(request.worker, AdminReply{request.token, std::move(reply)});
}

void ControlCore::answer_error(const AdminRequest& request, std::string_view error) {
  ByteBuffer out;
  resp::Writer(out, version_of(request)).error(error);
  answer(request, std::string(out.view()));
}

void ControlCore::answer_ok(const AdminRequest& request) { answer(request, "+OK\r\n"); }

void ControlCore::answer_text(const AdminRequest& request, const std::string& text) {
  if (!text.starts_with("OK")) return answer_error(request, text);
  answer(request, "+" + text + "\r\n");
}

/// OK only when the cluster knows: an operator goes by it.
void ControlCore::answer_outcome(const AdminRequest& request, coordination::TxnOutcome outcome,
                                 const std::string& done) {
  switch (outcome) {
    case coordination::TxnOutcome::kCommitted:
      return answer_text(request, done);
    case coordination::TxnOutcome::kConflict:
      return answer_error(request, "TRYAGAIN the members have changed meanwhile");
    case coordination::TxnOutcome::kUnavailable:
      return answer_error(request, "ERR the coordinator is out of reach, nothing was changed");
    case coordination::TxnOutcome::kUnknown:
      return answer_error(request, "INDOUBT the coordinator has not answered, see BORG INFO");
  }
}

/// Whether the others have memory is asked of them, where nothing else stands in the way.
void ControlCore::change_member(const AdminRequest& request, const std::map<NodeId, Stats>* stats) {
  const auto order = order_from(request.args);
  if (!order) return answer_error(request, commands::kSyntaxError);
  const membership::MemberRecord* record = cluster().member(std::string_view(order->node));
  const NodeId node = record == nullptr ? NodeId() : record->member.id;
  const OrderVerdict verdict =
      judge(*order, cluster(),
            {.self = self_,
             .is_silent = [this](NodeId other) { return is_silent(other); },
             .may_judge = may_judge(node),
             .memory = stats == nullptr ? MemoryNeed() : memory_need_without(node, *stats)});
  const bool stands = verdict.answer.starts_with("OK") && record != nullptr;
  const bool may_lack_memory = stats == nullptr && depends_on_memory(*order) && stands;
  if (!verdict.change) {
    // Why one that stands already is not done is said as well.
    if (may_lack_memory) return ask(request, Question::Kind::kOrder);
    return answer_text(request, verdict.answer);
  }
  if (has_open(OpenTxn::Kind::kMember)) {
    return answer_error(request, "TRYAGAIN another change of the members is under way");
  }
  if (may_lack_memory) return ask(request, Question::Kind::kOrder);
  if (order->is_check) return answer_text(request, "OK nothing stands in the way");
  std::string words;
  for (const std::string& word : request.args) words += " " + word;
  log(LogLine::Level::kWarning, "an operator says" + words);
  put_member(*verdict.change, verdict.compares,
             {.kind = OpenTxn::Kind::kMember,
              .configs = {},
              .log = {},
              .request = request,
              .answer = verdict.answer});
}

void ControlCore::accept_loss(AdminRequest request) {
  bool is_any_lost = false;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    is_any_lost = is_any_lost || cluster().is_lost(PartitionId(p));
  }
  if (is_any_lost) {
    log(LogLine::Level::kWarning, "an operator accepts the loss of slots whose copies all died");
  }
  accepted_.add(std::move(request), cluster(), now_.instant);
  decide_wanted_ = true;
  answer_acceptances();
}

void ControlCore::answer_acceptances() {
  const bool is_open = has_open(OpenTxn::Kind::kPartitions);
  for (const auto& [request, text] : accepted_.settle(cluster(), is_open, now_.instant)) {
    answer_text(request, text);
  }
}

bool ControlCore::takes_client(std::size_t connected) {
  if (connected < static_cast<std::size_t>(settings_->clients_max)) return true;
  ++clients_refused_;
  return false;
}

/// The workers have them before the client has its answer.
void ControlCore::change_settings(const AdminRequest& request) {
  Settings changed = *settings_;
  const std::vector<std::string> wanted(request.args.begin() + 2, request.args.end());
  const std::string error = node::change_settings(changed, wanted);
  if (!error.empty()) return answer_error(request, error);
  if (concerns_cluster(wanted)) {
    settings_wanted_.push_back(request);
    return change_cluster_settings();
  }
  settings_ = std::make_shared<const Settings>(std::move(changed));
  effects_.workers.emplace_back(std::nullopt, settings_);
  answer_ok(request);
}

// ---- questions to all workers and nodes ----

std::set<WorkerIndex> ControlCore::all_workers() const {
  std::set<WorkerIndex> all;
  for (std::uint16_t w = 0; w < options_.self.workers; ++w) all.insert(WorkerIndex(w));
  return all;
}

void ControlCore::ask(AdminRequest request, Question::Kind kind) {
  Question question{.kind = kind,
                    .request = std::move(request),
                    .id = next_question_++,
                    .deadline = now_.instant + Duration::seconds(1),
                    .own = memory_.stats(),
                    .wants_counts = false,
                    .counts = {},
                    .workers_missing = all_workers(),
                    .nodes = {},
                    .nodes_missing = {}};
  const bool is_report = kind == Question::Kind::kReport;
  const std::string command = is_report ? question.request.args.front() : std::string();
  question.wants_counts = equals_ignoring_case(command, "info") ||
                          equals_ignoring_case(command, "latency") ||
                          equals_ignoring_case(command, "memory");
  effects_.workers.emplace_back(std::nullopt, WorkerStatsRequest{question.wants_counts});
  const bool whole_cluster = !is_report || equals_ignoring_case(command, "borg");
  for (auto& [peer, link] : links_) {
    if (!whole_cluster || !link.up || cluster().member(peer) == nullptr) continue;
    question.nodes_missing.insert(peer);
    wire::encode(link.output, wire::StatsRequest{.id = question.id});
    mark_dirty(peer);
  }
  questions_.push_back(std::move(question));
}

/// An answer belongs to every question, of ours or of another node, that still lacks one of this
/// worker: another worker may answer two requests before this one answers the first.
void ControlCore::on_worker_stats(const WorkerStats& m) {
  for (Question& question : questions_) {
    // Two questions may be open, of which one wants more than the other.
    if (question.wants_counts && m.counts == nullptr) continue;
    if (question.workers_missing.erase(m.worker) == 0) continue;
    question.own.add(m.stats);
    if (m.counts != nullptr) question.counts.merge(*m.counts);
  }
  for (StatsPromise& promise : promises_) {
    if (promise.workers_missing.erase(m.worker) == 0) continue;
    promise.sum.add(m.stats);
    ControlLink& link = links_[promise.node];
    if (!promise.workers_missing.empty() || !link.up) continue;
    ByteBuffer stats;
    encode(stats, promise.sum);
    wire::encode(link.output, wire::StatsReply{.id = promise.id, .stats = stats.view()});
    mark_dirty(promise.node);
  }
  std::erase_if(promises_, [](const StatsPromise& p) { return p.workers_missing.empty(); });
  on_stats_of_movement(m);
  finish_questions();
}

void ControlCore::on_stats_request(NodeId from, const wire::StatsRequest& m) {
  promises_.push_back({from, m.id, memory_.stats(), all_workers()});
  effects_.workers.emplace_back(std::nullopt, WorkerStatsRequest{});
}

void ControlCore::on_stats_reply(NodeId from, const wire::StatsReply& m) {
  const auto stats = decode_stats(m.stats);
  for (Question& question : questions_) {
    if (question.id != m.id || !stats) continue;
    question.nodes[from] = *stats;
    question.nodes_missing.erase(from);
  }
  finish_questions();
}

void ControlCore::finish_questions() {
  std::vector<Question> finished;
  std::erase_if(questions_, [&](Question& q) {
    const bool is_complete = q.workers_missing.empty() && q.nodes_missing.empty();
    if (!is_complete && now_.instant < q.deadline) return false;
    finished.push_back(std::move(q));
    return true;
  });
  for (const Question& question : finished) finish(question);
}

void ControlCore::finish(const Question& question) {
  if (question.kind == Question::Kind::kDepartureNews) {
    return say_departure_news(stats_of(question));
  }
  if (question.kind == Question::Kind::kOrder) {
    const auto stats = stats_of(question);
    return change_member(question.request, &stats);
  }
  const auto& args = question.request.args;
  const auto is = [&args](std::string_view name) {
    return equals_ignoring_case(args.front(), name);
  };
  ByteBuffer out;
  resp::Writer writer(out, version_of(question.request));
  if (is("borg")) {
    writer.bulk(describe_cluster(question));
  } else if (is("metrics")) {
    writer.bulk(describe_as_metrics(info_report(question)));
  } else if (is("config")) {
    forgotten_ = question.own;
    clients_refused_ = 0;
    effects_.workers.emplace_back(std::nullopt, ForgetCounts{question.request.worker});
    writer.ok();
  } else if (is("latency")) {
    write_latency_histogram(question.counts, args, writer);
  } else if (is("memory")) {
    write_memory_stats(info_report(question), writer);
  } else {
    writer.verbatim(describe_as_info(info_report(question), {args.begin() + 1, args.end()}));
  }
  answer(question.request, std::string(out.view()));
}

std::map<NodeId, Stats> ControlCore::stats_of(const Question& q) const {
  std::map<NodeId, Stats> stats = q.nodes;
  stats[self_] = q.own;
  return stats;
}

std::string ControlCore::describe_cluster(const Question& q) const {
  ClusterReport report;
  report.name = options_.cluster;
  report.view = &cluster();
  report.self = self_;
  report.uptime_seconds = (now_.instant - started_).as_millis() / 1000;
  report.stats = stats_of(q);
  for (const MemberRecord& record : cluster().members) {
    if (is_silent(record.member.id)) report.silent.insert(record.member.id);
  }
  report.clocks = clocks_.clocks(cluster());
  report.rebalance = movement_.rebalance(now_.instant);
  report.repair = movement_.running_repair(now_.instant);
  report.last_repair = movement_.last_repair();
  return describe_as_json(report);
}

InfoReport ControlCore::info_report(const Question& q) const {
  InfoReport report;
  report.stats = q.own;
  report.clients_refused = clients_refused_;
  report.forgotten = &forgotten_;
  report.counts = &q.counts;
  report.settings = settings_.get();
  report.wall_ms = clocks_.believed(now_).ms;
  report.clocks = clocks_.clocks(cluster());
  if (options_.read_process != nullptr) report.process = options_.read_process();
  report.view = &cluster();
  report.self = self_;
  report.options = &options_;
  report.uptime_seconds = (now_.instant - started_).as_millis() / 1000;
  report.rebalance = movement_.rebalance(now_.instant);
  report.last_repair = movement_.last_repair();
  return report;
}

}  // namespace borg::node
