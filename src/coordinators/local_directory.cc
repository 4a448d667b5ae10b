// SPDX-License-Identifier: Apache-2.0
#include "coordinators/local_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace borg::coordinators {
namespace {

LocalProblem failure(const std::string& what, const std::string& directory) {
  return {what + " " + directory + ": " + std::generic_category().message(errno)};
}

}  // namespace

bool is_cluster_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

std::string default_local_directory(std::string_view cluster) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime != '\0') {
    return std::string(runtime) + "/borg-" + std::string(cluster);
  }
  return "/tmp/borg-" + std::to_string(geteuid()) + "-" + std::string(cluster);
}

Result<int, LocalProblem> open_local_directory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return failure("cannot create the directory", directory);
  }
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return failure("cannot open the directory", directory);
  struct stat info {};
  std::string problem;
  if (fstat(fd, &info) != 0) {
    problem = failure("cannot look at the directory", directory).message;
  } else if (info.st_uid != geteuid()) {
    problem = "the directory " + directory + " belongs to user " + std::to_string(info.st_uid) +
              ", not to user " + std::to_string(geteuid()) +
              ", who runs this node; name another with local:DIR";
  } else if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    problem = "the directory " + directory + " can be written by others; use chmod 700";
  }
  if (problem.empty()) {
    flock(fd, LOCK_SH | LOCK_NB);  // A favour to the files' life: not needed to be correct.
    return fd;
  }
  close(fd);
  return LocalProblem{problem};
}

}  // namespace borg::coordinators
