// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "resp/inline_args.h"
#include "resp/integer.h"
#include "resp/parser.h"

namespace borg::resp {

namespace {

// Of what a huge request made the vectors grow to, this many arguments are kept.
constexpr std::size_t kArgumentsKept = 1024;
// An argument takes at least "$0\r\n\r\n".
constexpr std::size_t kArgumentBytesMin = 6;

/// Takes "<type><number>\r\n" off the front; 0 if it is not one of one or two digits.
std::size_t take_short_header(std::string_view& input, char type) {
  if (input.size() < 5 || input[0] != type) return 0;
  std::size_t value = 0;
  std::size_t digits = 0;
  for (; digits < 2 && input[1 + digits] >= '0' && input[1 + digits] <= '9'; ++digits) {
    value = value * 10 + static_cast<std::size_t>(input[1 + digits] - '0');
  }
  if (digits == 0 || input[1 + digits] != '\r') return 0;
  input.remove_prefix(digits + 3);
  return value;
}

}  // namespace

std::string_view peek_second_argument(std::string_view input) {
  if (take_short_header(input, '*') < 2) return {};
  const std::size_t name_bytes = take_short_header(input, '$');
  if (name_bytes == 0 || input.size() < name_bytes + 2) return {};
  input.remove_prefix(name_bytes + 2);
  const std::size_t bytes = take_short_header(input, '$');
  if (bytes == 0 || input.size() < bytes) return {};
  return input.substr(0, bytes);
}

void RequestParser::reset() {
  pieces_.clear();
  position_ = 0;
  scanned_ = 0;
  missing_ = -1;
  bulk_size_ = -1;
  skipped_ = -1;
}

RequestParser::Status RequestParser::parse(std::string_view input) {
  if (!error_.empty()) return Status::kError;
  if (input.empty()) {
    bytes_wanted_ = 1;
    return Status::kNeedMore;
  }
  if (skipped_ >= 0) return skip_on(input);
  return input.front() == '*' ? parse_array(input) : parse_inline(input);
}

RequestParser::Status RequestParser::fail(std::string text) {
  error_ = "-ERR Protocol error: " + std::move(text);
  for (char& c : error_) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  args_.clear();
  return Status::kError;
}

RequestParser::Status RequestParser::need(std::size_t bytes) {
  bytes_wanted_ = bytes;
  return Status::kNeedMore;
}

RequestParser::Status RequestParser::parse_inline(std::string_view input) {
  const std::size_t from = scanned_;
  const void* newline = std::memchr(input.data() + from, '\n', input.size() - from);
  const std::size_t end =
      newline == nullptr
          ? input.size()
          : static_cast<std::size_t>(static_cast<const char*>(newline) - input.data());
  if (end > kInlineBytesMax) return fail("too big inline request");
  if (newline == nullptr) {
    scanned_ = input.size();
    return need(1);
  }
  std::string_view text = input.substr(0, end);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (!split_inline_args(text, unescaped_, args_)) return fail("unbalanced quotes in request");
  consumed_ = end + 1;
  reset();
  return Status::kRequest;
}

/// Reads "<type><integer>\r\n" at position_ and moves behind it.
RequestParser::Header RequestParser::read_header(std::string_view input, std::int64_t& value) {
  const char* const begin = input.data() + position_ + 1;
  const char* const end = input.data() + input.size();
  // The usual case: one or two digits, all of it here.
  if (end - begin >= 4 && begin[0] >= '1' && begin[0] <= '9') {
    if (begin[1] == '\r') {
      value = begin[0] - '0';
      position_ += 4;
      return Header::kRead;
    }
    if (begin[1] >= '0' && begin[1] <= '9' && begin[2] == '\r') {
      value = (begin[0] - '0') * 10 + (begin[1] - '0');
      position_ += 5;
      return Header::kRead;
    }
  }
  return read_long_header(input, value);
}

RequestParser::Header RequestParser::read_long_header(std::string_view input, std::int64_t& value) {
  const std::size_t from = std::max(scanned_, position_ + 1);
  const void* found = std::memchr(input.data() + from, '\r', input.size() - from);
  const std::size_t end =
      found == nullptr ? input.size()
                       : static_cast<std::size_t>(static_cast<const char*>(found) - input.data());
  if (end - position_ > kInlineBytesMax) return Header::kTooBig;
  scanned_ = end;
  if (input.size() - end < 2) return Header::kIncomplete;
  const auto parsed = parse_integer(input.substr(position_ + 1, end - position_ - 1));
  if (!parsed) return Header::kMalformed;
  value = *parsed;
  position_ = end + 2;
  return Header::kRead;
}

RequestParser::Status RequestParser::parse_array(std::string_view input) {
  if (missing_ < 0) {
    const Header header = read_header(input, missing_);
    if (header == Header::kIncomplete) return need(1);
    if (header == Header::kTooBig) return fail("too big mbulk count string");
    if (header == Header::kMalformed || missing_ > static_cast<std::int64_t>(kArgumentsMax)) {
      return fail("invalid multibulk length");
    }
    missing_ = std::max<std::int64_t>(missing_, 0);
  }
  while (missing_ > 0) {
    const Status status = parse_bulk(input);
    if (status != Status::kRequest) return status;
    --missing_;
  }
  finish_array(input);
  return Status::kRequest;
}

/// kRequest: the argument's size was read. `later` is what comes behind the argument at least.
RequestParser::Status RequestParser::read_bulk_header(std::string_view input, std::size_t later) {
  if (position_ >= input.size()) return need(kArgumentBytesMin + later);
  if (input[position_] != '$') {
    return fail(std::string("expected '$', got '") + input[position_] + "'");
  }
  const Header header = read_header(input, bulk_size_);
  if (header == Header::kIncomplete) return need(1 + later);
  if (header == Header::kTooBig) return fail("too big bulk count string");
  if (header == Header::kMalformed || bulk_size_ < 0 ||
      bulk_size_ > static_cast<std::int64_t>(kBulkBytesMax)) {
    return fail("invalid bulk length");
  }
  return Status::kRequest;
}

/// kRequest: one more piece was read.
RequestParser::Status RequestParser::parse_bulk(std::string_view input) {
  const std::size_t later = (static_cast<std::size_t>(missing_) - 1) * kArgumentBytesMin;
  if (bulk_size_ < 0) {
    const Status status = read_bulk_header(input, later);
    if (status != Status::kRequest) return status;
  }
  const auto size = static_cast<std::size_t>(bulk_size_);
  const std::size_t here = input.size() - std::min(position_, input.size());
  if (here < size + 2) return need(size + 2 - here + later);
  pieces_.push_back({position_, size});
  position_ += size + 2;
  bulk_size_ = -1;
  return Status::kRequest;
}

bool RequestParser::skip_request() {
  if (missing_ < 0) return false;
  skipped_ = 0;
  return true;
}

/// kRequest: something was taken off, perhaps all that is left of the request.
RequestParser::Status RequestParser::skip_on(std::string_view input) {
  args_.clear();
  std::vector<Piece>().swap(pieces_);
  Status status = Status::kRequest;
  while (missing_ > 0) {
    if (bulk_size_ < 0) status = read_bulk_header(input, 0);
    if (status != Status::kRequest) break;
    const std::size_t here = input.size() - std::min(position_, input.size());
    const auto left = static_cast<std::size_t>(bulk_size_ + 2 - skipped_);
    const std::size_t taken = std::min(here, left);
    position_ += taken;
    skipped_ += static_cast<std::int64_t>(taken);
    if (taken < left) {
      status = need(1);  // nobody makes room for the rest
      break;
    }
    bulk_size_ = -1;
    skipped_ = 0;
    --missing_;
  }
  consumed_ = std::min(position_, input.size());
  if (missing_ == 0) {
    reset();
  } else {
    position_ -= consumed_;
    scanned_ -= std::min(scanned_, consumed_);
  }
  return status == Status::kError || consumed_ == 0 ? status : Status::kRequest;
}

void RequestParser::finish_array(std::string_view input) {
  if (args_.capacity() > kArgumentsKept && pieces_.size() <= kArgumentsKept) {
    args_.clear();
    args_.shrink_to_fit();
  }
  args_.resize(pieces_.size());
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    args_[i] = {input.data() + pieces_[i].offset, pieces_[i].size};
  }
  if (pieces_.capacity() > kArgumentsKept) std::vector<Piece>().swap(pieces_);
  consumed_ = position_;
  reset();
}

}  // namespace borg::resp
