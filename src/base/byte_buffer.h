// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/large_pages.h"
#include "base/memory_reserve.h"

namespace borg {

/// A growing run of bytes: appended at the back, consumed from the front.
///
/// Unlike std::string it does not zero what is about to be written, and it keeps its memory
/// when emptied, so a buffer that is used again and again stops allocating.
/// Views into it are valid until the next append, reserve or consume.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept { swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;
  ~ByteBuffer() { std::free(data_); }

  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return end_ == begin_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] char* data() { return data_ + begin_; }
  [[nodiscard]] const char* data() const { return data_ + begin_; }
  [[nodiscard]] std::string_view view() const { return {data_ + begin_, size()}; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  void push_back(char byte) {
    *prepare(1) = byte;
    ++end_;
  }
  /// At least `n` writable bytes behind the content; commit() makes them part of it.
  char* prepare(std::size_t n) {
    if (capacity_ - end_ < n) make_room(n);
    return data_ + end_;
  }
  void commit(std::size_t n) { end_ += n; }
  [[nodiscard]] std::size_t writable() const { return capacity_ - end_; }

  void consume(std::size_t n) {
    BORG_CHECK(n <= size());
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Cuts the content to its first `n` bytes.
  void truncate(std::size_t n) {
    BORG_CHECK(n <= size());
    end_ = begin_ + n;
  }
  void clear() { begin_ = end_ = 0; }
  /// Empties it, and gives the memory back if it is more than this.
  void clear(std::size_t kept_bytes_max) {
    clear();
    if (capacity_ > kept_bytes_max) release();
  }
  /// Gives the memory back.
  void release() {
    ByteBuffer empty_one;
    swap(empty_one);
  }
  void swap(ByteBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

 private:
  void make_room(std::size_t n) {
    const std::size_t used = size();
    if (begin_ >= used && capacity_ - used >= n) {
      std::memcpy(data_, data_ + begin_, used);
    } else {
      const std::size_t wanted = std::max({used + n, capacity_ * 2, std::size_t{256}});
      char* bigger = static_cast<char*>(allocate(wanted));
      prefer_large_pages(bigger, wanted);
      if (used > 0) std::memcpy(bigger, data_ + begin_, used);
      std::free(data_);
      data_ = bigger;
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = used;
  }

  char* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace borg
