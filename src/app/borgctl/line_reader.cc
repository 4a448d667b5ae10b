// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/line_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "app/borgctl/failure.h"
#include "app/borgctl/interrupt.h"

namespace borg::borgctl {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_folder(std::FILE* file) {
  struct stat status = {};
  return ::fstat(::fileno(file), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

LineReader::LineReader(const std::string& path)
    : name_(path == "-" ? "stdin" : path),
      file_(path == "-" ? stdin : std::fopen(path.c_str(), "re")) {
  if (file_ == nullptr) {
    throw Failure(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  if (is_folder(file_)) {
    if (file_ != stdin) std::fclose(file_);
    throw Failure(fmt::format("cannot read {}: {}", path, std::strerror(EISDIR)));
  }
}

LineReader::~LineReader() {
  std::free(buffer_);
  if (file_ != stdin) std::fclose(file_);
}

std::optional<LineReader::Line> LineReader::next() {
  if (!given_back_.empty()) {
    Line line = std::move(given_back_.front());
    given_back_.pop_front();
    return line;
  }
  errno = 0;
  const ssize_t n = ::getline(&buffer_, &buffer_bytes_, file_);
  if (n < 0) {
    if (std::feof(file_) != 0 || (errno == EINTR && interrupted())) return std::nullopt;
    throw Failure(fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
  }
  bytes_read_ += static_cast<std::uint64_t>(n);
  std::string_view text(buffer_, static_cast<std::size_t>(n));
  if (lines_read_ == 0 && text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return Line{std::string(text), ++lines_read_};
}

void LineReader::give_back(std::vector<Line> lines) {
  given_back_.insert(given_back_.begin(), std::make_move_iterator(lines.begin()),
                     std::make_move_iterator(lines.end()));
}

std::optional<std::uint64_t> LineReader::file_bytes() const {
  struct stat status = {};
  if (::fstat(::fileno(file_), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace borg::borgctl
