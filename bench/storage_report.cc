// SPDX-License-Identifier: Apache-2.0
// Prints what the store costs: bytes per key at several fills, nanoseconds per operation.
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "storage/partition_store.h"

namespace {

using borg::PartitionId;
using borg::SlotId;
using borg::storage::KeyRef;
using borg::storage::kNoExpiry;
using borg::storage::PartitionStore;

constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kValueBytes = 64;

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::string key_name(std::size_t number) { return fmt::format("key:{:012}", number); }

/// The keys spread over `slots` slots of as many partitions as these fill.
class Fill {
 public:
  explicit Fill(std::size_t slots) : slots_(slots) {
    for (std::size_t p = 0; p * 16 < slots; ++p) {
      stores_.emplace_back(PartitionId(static_cast<std::uint16_t>(p)), heap_);
    }
  }
  [[nodiscard]] KeyRef ref(std::string_view name) const {
    const KeyRef any = borg::storage::key_ref(name, SlotId(0));
    const std::size_t slot = (any.hash >> 20) * 0x9e3779b9 % slots_;
    return {name, SlotId(static_cast<std::uint16_t>(slot)), any.hash};
  }
  PartitionStore& store(const KeyRef& key) { return stores_[key.slot.value() / 16u]; }

  [[nodiscard]] std::size_t memory_bytes() const {
    std::size_t bytes = 0;
    for (const PartitionStore& store : stores_) bytes += store.memory_bytes();
    return bytes;
  }

 private:
  std::size_t slots_;
  std::shared_ptr<borg::storage::Heap> heap_ = std::make_shared<borg::storage::Heap>();
  std::vector<PartitionStore> stores_;
};

/// In a process of its own, so that its resident memory is not what others left.
template <class Report>
void in_child(Report&& report) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    report();
    std::fflush(stdout);
    _exit(0);
  }
  if (child < 0 || waitpid(child, nullptr, 0) != child) std::perror("fork");
}

void report_bytes(std::size_t keys, std::size_t slots) {
  const std::size_t resident = resident_bytes();
  Fill fill(slots);
  const std::string value(kValueBytes, 'v');
  for (std::size_t i = 0; i < keys; ++i) {
    const std::string name = key_name(i);
    const KeyRef key = fill.ref(name);
    fill.store(key).put(key, value, kNoExpiry);
  }
  const auto per_key = [&](std::size_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(keys) - kKeyBytes - kValueBytes;
  };
  fmt::print("{:>9} keys in {:>5} slots: {:5.1f} bytes beyond key and value, resident {:5.1f}\n",
             keys, slots, per_key(fill.memory_bytes()), per_key(resident_bytes() - resident));
}

/// Times `operation` on every key, in an order that the caches cannot guess.
template <class Operation>
void time(std::string_view what, const std::vector<std::string>& names, Operation&& operation) {
  const auto start = std::chrono::steady_clock::now();
  std::size_t index = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    index = (index + 7368787) % names.size();
    operation(names[index]);
  }
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
  fmt::print("  {:<14} {:6.1f} ns\n", what, taken.count() / static_cast<double>(names.size()));
}

void report_speed(std::size_t keys, std::size_t slots) {
  fmt::print("{} keys in {} slots, per operation, hashing included:\n", keys, slots);
  Fill fill(slots);
  const std::string value(kValueBytes, 'v');
  std::vector<std::string> names;
  for (std::size_t i = 0; i < keys; ++i) names.push_back(key_name(i));
  const auto put = [&](const std::string& name) {
    const KeyRef key = fill.ref(name);
    fill.store(key).put(key, value, kNoExpiry);
  };
  std::size_t found = 0;
  time("put, new", names, put);
  time("put, replacing", names, put);
  time("find", names, [&](const std::string& name) {
    const KeyRef key = fill.ref(name);
    found += fill.store(key).find(key).has_value();
  });
  time("find, absent", names, [&](std::string name) {
    name[0] = 'K';
    const KeyRef key = fill.ref(name);
    found += fill.store(key).find(key).has_value();
  });
  time("erase", names, [&](const std::string& name) {
    const KeyRef key = fill.ref(name);
    found += fill.store(key).erase(key);
  });
  if (found != 2 * keys) fmt::print("wrong: {} keys found\n", found);
}

}  // namespace

int main() {
  for (const std::size_t slots : {16, 1024, 16384}) {
    for (const std::size_t keys : {100'000, 200'000, 300'000, 500'000, 1'000'000, 2'000'000}) {
      in_child([&] { report_bytes(keys, slots); });
    }
  }
  report_speed(100'000, 16384);
  report_speed(2'000'000, 16384);
}
