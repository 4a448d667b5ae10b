// SPDX-License-Identifier: Apache-2.0
#include "commands/float_text.h"

#include <locale.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"

namespace borg::commands {

namespace {

constexpr std::size_t kCharsMax = 5 * 1024;  // Redis's bound for a number in text

/// The thread speaks the locale "C" while this lives: an embedding program may have set one
/// with a decimal comma.
class ScopedCLocale {
 public:
  ScopedCLocale() : before_(uselocale(c_locale())) {}
  ~ScopedCLocale() { uselocale(before_); }
  ScopedCLocale(const ScopedCLocale&) = delete;
  ScopedCLocale& operator=(const ScopedCLocale&) = delete;

 private:
  static locale_t c_locale() {
    static const locale_t kC = newlocale(LC_ALL_MASK, "C", nullptr);
    BORG_CHECK(kC != nullptr);
    return kC;
  }
  locale_t before_;
};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::optional<long double> parse_float(std::string_view text) {
  if (text.empty() || text.size() >= kCharsMax || is_space(text.front())) return std::nullopt;
  const std::string terminated(text);
  const ScopedCLocale locale;
  char* end = nullptr;
  errno = 0;
  const long double value = std::strtold(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error == std::errc() && end == last && std::isfinite(value)) return value;
  if (text.empty() || is_space(text.front())) return std::nullopt;
  const std::string terminated(text);
  const ScopedCLocale locale;
  char* stop = nullptr;
  errno = 0;
  value = std::strtod(terminated.c_str(), &stop);
  if (stop != terminated.c_str() + terminated.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

std::optional<double> parse_score_border(std::string_view text) {
  const std::string terminated(text);
  const ScopedCLocale locale;
  char* stop = nullptr;
  const double value = std::strtod(terminated.c_str(), &stop);
  if (*stop != '\0' || std::isnan(value)) return std::nullopt;
  return value;
}

std::string format_score(double value) {
  char text[32];
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::general, 17).ptr;
  return {text, end};
}

std::string fixed_text(double value, int decimals) {
  char text[400];  // the largest has 309 digits in front of the point
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr;
  return {text, end};
}

std::string format_float(long double value) {
  const ScopedCLocale locale;
  char text[kCharsMax];
  const int size = std::snprintf(text, sizeof text, "%.17Lf", value);
  BORG_CHECK(size > 0 && static_cast<std::size_t>(size) < sizeof text);
  std::string_view trimmed(text, static_cast<std::size_t>(size));
  trimmed.remove_suffix(trimmed.size() - 1 - trimmed.find_last_not_of('0'));
  if (trimmed.back() == '.') trimmed.remove_suffix(1);
  return std::string(trimmed == "-0" ? "0" : trimmed);
}

}  // namespace borg::commands
