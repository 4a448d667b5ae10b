// SPDX-License-Identifier: Apache-2.0
#include "replication/records.h"

#include <algorithm>

namespace borg::replication {

const Records::Gateway* Records::gateway(const wire::Endpoint& endpoint) const {
  for (const Gateway& gateway : gateways_) {
    if (gateway.endpoint == endpoint) return &gateway;
  }
  return nullptr;
}

Records::Found Records::find(const wire::Origin& origin) const {
  const Gateway* known = gateway(origin.gateway);
  if (known == nullptr) return {};
  if (wire::is_long_lived(origin.seq)) {
    const auto record = known->long_lived.find(origin.seq);
    if (record == known->long_lived.end()) return {};
    return {.status = Status::kDone, .seq = record->second.seq, .result = record->second.result};
  }
  if (origin.seq < known->floor) return {.status = Status::kStale};
  const auto at = std::lower_bound(
      known->records.begin(), known->records.end(), origin.seq,
      [](const Record& record, std::uint64_t request) { return record.request < request; });
  if (at == known->records.end() || at->request != origin.seq) return {};
  return {.status = Status::kDone, .seq = at->seq, .result = at->result};
}

void Records::raise_floor(Gateway& gateway, std::uint64_t floor) {
  gateway.floor = std::max(gateway.floor, floor);
  while (!gateway.records.empty() && gateway.records.front().request < gateway.floor) {
    bytes_ -= bytes_of(gateway.records.front());
    gateway.records.pop_front();
  }
}

void Records::drop_long_lived(Gateway& gateway, std::uint64_t request) {
  const auto at = gateway.long_lived.find(request);
  if (at == gateway.long_lived.end()) return;
  bytes_ -= bytes_of(at->second);
  gateway.long_lived.erase(at);
}

void Records::add(const wire::Origin& origin, Seq seq, std::string_view result) {
  auto* known = const_cast<Gateway*>(gateway(origin.gateway));
  if (known == nullptr) {
    gateways_.push_back(Gateway{.endpoint = origin.gateway});
    known = &gateways_.back();
  }
  raise_floor(*known, origin.floor);
  if (wire::is_long_lived(origin.seq)) {
    drop_long_lived(*known, origin.finished);
    drop_long_lived(*known, origin.seq);
    Record record{origin.seq, seq, generation_, std::string(result)};
    bytes_ += bytes_of(record);
    known->long_lived.emplace(origin.seq, std::move(record));
    return;
  }
  if (origin.seq < known->floor) return;
  Record record{origin.seq, seq, generation_, std::string(result)};
  // Nearly always the newest; after a re-send an older one may come behind it.
  auto at = known->records.end();
  while (at != known->records.begin() && std::prev(at)->request > origin.seq) --at;
  bytes_ += bytes_of(record);
  if (at != known->records.begin() && std::prev(at)->request == origin.seq) {
    bytes_ -= bytes_of(*std::prev(at));
    *std::prev(at) = std::move(record);  // of an operation that was sent once more
    return;
  }
  known->records.insert(at, std::move(record));
}

void Records::drop_finished(const wire::Origin& origin) {
  if (origin.finished == 0) return;
  auto* known = const_cast<Gateway*>(gateway(origin.gateway));
  if (known != nullptr) drop_long_lived(*known, origin.finished);
}

void Records::age() {
  for (Gateway& gateway : gateways_) {
    std::erase_if(gateway.long_lived, [&](const auto& entry) {
      const bool is_old = entry.second.generation < generation_;
      if (is_old) bytes_ -= bytes_of(entry.second);
      return is_old;
    });
    while (!gateway.records.empty() && gateway.records.front().generation < generation_) {
      raise_floor(gateway, gateway.records.front().request + 1);
    }
  }
  ++generation_;
}

void Records::forget_gateways(const std::function<bool(NodeId)>& is_member) {
  std::erase_if(gateways_, [&](const Gateway& gateway) {
    return !gateway.has_records() && !is_member(gateway.endpoint.node);
  });
}

std::size_t Records::size() const {
  std::size_t n = 0;
  for (const Gateway& gateway : gateways_) {
    n += gateway.records.size() + gateway.long_lived.size();
  }
  return n;
}

bool Records::has(Seq seq) const {
  const auto is_it = [&](const Record& record) { return record.seq == seq; };
  return std::ranges::any_of(gateways_, [&](const Gateway& gateway) {
    return std::ranges::any_of(gateway.records, is_it) ||
           std::ranges::any_of(gateway.long_lived,
                               [&](const auto& entry) { return is_it(entry.second); });
  });
}

Seq Records::newest() const {
  Seq newest;
  for (const Gateway& gateway : gateways_) {
    if (!gateway.records.empty()) newest = std::max(newest, gateway.records.back().seq);
    for (const auto& [request, record] : gateway.long_lived) newest = std::max(newest, record.seq);
  }
  return newest;
}

void Records::encode_record(Encoder& out, const Record& record) {
  out.varint(record.request);
  out.varint(record.seq.value());
  out.bytes(record.result);
}

Records::Record Records::decode_record(Decoder& in) const {
  Record record;
  record.request = in.varint();
  record.seq = Seq(in.varint());
  record.generation = generation_;
  record.result = std::string(in.bytes());
  return record;
}

void Records::encode(Encoder& out) const {
  out.varint(gateways_.size());
  for (const Gateway& gateway : gateways_) {
    out.u64(gateway.endpoint.node.value());
    out.varint(gateway.endpoint.lane);
    out.varint(gateway.floor);
    out.varint(gateway.records.size());
    for (const Record& record : gateway.records) encode_record(out, record);
    out.varint(gateway.long_lived.size());
    for (const auto& [request, record] : gateway.long_lived) encode_record(out, record);
  }
}

bool Records::decode(std::string_view bytes) {
  clear();
  Decoder in(bytes);
  const std::uint64_t gateways = in.varint();
  for (std::uint64_t i = 0; i < gateways && in.ok(); ++i) {
    Gateway gateway;
    gateway.endpoint.node = NodeId(in.u64());
    gateway.endpoint.lane = static_cast<std::uint16_t>(in.varint());
    gateway.floor = in.varint();
    const std::uint64_t records = in.varint();
    for (std::uint64_t k = 0; k < records && in.ok(); ++k) {
      Record record = decode_record(in);
      const bool ascends =
          gateway.records.empty() || gateway.records.back().request < record.request;
      if (!ascends || wire::is_long_lived(record.request)) in.fail();
      bytes_ += bytes_of(record);
      gateway.records.push_back(std::move(record));
    }
    const std::uint64_t long_lived = in.varint();
    for (std::uint64_t k = 0; k < long_lived && in.ok(); ++k) {
      Record record = decode_record(in);
      if (!wire::is_long_lived(record.request)) in.fail();
      drop_long_lived(gateway, record.request);
      bytes_ += bytes_of(record);
      gateway.long_lived.emplace(record.request, std::move(record));
    }
    gateways_.push_back(std::move(gateway));
  }
  if (in.done()) return true;
  clear();
  return false;
}

}  // namespace borg::replication
