// SPDX-License-Identifier: Apache-2.0
#include "node/client_list.h"

#include <algorithm>
#include <charconv>

#include "resp/parser.h"

namespace borg::node {
namespace {

std::string seconds(Duration d) { return std::to_string(d.as_millis() / 1000); }

std::uint64_t id_of(std::string_view line) {
  std::uint64_t id = 0;
  if (line.starts_with("id=")) std::from_chars(line.data() + 3, line.data() + line.size(), id);
  return id;
}

}  // namespace

std::string describe(const Client& client, Instant now) {
  return "id=" + std::to_string(client.id().value()) + " addr=" + client.address() +
         " laddr=" + client.local_address() + " fd=-1 name=" + client.name +
         " age=" + seconds(now - client.since()) + " idle=" + seconds(now - client.last_active) +
         " flags=" +
         (client.no_evict   ? "e"
          : client.no_touch ? "T"
                            : "N") +
         " db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0"
         " rbp=0 obl=" +
         std::to_string(client.output.size()) + " oll=" + std::to_string(client.pending()) +
         " omem=0 tot-mem=" + std::to_string(client.output.capacity()) +
         " events=r cmd=" + (client.last_command.empty() ? "NULL" : client.last_command) +
         " user=default redir=-1 resp=" + std::to_string(static_cast<int>(client.version)) +
         " lib-name=" + client.library_name + " lib-ver=" + client.library_version;
}

ClientListCommand::ClientListCommand(Gateway& gateway, Client& client, ClientFilter filter)
    : gateway_(gateway), client_(client), slot_(client.reserve()), filter_(std::move(filter)) {}

void ClientListCommand::start(Gateway& gateway, Client& client, ClientFilter filter) {
  const auto command = std::make_shared<ClientListCommand>(gateway, client, std::move(filter));
  const std::vector<std::string_view> args{kRequest};
  const std::uint16_t workers = gateway.host().workers();
  command->missing_ = workers;
  // Partition w lives on worker w.
  for (std::uint16_t w = 0; w < workers; ++w) {
    gateway.submit_part(command, w,
                        {.partition = PartitionId(w), .any_replica = true, .args = args});
  }
}

void ClientListCommand::part_done(std::size_t, std::string_view reply) {
  const resp::ReplyResult parsed = resp::parse_reply(reply);
  std::string_view text = parsed.reply ? std::string_view(parsed.reply->value.text) : "";
  while (!text.empty() && !filter_.none) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool wanted = filter_.ids.empty() || std::find(filter_.ids.begin(), filter_.ids.end(),
                                                         id_of(line)) != filter_.ids.end();
    if (wanted && line.starts_with("id=")) text_.append(line).push_back('\n');
  }
  if (--missing_ > 0) return;
  ByteBuffer out;
  resp::Writer(out, client_.version).verbatim(text_);
  gateway_.finish(client_, slot_, out.view());
}

}  // namespace borg::node
