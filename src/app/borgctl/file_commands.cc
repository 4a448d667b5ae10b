// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/file_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/borgctl/csv.h"
#include "app/borgctl/dumper.h"
#include "app/borgctl/failure.h"
#include "app/borgctl/human.h"
#include "app/borgctl/interrupt.h"
#include "app/borgctl/jsonl.h"
#include "app/borgctl/loader.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

Milliseconds retry_time(const FileOptions& options) {
  return Milliseconds(static_cast<std::int64_t>(options.retry_seconds * 1000));
}

std::string rate_text(std::uint64_t records, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(records) / seconds : 0;
  return fmt::format("{} in {} ({}/s)",
                     human_number_of(static_cast<std::int64_t>(records), "record"),
                     human_seconds(seconds), human_count(static_cast<std::int64_t>(rate)));
}

std::string load_summary(const LoadCounts& counts, double seconds) {
  std::string text = "loaded " + rate_text(counts.loaded, seconds);
  const auto add = [&text](std::uint64_t count, const char* what) {
    if (count > 0) {
      text += fmt::format(", {} {}", human_count(static_cast<std::int64_t>(count)), what);
    }
  };
  add(counts.bad_lines, "bad");
  add(counts.failed, "not loaded");
  if (counts.is_stopped) text += ", stopped before the end";
  return text + "\n";
}

/// Which slots are missing, and as many of their ranges as somebody may want to read.
std::string missing_text(const std::vector<SlotRange>& missing, const std::string& how) {
  constexpr std::size_t kRangesMax = 10;
  std::int64_t count = 0;
  for (const SlotRange& range : missing) count += range.last - range.first + 1;
  std::vector<SlotRange> ranges = joined(missing);
  const std::size_t more = ranges.size() - std::min(ranges.size(), kRangesMax);
  ranges.resize(ranges.size() - more);
  std::string text = fmt::format("{} {} and the dump has none of their keys: {}",
                                 count == 1 ? "1 slot is" : human_count(count) + " slots are", how,
                                 ranges_text(ranges, " "));
  if (more == 0) return text;
  return text +
         fmt::format(" and {}", human_number_of(static_cast<std::int64_t>(more), "more range"));
}

void say_what_is_missing(const DumpCounts& counts) {
  if (!counts.lost.empty()) {
    fmt::print(stderr, "borgctl: {}\n", missing_text(counts.lost, "lost"));
  }
  if (!counts.unserved.empty()) {
    fmt::print(stderr, "borgctl: {}\n", missing_text(counts.unserved, "served by no node now"));
  }
}

void append_record(std::string& out, const Record& record, const FileFormat& format) {
  if (format.kind == FileFormat::Kind::kJsonLines) {
    append_json_record(out, record);
    return;
  }
  if (record.container) {
    throw Failure(fmt::format("key {} is a {} and does not fit into CSV: use --format jsonl",
                              shown(record.key), record.container->type));
  }
  if (!format.is_base64 && !(fits_csv(record.key) && fits_csv(record.value))) {
    throw Failure(
        fmt::format("key {} or its value is not text and does not fit into CSV: use "
                    "--format jsonl, or --base64",
                    shown(record.key)));
  }
  append_csv_record(out, record, {.delimiter = format.delimiter, .is_base64 = format.is_base64});
}

/// What was read until the dump was cut short is kept: the records are whole, and there may be no
/// second chance to read them.
[[noreturn]] void fail_cut_short(const DumpCutShort& cut, const DumpCounts& counts,
                                 OutputFile& file) {
  say_what_is_missing(counts);
  if (counts.written == 0) {
    throw Failure(fmt::format("{}; {}", cut.what(), file.discarded()), cut.exit_code());
  }
  throw Failure(
      fmt::format("{}; {} has the {} that were read", cut.what(), file.commit_as_incomplete(),
                  human_number_of(static_cast<std::int64_t>(counts.written), "record")),
      cut.exit_code());
}

/// How many records, and what is not there; the file has its name then.
std::string finish_dump(const DumpCounts& counts, OutputFile& file, double seconds) {
  std::string summary = "dumped " + rate_text(counts.written, seconds);
  if (counts.is_whole()) {
    file.commit();
    return summary;
  }
  if (counts.failed > 0) {
    const auto failed = static_cast<std::int64_t>(counts.failed);
    summary += fmt::format(", {} could not be read", human_number_of(failed, "key"));
  }
  return summary + fmt::format("; {} is not complete", file.commit_as_incomplete());
}

int dump_into(OutputFile& file, const FileOptions& options, ClusterClient& client) {
  const FileFormat format = choose_format(options.format, options.file);
  const CsvStyle csv{.delimiter = format.delimiter, .is_base64 = format.is_base64};
  if (format.kind == FileFormat::Kind::kCsv) file.write(csv_header(csv));
  Progress progress("dump", "record");
  std::string line;
  const auto write = [&](const Record& record) {
    line.clear();
    try {
      append_record(line, record, format);
    } catch (const Failure& failure) {
      throw Failure(fmt::format("{}; {}", failure.what(), file.discarded()));
    }
    file.write(line);
  };
  Dumper dumper({client, progress, write}, retry_time(options));
  const DumpCounts& counts = dumper.counts();
  try {
    dumper.run();
  } catch (const DumpCutShort& cut) {
    progress.finish();
    fail_cut_short(cut, counts, file);
  }
  progress.finish();
  const std::string summary = finish_dump(counts, file, progress.seconds());
  // With the records on stdout the summary must not stand among them.
  fmt::print(options.file == "-" ? stderr : stdout, "{}\n", summary);
  std::fflush(stdout);
  say_what_is_missing(counts);
  return counts.is_whole() ? kExitOk : kExitFailure;
}

}  // namespace

int run_load(const Globals& globals, const FileOptions& options) {
  const FileFormat format = choose_format(options.format, options.file);
  LineReader lines(options.file);
  const auto records = make_record_reader(format, lines);
  ClusterClient client = ClusterClient::connect(globals.target);
  client.learn_nodes();
  const InterruptGuard guard;
  Progress progress("load", "record");
  Loader loader({client, lines, *records, progress}, retry_time(options));
  const LoadCounts counts = loader.run();
  progress.finish();
  print_out(load_summary(counts, progress.seconds()));
  if (interrupted()) return kExitInterrupted;
  const bool is_whole = counts.bad_lines == 0 && counts.failed == 0 && !counts.is_stopped;
  return is_whole ? kExitOk : kExitFailure;
}

int run_dump(const Globals& globals, const FileOptions& options) {
  static_cast<void>(choose_format(options.format, options.file));  // wrong ones before all else
  // A node takes five seconds to say that it cannot reach a slot: that is an answer, too.
  constexpr Milliseconds kTimeoutMin{10000};
  Target target = globals.target;
  target.timeout = std::max(target.timeout, kTimeoutMin);
  ClusterClient client = ClusterClient::connect(target);
  client.learn_nodes();
  const InterruptGuard guard;
  OutputFile file(options.file);
  return dump_into(file, options, client);
}

}  // namespace borg::borgctl
