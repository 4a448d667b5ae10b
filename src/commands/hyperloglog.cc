// SPDX-License-Identifier: Apache-2.0
#include "commands/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace borg::commands {

namespace {

constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kEncodingAt = 4;
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr unsigned kRegisterBits = 6;
constexpr std::size_t kDenseBytes = kHeaderBytes + HyperLogLog::kRegisters * kRegisterBits / 8;
/// Redis's default of hll-sparse-max-bytes.
constexpr std::size_t kSparseBytesMax = 3000;
constexpr unsigned kIndexBits = 14;
constexpr unsigned kRunMax = 64 - kIndexBits;  // of zeros, before the one that ends it

/// MurmurHash64A (Austin Appleby, public domain), with the seed that Redis uses.
std::uint64_t hash_of(std::string_view element) {
  constexpr std::uint64_t kFactor = 0xc6a4a7935bd1e995;
  constexpr std::uint64_t kSeed = 0xadc83b19;
  std::uint64_t hash = kSeed ^ (element.size() * kFactor);
  std::size_t at = 0;
  for (; element.size() - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, element.data() + at, sizeof word);
    word *= kFactor;
    word ^= word >> 47;
    hash = (hash ^ word * kFactor) * kFactor;
  }
  if (at < element.size()) {
    std::uint64_t rest = 0;
    std::memcpy(&rest, element.data() + at, element.size() - at);
    hash = (hash ^ rest) * kFactor;
  }
  hash = (hash ^ hash >> 47) * kFactor;
  return hash ^ hash >> 47;
}

// ---- dense: register r has the 6 bits from bit 6r on, the lowest first ----

std::uint8_t dense_register(std::string_view bytes, std::size_t index) {
  const std::size_t bit = index * kRegisterBits;
  const std::size_t at = kHeaderBytes + bit / 8;
  unsigned pair = static_cast<std::uint8_t>(bytes[at]);
  if (at + 1 < bytes.size())
    pair |= static_cast<unsigned>(static_cast<std::uint8_t>(bytes[at + 1])) << 8;
  return static_cast<std::uint8_t>(pair >> bit % 8 & 63);
}

void set_dense_register(std::string& bytes, std::size_t index, std::uint8_t value) {
  for (unsigned i = 0; i < kRegisterBits; ++i) {
    const std::size_t bit = index * kRegisterBits + i;
    char& byte = bytes[kHeaderBytes + bit / 8];
    const unsigned mask = 1u << bit % 8;
    byte = static_cast<char>((value >> i & 1) != 0 ? static_cast<unsigned>(byte) | mask
                                                   : static_cast<unsigned>(byte) & ~mask);
  }
}

// ---- sparse: runs ----
//
//   00nnnnnn            n+1 zeros
//   01nnnnnn nnnnnnnn   n+1 zeros
//   1vvvvvnn            n+1 times v+1

constexpr std::size_t kShortZerosMax = 64;
constexpr std::size_t kValuesMax = 4;
constexpr std::uint8_t kSparseValueMax = 32;

enum class RunKind : std::uint8_t { kShortZeros, kLongZeros, kValues };

struct Run {
  RunKind kind;
  std::uint8_t value;  // 0 of zeros
  std::size_t length;
  std::size_t bytes;
};

/// Nullopt if it is cut off.
std::optional<Run> run_at(std::string_view bytes, std::size_t at) {
  const auto first = static_cast<std::uint8_t>(bytes[at]);
  if ((first & 0x80) != 0) {
    return Run{RunKind::kValues, static_cast<std::uint8_t>((first >> 2 & 31) + 1),
               static_cast<std::size_t>(first & 3) + 1, 1};
  }
  if ((first & 0x40) == 0)
    return Run{RunKind::kShortZeros, 0, static_cast<std::size_t>(first & 63) + 1, 1};
  if (at + 1 == bytes.size()) return std::nullopt;
  const auto second = static_cast<std::uint8_t>(bytes[at + 1]);
  return Run{RunKind::kLongZeros, 0, (static_cast<std::size_t>(first & 63) << 8 | second) + 1, 2};
}

std::string zeros(std::size_t length) {
  const std::size_t n = length - 1;
  if (length <= kShortZerosMax) return {static_cast<char>(n)};
  return {static_cast<char>(0x40 | n >> 8), static_cast<char>(n & 0xff)};
}

std::string values(std::uint8_t value, std::size_t length) {
  return {static_cast<char>(0x80u | static_cast<unsigned>(value - 1) << 2 | (length - 1))};
}

std::string run_of(std::uint8_t value, std::size_t length) {
  return value == 0 ? zeros(length) : values(value, length);
}

/// Visits runs (where it stands, its first register, the run) until false. False if they are not
/// runs of as many registers as there are.
template <class Visit>
bool for_each_run(std::string_view bytes, Visit&& visit) {
  std::size_t first = 0;
  for (std::size_t at = kHeaderBytes; at < bytes.size();) {
    const auto run = run_at(bytes, at);
    if (!run || first + run->length > HyperLogLog::kRegisters) return false;
    if (!visit(at, first, *run)) return true;
    first += run->length;
    at += run->bytes;
  }
  return first == HyperLogLog::kRegisters;
}

// ---- the estimate ----

double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1;
  double z = x;
  double before;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before != z);
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double z = 1 - x;
  double before;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (before != z);
  return z / 3;
}

}  // namespace

HyperLogLog::HyperLogLog() : bytes_("HYLL") {
  bytes_ += kSparse;
  bytes_.resize(kHeaderBytes);
  bytes_ += zeros(kRegisters);
}

bool HyperLogLog::is_one(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("HYLL")) return false;
  const char encoding = bytes[kEncodingAt];
  return encoding == kSparse || (encoding == kDense && bytes.size() == kDenseBytes);
}

bool HyperLogLog::is_dense(std::string_view bytes) { return bytes[kEncodingAt] == kDense; }

void HyperLogLog::forget_estimate() {
  bytes_[kHeaderBytes - 1] = static_cast<char>(bytes_[kHeaderBytes - 1] | 0x80);
}

std::optional<std::uint64_t> HyperLogLog::last_estimate(std::string_view bytes) {
  if ((bytes[kHeaderBytes - 1] & 0x80) != 0) return std::nullopt;
  std::uint64_t estimate;
  std::memcpy(&estimate, bytes.data() + kEstimateAt, sizeof estimate);
  return estimate;
}

std::string HyperLogLog::estimate_bytes(std::uint64_t estimate) {
  std::string bytes(sizeof estimate, '\0');
  std::memcpy(bytes.data(), &estimate, sizeof estimate);
  return bytes;
}

HyperLogLog::Added HyperLogLog::add(std::string_view element) {
  const std::uint64_t hash = hash_of(element);
  const std::uint64_t rest = hash >> kIndexBits | std::uint64_t{1} << kRunMax;
  return raise(hash & (kRegisters - 1), static_cast<std::uint8_t>(std::countr_zero(rest) + 1));
}

HyperLogLog::Added HyperLogLog::raise(std::size_t index, std::uint8_t value) {
  return is_dense() ? raise_dense(index, value) : raise_sparse(index, value);
}

HyperLogLog::Added HyperLogLog::raise_dense(std::size_t index, std::uint8_t value) {
  if (dense_register(bytes_, index) >= value) return Added::kNothingNew;
  set_dense_register(bytes_, index, value);
  return Added::kChanged;
}

/// Splits the register's run in up to three; then joins what is alike nearby, as Redis does.
HyperLogLog::Added HyperLogLog::raise_sparse(std::size_t index, std::uint8_t value) {
  if (value > kSparseValueMax) {
    return make_dense() ? raise_dense(index, value) : Added::kCorrupt;
  }
  std::optional<Run> run;
  std::size_t at = 0;
  std::size_t before = kHeaderBytes;  // where the run before it stands
  std::size_t first = 0;
  const auto is_before = [&](std::size_t run_at, std::size_t run_first, const Run& each) {
    if (index < run_first + each.length) {
      run = each;
      at = run_at;
      first = run_first;
      return false;
    }
    before = run_at;
    return true;
  };
  static_cast<void>(for_each_run(bytes_, is_before));
  if (!run) return Added::kCorrupt;
  if (run->value >= value) return Added::kNothingNew;
  const std::size_t last = first + run->length - 1;
  std::string runs;
  if (index != first) runs += run_of(run->value, index - first);
  runs += values(value, 1);
  if (index != last) runs += run_of(run->value, last - index);
  if (runs.size() > run->bytes && bytes_.size() + runs.size() - run->bytes > kSparseBytesMax) {
    return make_dense() ? raise_dense(index, value) : Added::kCorrupt;
  }
  bytes_.replace(at, run->bytes, runs);
  join_runs(before);
  forget_estimate();
  return Added::kChanged;
}

/// Of five runs from there on, those of one value that fit a single one.
void HyperLogLog::join_runs(std::size_t at) {
  for (int left = 5; left > 0 && at < bytes_.size(); --left) {
    const auto run = run_at(bytes_, at);
    if (!run) return;
    const std::size_t behind = at + run->bytes;
    if (run->kind == RunKind::kValues && behind < bytes_.size()) {
      const auto next = run_at(bytes_, behind);
      if (next && next->value == run->value && run->length + next->length <= kValuesMax) {
        bytes_.replace(at, 2, values(run->value, run->length + next->length));
        continue;
      }
    }
    at = behind;
  }
}

bool HyperLogLog::make_dense() {
  if (is_dense()) return true;
  std::string dense = bytes_.substr(0, kHeaderBytes);
  dense[kEncodingAt] = kDense;
  dense.resize(kDenseBytes);
  const bool is_whole = for_each_run(bytes_, [&](std::size_t, std::size_t first, const Run& run) {
    for (std::size_t i = 0; run.value != 0 && i < run.length; ++i) {
      set_dense_register(dense, first + i, run.value);
    }
    return true;
  });
  if (is_whole) bytes_ = std::move(dense);
  return is_whole;
}

bool HyperLogLog::raise_to(std::string_view bytes, Registers& registers) {
  if (is_dense(bytes)) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      registers[i] = std::max(registers[i], dense_register(bytes, i));
    }
    return true;
  }
  return for_each_run(bytes, [&](std::size_t, std::size_t first, const Run& run) {
    for (std::size_t i = first; i < first + run.length; ++i) {
      registers[i] = std::max(registers[i], run.value);
    }
    return true;
  });
}

std::uint64_t HyperLogLog::estimate(const Registers& registers) {
  std::array<std::uint32_t, 64> histogram{};
  for (const std::uint8_t value : registers) ++histogram[value & 63];
  constexpr auto kCount = static_cast<double>(kRegisters);
  double z = kCount * tau((kCount - histogram[kRunMax + 1]) / kCount);
  for (unsigned value = kRunMax; value >= 1; --value) {
    z += histogram[value];
    z *= 0.5;
  }
  z += kCount * sigma(histogram[0] / kCount);
  constexpr double kAlphaInfinity = 0.721347520444481703680;  // 1 / (2 ln 2)
  return static_cast<std::uint64_t>(std::llroundl(kAlphaInfinity * kCount * kCount / z));
}

std::string HyperLogLog::describe_runs(std::string_view bytes) {
  std::string text;
  static_cast<void>(for_each_run(bytes, [&](std::size_t, std::size_t, const Run& run) {
    if (!text.empty()) text += ' ';
    constexpr std::string_view kLetters = "zZv";
    text += kLetters[static_cast<std::size_t>(run.kind)];
    text += ':';
    if (run.kind == RunKind::kValues) text += std::to_string(run.value) + ",";
    text += std::to_string(run.length);
    return true;
  }));
  return text;
}

}  // namespace borg::commands
