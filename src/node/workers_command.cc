// SPDX-License-Identifier: Apache-2.0
#include "node/workers_command.h"

#include <memory>
#include <utility>

namespace borg::node {
namespace {

/// Partition w lives on worker w.
void submit(Gateway& gateway, const std::shared_ptr<Composite>& command, std::uint16_t worker,
            resp::Version version, const std::vector<std::string_view>& args) {
  std::vector<std::string_view> words{WorkersCommand::kRequest};
  words.insert(words.end(), args.begin(), args.end());
  gateway.submit_part(
      command, worker,
      {.partition = PartitionId(worker), .any_replica = true, .version = version, .args = words});
}

}  // namespace

WorkersCommand::WorkersCommand(Gateway& gateway, Client* client, std::size_t workers, Answer answer)
    : gateway_(gateway),
      client_(client),
      slot_(client == nullptr ? Client::Slot{} : client->reserve()),
      answer_(std::move(answer)),
      missing_(workers),
      replies_(workers) {}

void WorkersCommand::ask_all(Gateway& gateway, Client& client,
                             const std::vector<std::string_view>& args, Answer answer) {
  const std::uint16_t workers = gateway.host().workers();
  const auto command =
      std::make_shared<WorkersCommand>(gateway, &client, workers, std::move(answer));
  for (std::uint16_t w = 0; w < workers; ++w) {
    submit(gateway, command, w, resp::Version::kResp2, args);
  }
}

void WorkersCommand::ask_first(Gateway& gateway, Client& client,
                               const std::vector<std::string_view>& args) {
  submit(gateway, std::make_shared<WorkersCommand>(gateway, &client, 1, nullptr), 0, client.version,
         args);
}

void WorkersCommand::tell(Gateway& gateway, WorkerIndex worker,
                          const std::vector<std::string_view>& args) {
  submit(gateway, std::make_shared<WorkersCommand>(gateway, nullptr, 1, nullptr), worker.value(),
         resp::Version::kResp2, args);
}

void WorkersCommand::part_done(std::size_t part, std::string_view reply) {
  if (client_ == nullptr) return;
  replies_[answer_ ? part : 0] = reply;
  if (--missing_ == 0) finish();
}

void WorkersCommand::finish() {
  if (!answer_) return gateway_.finish(*client_, slot_, replies_.front());
  std::vector<resp::Value> values;
  for (const std::string& reply : replies_) {
    if (reply.starts_with('-')) return gateway_.finish(*client_, slot_, reply);
    resp::ReplyResult parsed = resp::parse_reply(reply);
    values.push_back(parsed.reply ? std::move(parsed.reply->value) : resp::Value());
  }
  ByteBuffer out;
  resp::Writer writer(out, client_->version);
  answer_(values, writer);
  gateway_.finish(*client_, slot_, out.view());
}

}  // namespace borg::node
