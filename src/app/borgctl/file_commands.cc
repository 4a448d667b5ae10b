// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/file_commands.h"

#include <fmt/format.h>

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

/// Which slots are missing, neighbours as one range.
std::string lost_text(const std::vector<SlotRange>& lost) {
  std::int64_t count = 0;
  std::string ranges;
  for (std::size_t i = 0; i < lost.size(); ++i) {
    const std::int64_t first = lost[i].first;
    while (i + 1 < lost.size() && lost[i + 1].first == lost[i].last + 1) ++i;
    count += lost[i].last - first + 1;
    ranges += fmt::format("{}{}-{}", ranges.empty() ? "" : " ", first, lost[i].last);
  }
  return fmt::format("{} lost and the dump has none of their keys: {}",
                     count == 1 ? "1 slot is" : human_count(count) + " slots are", ranges);
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
  const FileFormat format = choose_format(options.format, options.file);
  ClusterClient client = ClusterClient::connect(globals.target);
  client.learn_nodes();
  const InterruptGuard guard;
  OutputFile file(options.file);
  if (format.kind == FileFormat::Kind::kCsv) {
    file.write(csv_header({.delimiter = format.delimiter, .is_base64 = format.is_base64}));
  }
  Progress progress("dump", "record");
  std::string line;
  const auto write = [&](const Record& record) {
    line.clear();
    append_record(line, record, format);
    file.write(line);
  };
  Dumper dumper({client, progress, write}, retry_time(options));
  const DumpCounts& counts = dumper.counts();
  try {
    dumper.run();
  } catch (const DumpCutShort& cut) {
    // The records that were read are whole, and there may be no second chance to read them.
    if (counts.written == 0) throw;
    throw Failure(
        fmt::format("{}; {} has the {} that were read", cut.what(), file.commit_as_incomplete(),
                    human_number_of(static_cast<std::int64_t>(counts.written), "record")),
        cut.exit_code());
  }
  progress.finish();
  std::string summary = "dumped " + rate_text(counts.written, progress.seconds());
  const bool is_whole = counts.failed == 0 && counts.lost.empty();
  if (is_whole) {
    file.commit();
  } else {
    if (counts.failed > 0) {
      const auto failed = static_cast<std::int64_t>(counts.failed);
      summary += fmt::format(", {} could not be read", human_number_of(failed, "key"));
    }
    summary += fmt::format("; {} is not complete", file.commit_as_incomplete());
  }
  // With the records on stdout the summary must not stand among them.
  fmt::print(options.file == "-" ? stderr : stdout, "{}\n", summary);
  std::fflush(stdout);
  if (!counts.lost.empty()) fmt::print(stderr, "borgctl: {}\n", lost_text(counts.lost));
  return is_whole ? kExitOk : kExitFailure;
}

}  // namespace borg::borgctl
