// SPDX-License-Identifier: Apache-2.0
#include "resp/writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "resp/integer.h"

namespace borg::resp {

namespace {

// Room for a type's character, an integer and CRLF.
constexpr std::size_t kHeaderBytesMax = 1 + kIntegerCharsMax + 2;

char* put_crlf(char* out) {
  std::memcpy(out, "\r\n", 2);
  return out + 2;
}

char* put_header(char* out, char type, std::int64_t value) {
  *out++ = type;
  return put_crlf(format_integer(out, value));
}

void header(ByteBuffer& out, char type, std::int64_t value) {
  char* const begin = out.prepare(kHeaderBytesMax);
  out.commit(static_cast<std::size_t>(put_header(begin, type, value) - begin));
}

void line(ByteBuffer& out, char type, std::string_view text) {
  char* p = out.prepare(text.size() + 3);
  *p++ = type;
  if (!text.empty()) std::memcpy(p, text.data(), text.size());
  put_crlf(p + text.size());
  out.commit(text.size() + 3);
}

std::int64_t signed_size(std::size_t n) { return static_cast<std::int64_t>(n); }

}  // namespace

char* format_integer(char* out, std::int64_t value) {
  if (value >= 0 && value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  return std::to_chars(out, out + kIntegerCharsMax, value).ptr;
}

void Writer::ok() { out_.append("+OK\r\n"); }

void Writer::simple(std::string_view text) { line(out_, '+', text); }

void Writer::error(std::string_view text) {
  line(out_, '-', text);
  char* const begin = out_.data() + out_.size() - 2 - text.size();
  for (char* p = begin; p != begin + text.size(); ++p) {
    if (*p == '\r' || *p == '\n') *p = ' ';
  }
}

void Writer::integer(std::int64_t value) { header(out_, ':', value); }

void Writer::bulk(std::string_view bytes) {
  if (out_.size() > kBytesMax) [[unlikely]]
    return;
  char* const begin = out_.prepare(kHeaderBytesMax + bytes.size() + 2);
  char* p = put_header(begin, '$', signed_size(bytes.size()));
  if (!bytes.empty()) std::memcpy(p, bytes.data(), bytes.size());
  p = put_crlf(p + bytes.size());
  out_.commit(static_cast<std::size_t>(p - begin));
}

void Writer::null() { out_.append(version_ == Version::kResp3 ? "_\r\n" : "$-1\r\n"); }

void Writer::null_array() { out_.append(version_ == Version::kResp3 ? "_\r\n" : "*-1\r\n"); }

void Writer::boolean(bool value) {
  if (version_ == Version::kResp3) {
    out_.append(value ? "#t\r\n" : "#f\r\n");
  } else {
    integer(value ? 1 : 0);
  }
}

void Writer::real(double value) {
  std::array<char, 32> text{};
  std::size_t size = 0;
  if (std::isfinite(value)) {
    // As %.17g, but in every locale.
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   std::chars_format::general, 17);
    size = static_cast<std::size_t>(end.ptr - text.data());
  } else {
    const std::string_view name = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    size = name.copy(text.data(), text.size());
  }
  const std::string_view view(text.data(), size);
  if (version_ == Version::kResp3) {
    line(out_, ',', view);
  } else {
    bulk(view);
  }
}

void Writer::verbatim(std::string_view text) {
  if (version_ == Version::kResp2) return bulk(text);
  header(out_, '=', signed_size(text.size() + 4));
  out_.append("txt:");
  out_.append(text);
  out_.append("\r\n");
}

void Writer::big_number(std::string_view digits) {
  if (version_ == Version::kResp2) return bulk(digits);
  out_.append("(");
  out_.append(digits);
  out_.append("\r\n");
}

void Writer::attribute(std::size_t n) {
  BORG_CHECK(version_ == Version::kResp3);
  header(out_, '|', signed_size(n));
}

void Writer::array(std::size_t n) { header(out_, '*', signed_size(n)); }

void Writer::set(std::size_t n) {
  header(out_, version_ == Version::kResp3 ? '~' : '*', signed_size(n));
}

void Writer::map(std::size_t n) {
  if (version_ == Version::kResp3) {
    header(out_, '%', signed_size(n));
  } else {
    header(out_, '*', signed_size(n * 2));
  }
}

void Writer::push(std::size_t n) {
  header(out_, version_ == Version::kResp3 ? '>' : '*', signed_size(n));
}

}  // namespace borg::resp
