// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/key_reader.h"

#include <array>
#include <cstdint>
#include <utility>

#include "app/borgctl/patience.h"

namespace borg::borgctl {
namespace {

using Kind = resp::Value::Kind;
using Item = KeyReader::Item;
using State = KeyReader::State;

constexpr std::size_t kRepliesPerKey = 3;
using Replies = std::array<resp::Value, kRepliesPerKey>;

/// The expiry is asked for on both sides of the value.
void append_requests(ByteBuffer& out, const std::string& key) {
  append_request(out, {"PEXPIRETIME", key});
  append_request(out, {"GET", key});
  append_request(out, {"PEXPIRETIME", key});
}

Item judge(std::string key, Replies replies) {
  Item item{.key = std::move(key), .state = State::kRead, .record = {}, .error = {}};
  for (const resp::Value& reply : replies) {
    if (reply.kind != Kind::kError) continue;
    item.state = is_passing_error(reply) ? State::kNotNow : State::kRefused;
    item.error = reply.text;
    return item;
  }
  const std::int64_t before = replies[0].integer;
  const std::int64_t after = replies[2].integer;
  if (replies[1].kind != Kind::kBulk) {
    item.state = State::kGone;
    return item;
  }
  item.record = {.key = item.key,
                 .value = std::move(replies[1].text),
                 .ttl_ms = std::nullopt,
                 .expires_at_ms = std::nullopt};
  if (after > 0) item.record.expires_at_ms = after;
  if (before != after) item.state = State::kChanged;
  return item;
}

}  // namespace

Result<std::vector<Item>, NetError> KeyReader::read(Connection& connection,
                                                    std::vector<std::string> keys) {
  ByteBuffer requests;
  for (const std::string& key : keys) append_requests(requests, key);
  if (NetFailure failure = connection.send(requests.view())) return *failure;
  std::vector<Item> items;
  for (std::string& key : keys) {
    Replies replies;
    for (resp::Value& reply : replies) {
      auto received = connection.receive();
      if (!received) return received.error();
      reply = std::move(*received);
    }
    items.push_back(judge(std::move(key), std::move(replies)));
  }
  return items;
}

}  // namespace borg::borgctl
