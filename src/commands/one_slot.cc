// SPDX-License-Identifier: Apache-2.0
// Commands of several keys that have to be of one slot.
#include <optional>
#include <string>
#include <vector>

#include "base/slot.h"
#include "commands/command.h"

namespace borg::commands {

namespace {

/// It is not worth more.
constexpr std::size_t kTriedBytesMax = 64 * 1024;
/// The one error of a command of several keys that says something about them.
constexpr std::string_view kNoSuchKey = "-ERR no such key";

bool are_of_one_slot(const KeyRange& keys, Args args) {
  std::optional<SlotId> slot;
  bool is_one = true;
  keys.for_each([&](std::size_t i) {
    const SlotId next = slot_of_key(args[i]);
    is_one = is_one && slot.value_or(next) == next;
    slot = next;
  });
  return is_one;
}

/// What the command answers where there are no keys at all.
std::string answer_to_no_keys(const CommandSpec& spec, const KeyRange& keys, Args args,
                              resp::Version version) {
  std::vector<std::string> names(args.size());
  std::vector<std::string_view> words(args.begin(), args.end());
  keys.for_each([&](std::size_t i) { words[i] = names[i] = "{key}" + std::to_string(i); });
  const PartitionId partition = partition_of(slot_of_key("{key}"));
  storage::PartitionStore nothing(partition);
  ByteBuffer out;
  resp::Writer reply(out, version);
  Context context{
      .store = nothing, .partition = partition, .now_ms = 0, .random = 0, .reply = reply};
  spec.handler(context, words);
  return std::string(out.view());
}

/// Words are taken for keys as well where the number of keys is wrong: what is wrong anyway shall
/// be told so, whatever slots they are of.
std::string error_of_words(const CommandSpec& spec, const KeyRange& keys, Args args,
                           resp::Version version) {
  std::size_t bytes = 0;
  for (const std::string_view arg : args) bytes += arg.size() + 1;
  if (bytes > kTriedBytesMax) return {};
  std::string answer = answer_to_no_keys(spec, keys, args, version);
  const bool is_error = answer.starts_with('-') && !answer.starts_with(kNoSuchKey);
  return is_error ? answer : std::string();
}

}  // namespace

bool check_one_slot(const CommandSpec& spec, Args args, resp::Writer& reply) {
  const KeyRange keys = key_range(spec, args);
  if (are_of_one_slot(keys, args)) return true;
  if (const std::string error = error_of_words(spec, keys, args, reply.version()); !error.empty()) {
    reply.buffer().append(error);
  } else {
    reply.error("CROSSSLOT Keys in request don't hash to the same slot");
  }
  return false;
}

}  // namespace borg::commands
