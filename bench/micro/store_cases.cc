// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "base/check.h"
#include "base/slot.h"
#include "cases.h"
#include "storage/partition_store.h"

namespace borg::bench {
namespace {

using storage::ExpiryMs;
using storage::KeyRef;
using storage::PartitionStore;

constexpr ExpiryMs kExpiry = 1'800'000'000'000;

/// All keys, spread over the stores of as many partitions as a node has.
class Data {
 public:
  explicit Data(ExpiryMs expiry) : expiry_(expiry), keys_(shuffled_keys()) {
    const auto heap = std::make_shared<storage::Heap>();
    for (std::uint16_t p = 0; p < kPartitionCount; ++p) stores_.emplace_back(PartitionId(p), heap);
    for (std::size_t i = 0; i < keys_.size(); ++i) put();
  }

  void find() {
    const KeyRef key = storage::key_ref(next(keys_));
    const auto entry = store(key).find(key);
    BORG_CHECK(entry.has_value());
    use(entry->value.size());
  }
  void find_absent() {
    const KeyRef key = storage::key_ref(next(absent_));
    use(store(key).find(key).has_value());
  }
  void put() {
    const KeyRef key = storage::key_ref(next(keys_));
    store(key).put(key, value_, expiry_);
  }
  void erase_and_put() {
    const KeyRef key = storage::key_ref(next(keys_));
    BORG_CHECK(store(key).erase(key));
    store(key).put(key, value_, expiry_);
  }

 private:
  const std::string& next(const std::vector<std::string>& keys) {
    return keys[position_++ % keys.size()];
  }
  PartitionStore& store(const KeyRef& key) { return stores_[partition_of(key.slot).value()]; }

  const ExpiryMs expiry_;
  const std::string value_ = std::string(kValueBytes, 'v');
  const std::vector<std::string> keys_;
  const std::vector<std::string> absent_ = [this] {
    std::vector<std::string> names = keys_;
    for (std::string& name : names) name[0] = 'K';
    return names;
  }();
  std::vector<PartitionStore> stores_;
  std::size_t position_ = 0;
};

Case store_case(std::string_view name, ExpiryMs expiry, void (Data::*operation)()) {
  return {name, [=] {
            return [data = std::make_shared<Data>(expiry), operation](std::uint64_t n) {
              for (; n > 0; --n) ((*data).*operation)();
            };
          }};
}

}  // namespace

void add_store_cases(std::vector<Case>& cases) {
  using storage::kNoExpiry;
  cases.push_back(store_case("storage/find", kNoExpiry, &Data::find));
  cases.push_back(store_case("storage/find, TTL", kExpiry, &Data::find));
  cases.push_back(store_case("storage/find, absent", kNoExpiry, &Data::find_absent));
  cases.push_back(store_case("storage/replace", kNoExpiry, &Data::put));
  cases.push_back(store_case("storage/replace, TTL", kExpiry, &Data::put));
  cases.push_back(store_case("storage/erase and insert", kNoExpiry, &Data::erase_and_put));
  cases.push_back(store_case("storage/erase and insert, TTL", kExpiry, &Data::erase_and_put));
}

}  // namespace borg::bench
