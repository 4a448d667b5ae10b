// SPDX-License-Identifier: Apache-2.0
#include "node/command_counts.h"

#include <algorithm>
#include <array>

namespace borg::node {

void ErrorCounts::add(std::string_view reply) {
  // As in Redis: scripts could make up codes without end, here other nodes' replies could.
  constexpr std::size_t kCodesMax = 128;
  ++total_;
  reply.remove_prefix(1);
  const std::string code(reply.substr(0, std::min(reply.find_first_of(" \r"), reply.size())));
  const auto at = by_code_.find(code);
  if (at != by_code_.end()) {
    ++at->second;
  } else if (by_code_.size() < kCodesMax) {
    by_code_.emplace(code, 1);
  }
}

void ErrorCounts::merge(const ErrorCounts& other) {
  total_ += other.total_;
  for (const auto& [code, count] : other.by_code_) by_code_[code] += count;
}

bool is_refusal_to_execute(std::string_view reply) {
  // What Redis says before it executes a command, and what a gateway says when nobody could.
  constexpr std::array<std::string_view, 6> kRefusals{
      "-OOM ",         "-NOREPLICAS ", "-CROSSSLOT ",
      "-CLUSTERDOWN ", "-DATALOSS ",   "-EXECABORT Transaction discarded because of: "};
  return std::ranges::any_of(kRefusals,
                             [&](std::string_view refusal) { return reply.starts_with(refusal); });
}

void CommandCount::merge(const CommandCount& other) {
  calls += other.calls;
  executed += other.executed;
  nanos += other.nanos;
  rejected += other.rejected;
  refused += other.refused;
  failed += other.failed;
  if (other.latencies == nullptr) return;
  if (latencies == nullptr) latencies = std::make_unique<LatencyHistogram>();
  latencies->merge(*other.latencies);
}

void PresentFacts::merge(const PresentFacts& other) {
  input_bytes_max = std::max(input_bytes_max, other.input_bytes_max);
  output_bytes_max = std::max(output_bytes_max, other.output_bytes_max);
  clients_bytes += other.clients_bytes;
  garbage += other.garbage;
  compacting += other.compacting;
  channels += other.channels;
  patterns += other.patterns;
  shard_channels += other.shard_channels;
}

void CommandCounts::merge(const CommandCounts& other) {
  for (std::size_t i = 0; i < commands.size(); ++i) commands[i].merge(other.commands[i]);
  errors.merge(other.errors);
  output_bytes += other.output_bytes;
  reads += other.reads;
  writes += other.writes;
  expiry_nanos += other.expiry_nanos;
  commands_per_s += other.commands_per_s;
  input_bytes_per_s += other.input_bytes_per_s;
  output_bytes_per_s += other.output_bytes_per_s;
  present.merge(other.present);
}

}  // namespace borg::node
