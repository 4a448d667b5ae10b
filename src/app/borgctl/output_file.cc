// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/borgctl/failure.h"

namespace borg::borgctl {
namespace {

/// So that a symbolic link stays a link and its target is what is replaced.
std::string without_links(const std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  return error ? path : target.string();
}

bool is_special(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/// mkstemp() makes files that only the user can read; others get what the umask allows.
void set_usual_mode(int fd) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd, 0666 & ~mask);
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  if (path == "-") {
    file_ = stdout;
    return;
  }
  path_ = without_links(path);
  if (is_special(path_)) {
    file_ = std::fopen(path_.c_str(), "we");
  } else {
    if (std::filesystem::is_directory(path_)) {
      errno = EISDIR;
      fail("open");
    }
    temporary_ = path_ + ".tmp-XXXXXX";
    const int fd = ::mkostemp(temporary_.data(), O_CLOEXEC);
    if (fd < 0) {
      temporary_.clear();
      fail("create");
    }
    set_usual_mode(fd);
    file_ = ::fdopen(fd, "w");
  }
  if (file_ == nullptr) fail("open");
}

OutputFile::~OutputFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::fail(const std::string& what) const {
  std::string text =
      fmt::format("cannot {} {}: {}", what, path_ == "-" ? "stdout" : path_, std::strerror(errno));
  if (!temporary_.empty()) text += "; " + discarded();
  throw Failure(text);
}

std::string OutputFile::discarded() const {
  if (!temporary_.empty()) return fmt::format("what was read is removed, {} is as it was", path_);
  return fmt::format("what stands in {} is not complete", path_ == "-" ? "stdout" : path_);
}

void OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("write");
}

void OutputFile::close_as(const std::string& name) {
  if (std::fflush(file_) != 0) fail("write");
  if (file_ == stdout) return;
  if (!temporary_.empty() && ::fsync(::fileno(file_)) != 0) fail("write");
  std::FILE* const file = std::exchange(file_, nullptr);
  if (std::fclose(file) != 0) fail("write");
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), name.c_str()) != 0) fail("rename a temporary file to");
  temporary_.clear();
}

void OutputFile::commit() { close_as(path_); }

std::string OutputFile::commit_as_incomplete() {
  const std::string name = temporary_.empty() ? path_ : path_ + ".incomplete";
  close_as(name);
  return name == "-" ? "stdout" : name;
}

void print_out(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) {
    throw Failure(fmt::format("cannot write to stdout: {}", std::strerror(errno)));
  }
}

void flush_out() {
  if (std::fflush(stdout) != 0) {
    throw Failure(fmt::format("cannot write to stdout: {}", std::strerror(errno)));
  }
}

}  // namespace borg::borgctl
