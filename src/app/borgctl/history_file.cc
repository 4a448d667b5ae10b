// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "app/borgctl/words.h"

namespace borg::borgctl {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// The folders that are missing, for the user alone.
void make_folders(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::exists(folder, ignored)) return;
  make_folders(folder.parent_path());
  ::mkdir(folder.c_str(), 0700);
}

}  // namespace

std::vector<std::string> HistoryFile::load() const {
  std::vector<std::string> lines;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(std::move(line));
  }
  const bool is_long = lines.size() > 2 * kLinesKept;
  if (lines.size() > kLinesKept) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kLinesKept));
  }
  if (is_long) static_cast<void>(write(lines, O_TRUNC));
  return lines;
}

void HistoryFile::append(std::string_view line) const {
  if (path_.empty()) return;
  if (!write({std::string(line)}, O_APPEND)) {
    make_folders(std::filesystem::path(path_).parent_path());
    static_cast<void>(write({std::string(line)}, O_APPEND));
  }
}

bool HistoryFile::write(const std::vector<std::string>& lines, int flags) const {
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (fd < 0) return false;
  ::fchmod(fd, 0600);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  const bool is_written = ::write(fd, text.data(), text.size()) >= 0;
  ::close(fd);
  return is_written;
}

std::string default_history_path() {
  std::string state = environment("XDG_STATE_HOME");
  if (state.empty() || state.front() != '/') {
    const std::string home = environment("HOME");
    if (home.empty()) return "";
    state = home + "/.local/state";
  }
  return state + "/borg/history";
}

bool may_be_remembered(std::string_view line) {
  if (line.empty() || line.front() == ' ') return false;
  const auto words = split_words(to_lower(line));
  if (!words || words->empty()) return true;
  const auto has = [&](std::string_view word) {
    return std::find(words->begin() + 1, words->end(), word) != words->end();
  };
  const std::string& command = words->front();
  if (command == "auth") return false;
  if (command == "hello" && has("auth")) return false;
  if (command == "acl" && has("setuser")) return false;
  return !(command == "config" && has("set") && has("requirepass"));
}

}  // namespace borg::borgctl
