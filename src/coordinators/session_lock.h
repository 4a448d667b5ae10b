// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace borg::coordinators {

/// Which file a path leads to.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
/// All zero if there is none.
[[nodiscard]] FileIdentity identity_of(const std::string& path);

/// Proves which processes of this machine are alive: a session is one byte of a shared file,
/// locked by the kernel for as long as its holder has the file open.
///
/// The byte's offset is the session's name: random and never used again, so neither a reused
/// process id nor a reused name can make the dead look alive, or the other way round.
/// These are open file description locks (fcntl(2)): unlike POSIX locks they are not dropped
/// when some other descriptor of the file is closed. A fork()ed child that keeps the descriptor
/// keeps the session; exec() closes it.
///
/// Runs: on one thread.
class SessionLock {
 public:
  SessionLock() = default;
  ~SessionLock() { close(); }
  SessionLock(const SessionLock&) = delete;
  SessionLock& operator=(const SessionLock&) = delete;

  /// Opens an existing file. False, with errno, if that fails.
  bool open(const std::string& path);
  /// Lets go of the session, which is thereby proven to have ended.
  void close();
  /// Locks a byte of that number in [0, 2^62). False if somebody has it, or on an error.
  bool acquire(std::uint64_t session);
  /// True if it is certain that nobody holds it: an error is no proof.
  [[nodiscard]] bool is_free(std::uint64_t session) const;
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] FileIdentity identity() const { return identity_; }

 private:
  int fd_ = -1;
  FileIdentity identity_;
};

}  // namespace borg::coordinators
