// SPDX-License-Identifier: Apache-2.0
// Where entries could come from: malloc of glibc, mimalloc and jemalloc, and Borg's heap. Bytes of
// the process beyond keys and values, for today's layout of an entry and for one with a shorter
// expiry; after filling, after churn, after most keys were deleted, and after the rest was. Tables
// are not in it.
#include <dlfcn.h>
#include <fmt/core.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "storage/heap.h"

namespace {

constexpr std::size_t kKeyBytes = 16;

struct Allocator {
  std::function<void*(std::size_t)> allocate;
  std::function<void(void*, std::size_t)> release;
  /// True if a block should be copied to another one; null if that is never asked.
  std::function<bool(void*, std::size_t)> is_sparse = nullptr;
};

/// Of glibc, or of what stands in for it.
Allocator of_malloc() {
  // As borgd sets it.
  mallopt(M_MXFAST, 0);
  mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
  return {std::malloc, [](void* block, std::size_t) { std::free(block); }};
}

Allocator heap_of_borg(bool compacts) {
  static borg::storage::Heap heap;
  Allocator result{[](std::size_t bytes) { return heap.allocate(bytes); },
                   [](void* block, std::size_t bytes) { heap.release(block, bytes); }};
  if (compacts) {
    result.is_sparse = [](void* block, std::size_t bytes) {
      return heap.is_full_of_holes() && heap.is_small(bytes) && heap.is_sparse(block);
    };
  }
  return result;
}

/// Allocators that replace malloc when they are loaded first, and a function that tells them apart.
struct Preloaded {
  std::string_view name;
  const char* library;
  const char* has;
};
constexpr Preloaded kPreloaded[] = {{"mimalloc", "libmimalloc.so.2", "mi_malloc"},
                                    {"jemalloc", "libjemalloc.so.2", "mallctl"}};

/// Without functions if it is not there.
Allocator allocator_named(std::string_view name) {
  if (name == "Borg" || name == "compacted") return heap_of_borg(name == "compacted");
  for (const Preloaded& other : kPreloaded) {
    if (name == other.name && dlsym(RTLD_DEFAULT, other.has) == nullptr) return {};
  }
  return of_malloc();
}

/// Of the entry beside key and value.
std::size_t header_bytes(std::size_t value_bytes, std::size_t expiry_bytes) {
  return 1 + expiry_bytes + 1 + (value_bytes < 128 ? 1 : 2);
}

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Entries as a store would have them, and what they hold.
class Entries {
 public:
  Entries(Allocator allocator, std::size_t count, std::size_t expiry_bytes)
      : allocator_(std::move(allocator)), expiry_bytes_(expiry_bytes), all_(count) {
    resident_ = resident_bytes();
  }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  void put(std::size_t index, std::size_t value_bytes) {
    erase(index);
    const std::size_t bytes = header_bytes(value_bytes, expiry_bytes_) + kKeyBytes + value_bytes;
    void* const block = allocator_.allocate(bytes);
    std::memset(block, 'v', bytes);
    all_[index] = {block, bytes, value_bytes};
    payload_ += kKeyBytes + value_bytes;
    ++kept_;
  }
  void erase(std::size_t index) {
    Entry& entry = all_[index];
    if (entry.block == nullptr) return;
    allocator_.release(entry.block, entry.bytes);
    payload_ -= kKeyBytes + entry.value_bytes;
    entry = {};
    --kept_;
  }
  /// As a node does bit by bit.
  void compact() {
    if (!allocator_.is_sparse) return;
    for (Entry& entry : all_) {
      if (entry.block == nullptr || !allocator_.is_sparse(entry.block, entry.bytes)) continue;
      void* const block = allocator_.allocate(entry.bytes);
      std::memcpy(block, entry.block, entry.bytes);
      allocator_.release(std::exchange(entry.block, block), entry.bytes);
    }
  }
  [[nodiscard]] double overhead() const {
    const auto grown = static_cast<double>(resident_bytes()) - static_cast<double>(resident_);
    return (grown - static_cast<double>(payload_)) / static_cast<double>(kept_);
  }
  [[nodiscard]] double grown_mb() const {
    return (static_cast<double>(resident_bytes()) - static_cast<double>(resident_)) / 1e6;
  }

 private:
  struct Entry {
    void* block = nullptr;
    std::size_t bytes = 0;
    std::size_t value_bytes = 0;
  };
  Allocator allocator_;
  std::size_t expiry_bytes_;
  std::vector<Entry> all_;
  std::size_t resident_ = 0;
  std::size_t payload_ = 0;
  std::size_t kept_ = 0;
};

/// What this program prints with other arguments: in a process of its own, so that its resident
/// memory is not what others left, and with the allocator in place of malloc.
std::string in_child(std::string_view allocator, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"bench_allocators", std::string(allocator)});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    for (const Preloaded& other : kPreloaded) {
      if (allocator == other.name) setenv("LD_PRELOAD", other.library, 1);
    }
    dup2(ends[1], STDOUT_FILENO);
    execv("/proc/self/exe", argv.data());
    _exit(1);
  }
  close(ends[1]);
  std::string text;
  char bytes[256];
  for (ssize_t n; (n = read(ends[0], bytes, sizeof bytes)) > 0;) {
    text.append(bytes, static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return "failed";
  return text;
}

std::string filled(Allocator allocator, std::size_t count, std::size_t value_bytes,
                   std::size_t expiry_bytes) {
  Entries entries(std::move(allocator), count, expiry_bytes);
  for (std::size_t i = 0; i < count; ++i) entries.put(i, value_bytes);
  return fmt::format("{:.1f}", entries.overhead());
}

/// Sizes as of many small values and some large ones: 8 to 1000 bytes.
std::size_t mixed_bytes(borg::Random& random) {
  const std::size_t span = std::size_t{8} << random.below(7);
  return span + random.below(span) - (span == 512 ? 24 : 0);
}

/// After each of four: filled, each overwritten three times on average, three of four deleted, all
/// of them.
std::string churned(Allocator allocator, std::size_t count) {
  Entries entries(std::move(allocator), count, 0);
  borg::Random random(1);
  for (std::size_t i = 0; i < count; ++i) entries.put(i, mixed_bytes(random));
  std::string text = fmt::format("{:10.1f}", entries.overhead());
  for (std::size_t i = 0; i < count * 3; ++i) {
    entries.put(random.below(count), mixed_bytes(random));
  }
  entries.compact();
  text += fmt::format("{:10.1f}", entries.overhead());
  for (std::size_t i = 0; i < count; ++i) {
    if (random.below(4) != 0) entries.erase(i);
  }
  entries.compact();
  text += fmt::format("{:10.1f}", entries.overhead());
  for (std::size_t i = 0; i < count; ++i) entries.erase(i);
  return text + fmt::format("{:10.1f}", entries.grown_mb());
}

/// In the child: allocator, count, and for a fill the bytes of values and of expiries.
std::string measured(const std::vector<std::string>& arguments) {
  Allocator allocator = allocator_named(arguments.at(0));
  if (!allocator.allocate) return "absent";
  const std::size_t count = std::stoul(arguments.at(1));
  if (arguments.size() == 2) return churned(std::move(allocator), count);
  return filled(std::move(allocator), count, std::stoul(arguments.at(2)),
                std::stoul(arguments.at(3)));
}

void compare(const std::string& count) {
  constexpr const char* kNames[] = {"glibc", "mimalloc", "jemalloc", "Borg"};
  fmt::print("{} entries with keys of {} bytes: bytes beyond key and value\n{:<26}", count,
             kKeyBytes, "");
  for (const char* name : kNames) fmt::print("{:>10}", name);
  for (const char* value_bytes : {"32", "64", "100", "512"}) {
    for (const char* expiry_bytes : {"0", "8", "6"}) {
      const bool expires = std::string_view(expiry_bytes) != "0";
      const std::string expiry = expires ? fmt::format(", expiry of {}", expiry_bytes) : "";
      fmt::print("\n{:<26}", fmt::format("{} B{}", value_bytes, expiry));
      for (const char* name : kNames) {
        fmt::print("{:>10}", in_child(name, {count, value_bytes, expiry_bytes}));
        std::fflush(stdout);
      }
    }
  }
  fmt::print("\n\nvalues of 8 to 1000 bytes\n{:<10}{:>10}{:>10}{:>10}{:>10}\n", "", "filled",
             "churned", "3/4 gone", "all, MB");
  for (const char* name : {"glibc", "mimalloc", "jemalloc", "Borg", "compacted"}) {
    fmt::print("{:<10}{:>10}\n", name, in_child(name, {count}));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 2) {
    fmt::print("{}", measured(arguments));
    std::fflush(stdout);
    _exit(0);  // what is left is not worth to be released
  }
  compare(arguments.empty() ? "1000000" : arguments[0]);
}
