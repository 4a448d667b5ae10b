// SPDX-License-Identifier: Apache-2.0
// What the operator's log says of a rebalance: who wrote the target says what will move, and at
// the end each node that sent something says how much. Nothing is said of single partitions.
#include <algorithm>

#include "node/control.h"

namespace borg::node {
namespace {

using coordination::MemberState;

std::string seconds_text(Duration d) {
  std::string digits = std::to_string(d.as_millis());
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return digits.insert(digits.size() - 3, ".") + " s";
}

std::string number_of(std::uint64_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

std::string partitions_text(std::uint64_t n) { return number_of(n, "partition", "partitions"); }
std::string copies_text(std::uint64_t n) { return number_of(n, "copy", "copies"); }

std::string name_of(const membership::ClusterView& view, NodeId node) {
  const membership::MemberRecord* record = view.member(node);
  return record != nullptr ? record->member.name : coordination::to_text(node);
}

/// ", without x" for those of `nodes` that `others` lacks.
std::string names_text(const membership::ClusterView& view, const std::string& word,
                       const std::vector<NodeId>& nodes, const std::vector<NodeId>& others) {
  std::string text;
  for (const NodeId node : nodes) {
    if (std::find(others.begin(), others.end(), node) != others.end()) continue;
    text += (text.empty() ? ", " + word + " " : " ") + name_of(view, node);
  }
  return text;
}

/// How many primaries that are not dead will be others.
std::uint64_t hand_overs(const membership::ClusterView& view, const coordination::Target& target) {
  std::uint64_t n = 0;
  for (std::size_t p = 0; p < view.target.replicas.size(); ++p) {
    const NodeId before = view.target.replicas[p].front();
    const membership::MemberRecord* record = view.member(before);
    const bool is_there = record != nullptr && record->member.state != MemberState::kDown;
    n += is_there && before != target.replicas[p].front() ? 1 : 0;
  }
  return n;
}

}  // namespace

std::string ControlCore::target_text(const coordination::Target& target,
                                     const placement::Stats& stats) const {
  const View& view = cluster();
  return "rebalance " + std::to_string(target.version) +
         " starts: " + number_of(target.nodes.size(), "node", "nodes") +
         names_text(view, "with", target.nodes, view.target.nodes) +
         names_text(view, "without", view.target.nodes, target.nodes) + "; " +
         copies_text(stats.moved) + " to send (at least " + std::to_string(stats.moved_min) +
         " must be), " + number_of(hand_overs(view, target), "primary", "primaries") +
         " to hand over";
}

void ControlCore::follow_movement() {
  if (stage_ != Stage::kMember && stage_ != Stage::kLeaving) return;
  if (!movement_.observe(cluster(), now_.instant)) return;
  const Rebalance done = *movement_.rebalance(now_.instant);
  const std::uint64_t version = cluster().target.version;
  report_movement("rebalance " + std::to_string(version) + " is done in " +
                      seconds_text(done.took) + ": " + partitions_text(done.partitions) + ", " +
                      copies_text(done.copies),
                  version == own_target_);
}

/// The workers count what they send; their answers complete the line.
void ControlCore::report_movement(std::string what, bool is_own) {
  movement_reports_.push_back({std::move(what), is_own, {}, all_workers()});
  effects_.workers.emplace_back(std::nullopt, WorkerStatsRequest{});
}

void ControlCore::on_stats_of_movement(const WorkerStats& m) {
  for (MovementReport& report : movement_reports_) {
    if (report.workers_missing.erase(m.worker) > 0) report.sum.add(m.stats);
    if (!report.workers_missing.empty()) continue;
    const Stats& before = movement_reported_;
    const std::uint64_t copies = report.sum.sent_copies - before.sent_copies;
    if (copies > 0 || report.is_own) {
      log(LogLine::Level::kInfo,
          report.what + "; this node sent " + copies_text(copies) + ": " +
              number_of(report.sum.sent_keys - before.sent_keys, "key", "keys") + ", " +
              number_of(report.sum.sent_bytes - before.sent_bytes, "byte", "bytes"));
    }
    movement_reported_ = report.sum;
  }
  std::erase_if(movement_reports_, [](const auto& r) { return r.workers_missing.empty(); });
}

}  // namespace borg::node
