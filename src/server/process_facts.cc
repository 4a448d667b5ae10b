// SPDX-License-Identifier: Apache-2.0
#include "server/process_facts.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace borg::server {

namespace {

std::int64_t micros(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

/// /proc/self/statm: pages in all, pages in memory …
std::uint64_t resident_pages() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return resident;
}

std::string executable() {
  std::array<char, 4096> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  return length <= 0 ? "" : std::string(path.data(), static_cast<std::size_t>(length));
}

}  // namespace

node::ProcessFacts read_process_facts() {
  node::ProcessFacts facts;
  const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  facts.id = getpid();
  facts.resident_bytes = resident_pages() * page_bytes;
  facts.system_bytes = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes;
  facts.executable = executable();
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    facts.cpu_system_us = micros(usage.ru_stime);
    facts.cpu_user_us = micros(usage.ru_utime);
  }
  utsname system{};
  if (uname(&system) == 0) {
    facts.system = std::string(system.sysname) + " " + system.release + " " + system.machine;
  }
  return facts;
}

}  // namespace borg::server
