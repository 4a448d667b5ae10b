// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/record_reader.h"

#include <utility>
#include <vector>

#include "app/borgctl/csv.h"
#include "app/borgctl/jsonl.h"

namespace borg::borgctl {
namespace {

using Line = LineReader::Line;

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t\r\n") == std::string::npos;
}

class JsonLinesReader : public RecordReader {
 public:
  explicit JsonLinesReader(LineReader& lines) : lines_(lines) {}

  std::optional<LineRecord> next() override {
    while (std::optional<Line> line = lines_.next()) {
      if (!is_blank(line->text)) return LineRecord{line->number, parse_json_record(line->text)};
    }
    return std::nullopt;
  }

 private:
  LineReader& lines_;
};

class CsvReader : public RecordReader {
 public:
  CsvReader(LineReader& lines, char delimiter) : lines_(lines), splitter_(delimiter) {}

  std::optional<LineRecord> next() override {
    while (std::optional<Line> line = lines_.next()) {
      if (line->text.find_first_not_of("\r\n") == std::string::npos) continue;
      const std::uint64_t number = line->number;
      if (!split(std::move(*line))) return LineRecord{number, BadRecord{why_}};
      if (std::exchange(is_first_, false) && is_csv_header(splitter_.fields())) {
        columns_ = csv_columns(splitter_.fields());
        continue;
      }
      return LineRecord{number, csv_record(columns_, std::move(splitter_.fields()))};
    }
    return std::nullopt;
  }

 private:
  /// Takes as many lines as the record has. After an error reading goes on behind its first
  /// line: a stray quote must not swallow the good lines that follow.
  bool split(Line first) {
    std::vector<Line> following;
    CsvSplitter::Status status = splitter_.feed(first.text);
    while (status == CsvSplitter::Status::kNeedLine) {
      std::optional<Line> line = lines_.next();
      if (!line) {
        why_ = "a quoted field without an end";
        splitter_.reset();
        lines_.give_back(std::move(following));
        return false;
      }
      following.push_back(std::move(*line));
      status = splitter_.feed(following.back().text);
    }
    if (status == CsvSplitter::Status::kRecord) return true;
    why_ = splitter_.error();
    lines_.give_back(std::move(following));
    return false;
  }

  LineReader& lines_;
  CsvSplitter splitter_;
  CsvColumns columns_;
  std::string why_;
  bool is_first_ = true;
};

}  // namespace

std::unique_ptr<RecordReader> make_record_reader(const FileFormat& format, LineReader& lines) {
  if (format.kind == FileFormat::Kind::kCsv) {
    return std::make_unique<CsvReader>(lines, format.delimiter);
  }
  return std::make_unique<JsonLinesReader>(lines);
}

}  // namespace borg::borgctl
