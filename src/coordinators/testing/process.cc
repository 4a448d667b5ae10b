// SPDX-License-Identifier: Apache-2.0
#include "coordinators/testing/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/check.h"

extern char** environ;

namespace borg::coordinators::testing {

Process::Process(const std::vector<std::string>& arguments, const std::string& log) {
  int pipe_fds[2];
  BORG_CHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
  if (!log.empty()) {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  // It must not outlive this process either, if that is killed.
  std::vector<std::string> all = {"setpriv", "--pdeathsig", "KILL"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  if (posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_fds[1]);
  stdout_ = pipe_fds[0];
}

std::string Process::read_line() {
  std::string line;
  char c = 0;
  pollfd poll_fd{stdout_, POLLIN, 0};
  while (poll(&poll_fd, 1, 30'000) == 1 && read(stdout_, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

void Process::signal(int number) const {
  if (pid_ <= 0 || ::kill(pid_, number) != 0 || number != SIGSTOP) return;
  siginfo_t stopped{};  // its threads go on until each has seen the signal
  waitid(P_PID, static_cast<id_t>(pid_), &stopped, WSTOPPED | WEXITED | WNOWAIT);
}

void Process::kill() {
  signal(SIGKILL);
  wait();
}

int Process::wait() {
  int status = 0;
  const bool is_reaped = pid_ > 0 && waitpid(std::exchange(pid_, -1), &status, 0) > 0;
  if (stdout_ >= 0) close(std::exchange(stdout_, -1));
  return is_reaped && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TempDirectory::TempDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "borg-test-XXXXXX").string();
  BORG_CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  BORG_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  BORG_CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace borg::coordinators::testing
