// SPDX-License-Identifier: Apache-2.0
#include "node/latency_events.h"

#include <algorithm>
#include <vector>

namespace borg::node {

namespace {

constexpr std::size_t kSamplesMax = 160;
constexpr std::size_t kGraphColumns = 80;
constexpr std::int64_t kGraphRows = 4;
/// A row of the graph has three heights: the column's top is one of these.
constexpr std::string_view kTops = "_o#";

/// How long ago, in four letters at most: "12s", "5m", "3h", "2d".
std::string age_text(std::int64_t seconds) {
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 24 * 3600) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / (24 * 3600)) + "d";
}

/// Column i of each line belongs to the i-th of the values; the topmost line comes first.
std::string draw_columns(const std::vector<std::int64_t>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const std::int64_t range = std::max<std::int64_t>(*high - *low, 1);
  const auto heights = static_cast<std::int64_t>(kTops.size());
  const std::int64_t steps = kGraphRows * heights;
  std::string text;
  for (std::int64_t row = kGraphRows - 1; row >= 0; --row) {
    for (const std::int64_t value : values) {
      const std::int64_t step = std::min((value - *low) * steps / range, steps - 1);
      const std::int64_t height = step - row * heights;
      const bool is_top = height >= 0 && height < heights;
      text += is_top ? kTops[static_cast<std::size_t>(height)] : height < 0 ? ' ' : '|';
    }
    text += '\n';
  }
  return text;
}

/// The labels, each written downwards below its column.
std::string draw_labels(const std::vector<std::string>& labels) {
  std::size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, label.size());
  std::string text;
  for (std::size_t line = 0; line < longest; ++line) {
    for (const std::string& label : labels) text += line < label.size() ? label[line] : ' ';
    text += '\n';
  }
  return text;
}

}  // namespace

void LatencyEvents::add(std::string_view event, std::int64_t time_s, std::int64_t took_ms) {
  Series& series = events_[std::string(event)];
  series.longest_ms = std::max(series.longest_ms, took_ms);
  if (!series.samples.empty() && series.samples.back().time_s == time_s) {
    series.samples.back().took_ms = std::max(series.samples.back().took_ms, took_ms);
    return;
  }
  series.samples.push_back({time_s, took_ms});
  if (series.samples.size() > kSamplesMax) series.samples.pop_front();
}

void LatencyEvents::write_latest(resp::Writer& reply) const {
  reply.array(events_.size());
  for (const auto& [event, series] : events_) {
    reply.array(4);
    reply.bulk(event);
    reply.integer(series.samples.back().time_s);
    reply.integer(series.samples.back().took_ms);
    reply.integer(series.longest_ms);
  }
}

void LatencyEvents::write_history(std::string_view event, resp::Writer& reply) const {
  const auto at = events_.find(event);
  if (at == events_.end()) return reply.array(0);
  reply.array(at->second.samples.size());
  for (const Sample& sample : at->second.samples) {
    reply.array(2);
    reply.integer(sample.time_s);
    reply.integer(sample.took_ms);
  }
}

void LatencyEvents::write_graph(std::string_view event, std::int64_t now_s,
                                resp::Writer& reply) const {
  const auto at = events_.find(event);
  if (at == events_.end()) {
    return reply.error("ERR No samples available for event '" + std::string(event) + "'");
  }
  const std::deque<Sample>& samples = at->second.samples;
  std::vector<std::int64_t> values;
  std::vector<std::string> labels;
  for (const Sample& sample : samples) {
    values.push_back(sample.took_ms);
    labels.push_back(age_text(std::max<std::int64_t>(now_s - sample.time_s, 0)));
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  std::string text = std::string(event) + " - high " + std::to_string(*high) + " ms, low " +
                     std::to_string(*low) + " ms (all time high " +
                     std::to_string(at->second.longest_ms) + " ms)\n" +
                     std::string(kGraphColumns, '-') + "\n";
  for (std::size_t first = 0; first < values.size(); first += kGraphColumns) {
    const std::size_t end = std::min(first + kGraphColumns, values.size());
    const auto part = [&](auto& all) {
      return std::remove_reference_t<decltype(all)>(
          all.begin() + static_cast<std::ptrdiff_t>(first),
          all.begin() + static_cast<std::ptrdiff_t>(end));
    };
    text += draw_columns(part(values)) + "\n" + draw_labels(part(labels));
  }
  reply.verbatim(text);
}

std::string LatencyEvents::diagnosis(std::int64_t threshold_ms) const {
  if (threshold_ms == 0) {
    return "Latency monitoring is off. CONFIG SET latency-monitor-threshold <milliseconds> turns "
           "it on.\n";
  }
  if (events_.empty()) {
    return "Nothing took " + std::to_string(threshold_ms) + " ms or longer so far.\n";
  }
  std::string text = "Took " + std::to_string(threshold_ms) + " ms or longer:\n";
  for (const auto& [event, series] : events_) {
    std::int64_t sum = 0;
    for (const Sample& sample : series.samples) sum += sample.took_ms;
    const auto count = static_cast<std::int64_t>(series.samples.size());
    text += "- " + event + ": " + std::to_string(count) + " times, " + std::to_string(sum / count) +
            " ms on average, worst " + std::to_string(series.longest_ms) + " ms\n";
  }
  if (events_.contains("command") || events_.contains("fast-command")) {
    text += "SLOWLOG GET shows which commands these were, and whose.\n";
  }
  return text;
}

std::int64_t LatencyEvents::reset(commands::Args events) {
  if (events.empty()) {
    const auto known = static_cast<std::int64_t>(events_.size());
    events_.clear();
    return known;
  }
  std::int64_t known = 0;
  for (const std::string_view event : events) {
    const auto at = events_.find(event);
    if (at == events_.end()) continue;
    events_.erase(at);
    ++known;
  }
  return known;
}

}  // namespace borg::node
