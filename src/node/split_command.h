// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.h"
#include "node/gateway.h"

namespace borg::node {

/// A command whose keys are in several partitions (MGET, DEL …), or that concerns all of them
/// (DBSIZE, KEYS …): one request a partition, and the replies merged as its row says.
class SplitCommand : public Composite {
 public:
  static void start(Gateway& gateway, Client& client, const commands::CommandSpec& spec,
                    commands::Args args, const commands::KeyRange& range);
  static void start_everywhere(Gateway& gateway, Client& client, const commands::CommandSpec& spec,
                               commands::Args args);

  SplitCommand(Gateway& gateway, Client& client, commands::Merge merge, std::size_t parts,
               std::size_t keys);
  void part_done(std::size_t part, std::string_view reply) override;
  [[nodiscard]] Client& client() override { return client_; }

 private:
  void merge_part(std::size_t part, std::string_view reply);
  void finish();

  Gateway& gateway_;
  Client& client_;
  const Client::Slot slot_;
  const commands::Merge merge_;
  std::size_t missing_;
  std::string error_;
  std::int64_t sum_ = 0;
  std::size_t bytes_ = 0;                            // of the parts' replies
  std::vector<std::string> elements_;                // kByPosition, kConcat: raw replies
  std::vector<std::vector<std::size_t>> positions_;  // kByPosition: of each part's keys
};

/// The elements of an array of integers, bulk strings and nulls, each as its raw bytes; empty
/// with ok false if the reply is anything else.
struct RawElements {
  bool ok = false;
  std::vector<std::string_view> elements;
};
[[nodiscard]] RawElements raw_elements(std::string_view reply);

}  // namespace borg::node
