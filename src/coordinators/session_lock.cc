// SPDX-License-Identifier: Apache-2.0
#include "coordinators/session_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace borg::coordinators {
namespace {

struct flock byte_of(std::uint64_t session) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(session);
  lock.l_len = 1;
  return lock;
}

}  // namespace

FileIdentity identity_of(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

bool SessionLock::open(const std::string& path) {
  close();
  fd_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd_ < 0) return false;
  struct stat info {};
  if (fstat(fd_, &info) != 0) return false;
  identity_ = {info.st_dev, info.st_ino};
  return true;
}

void SessionLock::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool SessionLock::acquire(std::uint64_t session) {
  struct flock lock = byte_of(session);
  return fcntl(fd_, F_OFD_SETLK, &lock) == 0;
}

bool SessionLock::is_free(std::uint64_t session) const {
  struct flock lock = byte_of(session);
  return fcntl(fd_, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

}  // namespace borg::coordinators
