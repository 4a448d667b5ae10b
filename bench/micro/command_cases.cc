// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>

#include "base/check.h"
#include "base/slot.h"
#include "cases.h"
#include "commands/command.h"

namespace borg::bench {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;

/// One partition, whose slots are not looked at by the handlers, and commands that run on it.
class Commands {
 public:
  explicit Commands(std::vector<std::string_view> behind_key, std::string_view name)
      : name_(name), behind_key_(std::move(behind_key)), keys_(keys_of_partition()) {
    for (std::size_t i = 0; i < keys_.size(); ++i) execute("SET", {std::string_view(value_)});
  }

  /// From the name to the reply, as a replica does it.
  void execute() { execute(name_, behind_key_); }

  [[nodiscard]] std::string_view value() const { return value_; }

 private:
  [[nodiscard]] static std::vector<std::string> keys_of_partition() {
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; keys.size() < 64; ++i) {
      std::string key = key_name(i);
      if (partition_of(slot_of_key(key)) == PartitionId(0)) keys.push_back(std::move(key));
    }
    return keys;
  }
  void execute(std::string_view name, const std::vector<std::string_view>& behind_key) {
    std::array<std::string_view, 8> args{name, keys_[position_++ % keys_.size()]};
    std::copy(behind_key.begin(), behind_key.end(), args.begin() + 2);
    const commands::Args all = std::span(args).first(2 + behind_key.size());
    reply_.clear();
    resp::Writer writer(reply_, resp::Version::kResp2);
    const commands::CommandSpec* spec = commands::resolve(all);
    BORG_CHECK(spec != nullptr && commands::check_arity(*spec, all, writer));
    commands::Context context{store_, PartitionId(0), kNowMs, 1, writer};
    spec->handler(context, all);
    BORG_CHECK(reply_.size() > 0 && *reply_.data() != '-');
  }

  const std::string_view name_;
  const std::string value_ = std::string(kValueBytes, 'v');
  const std::vector<std::string_view> behind_key_;
  const std::vector<std::string> keys_;
  storage::PartitionStore store_{PartitionId(0)};
  ByteBuffer reply_;
  std::size_t position_ = 0;
};

constexpr std::string_view kValue =
    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";
static_assert(kValue.size() == kValueBytes);

Case command_case(std::string_view title, std::string_view name,
                  std::vector<std::string_view> behind_key) {
  return {title, [=] {
            return [commands = std::make_shared<Commands>(behind_key, name)](std::uint64_t n) {
              for (; n > 0; --n) commands->execute();
            };
          }};
}

auto look_up() {
  return [at = std::size_t{0}](std::uint64_t n) mutable {
    constexpr std::array<std::string_view, 8> kNames{"GET", "SET",    "incr", "EXPIRE",
                                                     "del", "EXISTS", "MGET", "nosuch"};
    for (; n > 0; --n) {
      use(commands::find_command(kNames[at++ % kNames.size()]) != nullptr ? 1 : 0);
    }
  };
}

}  // namespace

void add_command_cases(std::vector<Case>& cases) {
  cases.push_back({"commands/look up", [] { return look_up(); }});
  cases.push_back(command_case("commands/GET 64 B", "GET", {}));
  cases.push_back(command_case("commands/SET 64 B", "SET", {kValue}));
  cases.push_back(command_case("commands/SET 64 B, EX", "SET", {kValue, "EX", "1000"}));
}

}  // namespace borg::bench
