// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace borg::server {

/// How many clients are connected to a node: each has a place, on whatever thread it is.
///
/// Runs: take() and taken() on one thread; a Place may be given back by any.
class ClientPlaces {
  using Count = std::atomic<std::size_t>;

 public:
  class Place {
   public:
    explicit Place(std::shared_ptr<Count> count) : count_(std::move(count)) { ++*count_; }
    Place(Place&& other) noexcept = default;
    Place& operator=(Place&& other) = delete;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (count_ != nullptr) --*count_;
    }

   private:
    std::shared_ptr<Count> count_;
  };

  [[nodiscard]] Place take() { return Place(count_); }
  [[nodiscard]] std::size_t taken() const { return *count_; }

 private:
  std::shared_ptr<Count> count_ = std::make_shared<Count>(0);
};

}  // namespace borg::server
