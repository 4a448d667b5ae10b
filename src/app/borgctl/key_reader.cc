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
constexpr std::string_view kReadString = "GET";
/// Takes longer, and is asked for what turns out to be no string.
constexpr std::string_view kReadAny = "DUMP";
using Replies = std::array<resp::Value, kRepliesPerKey>;

/// The expiry is asked for on both sides of the value.
void append_requests(ByteBuffer& out, const std::string& key, std::string_view read) {
  append_request(out, {"PEXPIRETIME", key});
  append_request(out, {read, key});
  append_request(out, {"PEXPIRETIME", key});
}

bool is_of_other_type(const resp::Value& reply) {
  return reply.kind == Kind::kError && reply.text.starts_with("WRONGTYPE");
}

/// What a reply to GET or, of a container, to DUMP says.
void take_value(Item& item, std::string text, bool is_dump) {
  item.record.key = item.key;
  if (!is_dump) {
    item.record.value = std::move(text);
    return;
  }
  item.record.container = container_of_dump(text);
  if (item.record.container) return;
  item.state = State::kRefused;
  item.error = "its type is unknown";
}

Item judge(std::string key, Replies replies, bool is_dump) {
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
  if (before != after) item.state = State::kChanged;
  take_value(item, std::move(replies[1].text), is_dump);
  if (after > 0) item.record.expires_at_ms = after;
  return item;
}

struct Round {
  std::vector<Item> items;
  std::vector<std::size_t> of_other_type;  // which of them
};

Result<Round, NetError> read_round(Connection& connection, std::vector<std::string> keys,
                                   std::string_view read) {
  ByteBuffer requests;
  for (const std::string& key : keys) append_requests(requests, key, read);
  if (NetFailure failure = connection.send(requests.view())) return *failure;
  Round round;
  for (std::string& key : keys) {
    Replies replies;
    for (resp::Value& reply : replies) {
      auto received = connection.receive();
      if (!received) return received.error();
      reply = std::move(*received);
    }
    if (is_of_other_type(replies[1])) round.of_other_type.push_back(round.items.size());
    round.items.push_back(judge(std::move(key), std::move(replies), read == kReadAny));
  }
  return round;
}

}  // namespace

Result<std::vector<Item>, NetError> KeyReader::read(Connection& connection,
                                                    std::vector<std::string> keys) {
  auto round = read_round(connection, std::move(keys), kReadString);
  if (!round) return round.error();
  std::vector<std::string> containers;
  for (const std::size_t at : round->of_other_type) containers.push_back(round->items[at].key);
  if (containers.empty()) return std::move(round->items);
  auto others = read_round(connection, std::move(containers), kReadAny);
  if (!others) return others.error();
  for (std::size_t i = 0; i < round->of_other_type.size(); ++i) {
    round->items[round->of_other_type[i]] = std::move(others->items[i]);
  }
  return std::move(round->items);
}

}  // namespace borg::borgctl
