// SPDX-License-Identifier: Apache-2.0
#include "storage/bucket_pool.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <list>
#include <string_view>
#include <vector>

#include "storage/bucket.h"

namespace borg::storage {
namespace {

struct Array {
  Bucket* address = nullptr;
  std::size_t buckets = 0;
  char mark = 0;

  void fill() { std::memset(static_cast<void*>(address), mark, buckets * sizeof(Bucket)); }
  [[nodiscard]] bool is_intact() const {
    const std::string_view bytes(reinterpret_cast<const char*>(address), buckets * sizeof(Bucket));
    return bytes.find_first_not_of(mark) == std::string_view::npos;
  }
};

TEST(BucketPool, TheLastFillsTheHole) {
  RunPool runs;
  BucketPool pool(&runs);
  Array arrays[3];
  for (Array& array : arrays) pool.allocate(array.address, 2);
  Bucket* const hole = arrays[0].address;
  pool.release(arrays[0].address, 2);
  EXPECT_EQ(arrays[2].address, hole);
  pool.release(arrays[2].address, 2);
  pool.release(arrays[1].address, 2);
}

TEST(BucketPool, FollowsAPlaceThatMoved) {
  RunPool runs;
  BucketPool pool(&runs);
  Array first, second, other;
  pool.allocate(first.address, 1);
  pool.allocate(second.address, 1);
  other.address = second.address;
  pool.rehome(other.address, 1);
  pool.release(first.address, 1);
  EXPECT_EQ(other.address, first.address);
  EXPECT_NE(second.address, first.address);
  pool.release(other.address, 1);
}

RC_GTEST_PROP(BucketPool, NeverHasMoreThanOneRunOfASizeThatIsNotFull, ()) {
  RunPool runs;
  BucketPool pool(&runs);
  std::list<Array> arrays;  // which stay where they are
  std::size_t bytes = 0;
  const auto steps =
      *rc::gen::container<std::vector<std::uint16_t>>(800, rc::gen::arbitrary<std::uint16_t>());
  const auto release = [&](std::list<Array>::iterator array) {
    RC_ASSERT(array->is_intact());
    RC_ASSERT(reinterpret_cast<std::uintptr_t>(array->address) % sizeof(Bucket) == 0);
    bytes -= array->buckets * sizeof(Bucket);
    pool.release(array->address, array->buckets);
    arrays.erase(array);
  };
  for (const std::uint16_t step : steps) {
    if (step % 5 < 3 || arrays.empty()) {
      const std::size_t buckets = std::vector<std::size_t>{1, 9, 63, 64}[step / 8 % 4];
      Array& array = arrays.emplace_back();
      array.buckets = buckets;
      array.mark = static_cast<char>(step);
      pool.allocate(array.address, buckets);
      array.fill();
      bytes += buckets * sizeof(Bucket);
    } else {
      auto victim = arrays.begin();
      std::advance(victim, step / 8 % arrays.size());
      release(victim);
    }
  }
  RC_ASSERT(runs.mapped_bytes() <= bytes + bytes / 8 + 8 * 1024 * 1024);
  while (!arrays.empty()) release(arrays.begin());
}

}  // namespace
}  // namespace borg::storage
