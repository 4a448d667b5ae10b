// SPDX-License-Identifier: Apache-2.0
// INCREX: a number that is counted within bounds and expires, as rate limits want it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "commands/arguments.h"
#include "commands/counter_commands.h"
#include "commands/float_text.h"
#include "commands/key_access.h"
#include "commands/set_options.h"
#include "resp/integer.h"

namespace borg::commands::run {

namespace {

using storage::EntryView;
using storage::ExpiryMs;
using storage::KeyRef;
using storage::kNoExpiry;
using Entry = std::optional<EntryView>;
using Text = std::optional<std::string_view>;

struct Options {
  bool is_float = false;
  Text increment;
  Text lower;
  Text upper;
  bool saturates = false;
  std::optional<TimeUnit> unit;
  std::string_view time;
  bool persists = false;
  bool only_without_expiry = false;
};

/// Reads the options that stand alone, or have a value behind them. Nothing may be said twice.
class OptionsReader {
 public:
  explicit OptionsReader(Args args) : args_(args) {}

  /// Nullopt if there is an error of syntax.
  std::optional<Options> read() {
    while (!args_.empty()) {
      if (!read_flag() && !read_value()) return std::nullopt;
    }
    const bool is_sound = !(read_.persists && (read_.unit || read_.only_without_expiry)) &&
                          (read_.unit || !read_.only_without_expiry);
    return is_sound ? std::optional(read_) : std::nullopt;
  }

 private:
  bool read_flag() {
    return take_flag("saturate", read_.saturates) || take_flag("persist", read_.persists) ||
           take_flag("enx", read_.only_without_expiry);
  }

  bool take_flag(std::string_view name, bool& flag) {
    if (flag || !equals_ignoring_case(args_[0], name)) return false;
    args_ = args_.subspan(1);
    return flag = true;
  }

  bool read_value() {
    if (args_.size() < 2) return false;
    const bool by_float = equals_ignoring_case(args_[0], "byfloat");
    if (by_float || equals_ignoring_case(args_[0], "byint")) {
      read_.is_float = by_float;
      return take_value(read_.increment);
    }
    if (equals_ignoring_case(args_[0], "lbound")) return take_value(read_.lower);
    if (equals_ignoring_case(args_[0], "ubound")) return take_value(read_.upper);
    const auto unit = read_time_unit(args_[0]);
    if (!unit || read_.unit) return false;
    read_.unit = unit;
    read_.time = args_[1];
    args_ = args_.subspan(2);
    return true;
  }

  bool take_value(Text& value) {
    if (value) return false;
    value = args_[1];
    args_ = args_.subspan(2);
    return true;
  }

  Args args_;
  Options read_;
};

/// What the key's expiry becomes.
class NewExpiry {
 public:
  /// Nullopt if the time is wrong, and the error is written.
  static std::optional<NewExpiry> read(Context& context, const Options& options) {
    NewExpiry expiry(options);
    if (!options.unit) return expiry;
    expiry.time_ = read_expiry(context, options.time, *options.unit, "increx");
    return expiry.time_ ? std::optional(expiry) : std::nullopt;
  }

  void store(Context& context, const KeyRef& key, std::string_view text, const Entry& entry,
             std::string_view event) const {
    const bool was_absent = !entry;
    const ExpiryMs old = entry ? entry->expiry : kNoExpiry;
    const bool sets = time_ && (!only_without_expiry_ || old == kNoExpiry);
    const ExpiryMs expiry = sets ? *time_ : persists_ ? kNoExpiry : old;
    store_value(context, key, text, expiry);
    if (context.events == nullptr) [[likely]]
      return;
    note_stored(context, was_absent, EventClass::kString, event, key.key);
    if (sets) context.notify(EventClass::kGeneric, "expire", key.key);
    if (persists_ && old != kNoExpiry) context.notify(EventClass::kGeneric, "persist", key.key);
    if (expiry <= context.now_ms) context.notify(EventClass::kExpired, "expired", key.key);
  }

 private:
  explicit NewExpiry(const Options& options)
      : persists_(options.persists), only_without_expiry_(options.only_without_expiry) {}

  std::optional<ExpiryMs> time_;
  bool persists_;
  bool only_without_expiry_;
};

constexpr std::string_view kNotAFloat = "ERR value is not a valid float";

std::optional<long double> read_float(Context& context, std::string_view text) {
  const auto value = parse_float(text);
  if (value && std::isfinite(*value)) return value;
  context.reply.error(kNotAFloat);
  return std::nullopt;
}

template <class Number>
struct Request {
  Number increment;
  Number lower;
  Number upper;
};

/// Nullopt if they are no numbers or the bounds are the wrong way round, and the error is written.
template <class Number, class Read>
std::optional<Request<Number>> read_request(Context& context, const Options& options,
                                            const Request<Number>& defaults, Read read) {
  const auto increment = options.increment ? read(context, *options.increment)
                                           : std::optional<Number>(defaults.increment);
  if (!increment) return std::nullopt;
  const auto lower =
      options.lower ? read(context, *options.lower) : std::optional<Number>(defaults.lower);
  if (!lower) return std::nullopt;
  const auto upper =
      options.upper ? read(context, *options.upper) : std::optional<Number>(defaults.upper);
  if (!upper) return std::nullopt;
  if (*lower > *upper) {
    context.reply.error("ERR LBOUND can't be greater than UBOUND");
    return std::nullopt;
  }
  return Request<Number>{*increment, *lower, *upper};
}

void add_integer(Context& context, Args args, const Options& options, const NewExpiry& expiry) {
  __extension__ using Wide = __int128;
  using Limits = std::numeric_limits<std::int64_t>;
  const auto request =
      read_request<std::int64_t>(context, options, {1, Limits::min(), Limits::max()}, read_integer);
  if (!request) return;
  const KeyRef key = context.key(args[1]);
  const Entry entry = find_for_write(context, key);
  if (!has_type(context, entry, storage::ValueType::kString)) return;
  const auto old = entry ? read_integer(context, entry->value) : 0;
  if (!old) return;
  const Wide sum = Wide{*old} + request->increment;
  const Wide value = std::clamp<Wide>(sum, request->lower, request->upper);
  const bool is_rejected = value != sum && !options.saturates;
  const Wide step = is_rejected ? 0 : value - *old;
  if (step < Limits::min() || step > Limits::max()) {
    return context.reply.error("ERR applied increment would overflow");
  }
  const auto result = is_rejected ? *old : static_cast<std::int64_t>(value);
  if (!is_rejected) expiry.store(context, key, std::to_string(result), entry, "incrby");
  context.reply.array(2);
  context.reply.integer(result);
  context.reply.integer(static_cast<std::int64_t>(step));
}

void write_float(Context& context, long double value) {
  if (context.reply.version() == resp::Version::kResp3) {
    context.reply.real(static_cast<double>(value));
  } else {
    context.reply.bulk(format_float(value));
  }
}

/// As INCRBYFLOAT in 80-bit arithmetic.
void add_float(Context& context, Args args, const Options& options, const NewExpiry& expiry) {
  constexpr long double kMax = std::numeric_limits<long double>::max();
  const auto request = read_request<long double>(context, options, {1, -kMax, kMax}, read_float);
  if (!request) return;
  const KeyRef key = context.key(args[1]);
  const Entry entry = find_for_write(context, key);
  if (!has_type(context, entry, storage::ValueType::kString)) return;
  const auto old = entry ? read_float(context, entry->value) : 0.0L;
  if (!old) return;
  const long double sum = *old + request->increment;
  const long double value = std::clamp(sum, request->lower, request->upper);
  const bool is_rejected = value != sum && !options.saturates;
  const long double step = is_rejected ? 0 : value - *old;
  if (!std::isfinite(step)) {
    return context.reply.error("ERR increment would produce NaN or Infinity");
  }
  if (!is_rejected) {
    expiry.store(context, key, format_float(value), entry, "incrbyfloat");
    if (context.store.find(key)) context.store.set_form(key, storage::StringForm::kText);
  }
  context.reply.array(2);
  write_float(context, is_rejected ? *old : value);
  write_float(context, step);
}

}  // namespace

void increx(Context& context, Args args) {
  const auto options = OptionsReader(args.subspan(2)).read();
  if (!options) return context.reply.error(kSyntaxError);
  const auto expiry = NewExpiry::read(context, *options);
  if (!expiry) return;
  if (options->is_float) return add_float(context, args, *options, *expiry);
  add_integer(context, args, *options, *expiry);
}

}  // namespace borg::commands::run
