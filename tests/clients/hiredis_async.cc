// SPDX-License-Identifier: Apache-2.0
// hiredis' asynchronous interface against a cluster: hiredis_async PORT,PORT,…
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <poll.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

constexpr int kCommands = 2000;
constexpr int kPollMillisMax = 20'000;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "hiredis async: " << what << '\n';
  std::exit(1);
}

/// What hiredis wants to know of its socket.
struct Wanted {
  bool read = false;
  bool write = false;
  bool is_open = true;
};

void attach(redisAsyncContext& context, Wanted& wanted) {
  context.ev.data = &wanted;
  context.ev.addRead = [](void* data) { static_cast<Wanted*>(data)->read = true; };
  context.ev.delRead = [](void* data) { static_cast<Wanted*>(data)->read = false; };
  context.ev.addWrite = [](void* data) { static_cast<Wanted*>(data)->write = true; };
  context.ev.delWrite = [](void* data) { static_cast<Wanted*>(data)->write = false; };
  context.ev.cleanup = [](void* data) { static_cast<Wanted*>(data)->is_open = false; };
}

/// Until the connection is closed.
void run(redisAsyncContext& context, Wanted& wanted) {
  const int fd = context.c.fd;
  while (wanted.is_open) {
    const int events = (wanted.read ? POLLIN : 0) | (wanted.write ? POLLOUT : 0);
    pollfd socket{.fd = fd, .events = static_cast<short>(events), .revents = 0};
    if (poll(&socket, 1, kPollMillisMax) <= 0) fail("nothing happens");
    if ((socket.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && wanted.read) {
      redisAsyncHandleRead(&context);
    }
    if (wanted.is_open && (socket.revents & POLLOUT) != 0) redisAsyncHandleWrite(&context);
  }
}

/// Replies come in the order of the commands.
void on_incremented(redisAsyncContext* context, void* reply, void* counted) {
  auto& count = *static_cast<int*>(counted);
  const auto* const value = static_cast<redisReply*>(reply);
  if (value == nullptr || value->type != REDIS_REPLY_INTEGER || value->integer != ++count) {
    fail("INCR number " + std::to_string(count));
  }
  if (count == kCommands) redisAsyncDisconnect(context);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) fail("usage: hiredis_async PORT,PORT,...");
  redisAsyncContext* const context = redisAsyncConnect("127.0.0.1", std::atoi(argv[1]));
  if (context == nullptr || context->err != 0) fail("cannot connect");
  Wanted wanted;
  attach(*context, wanted);
  int count = 0;
  for (int i = 0; i < kCommands; ++i) {
    redisAsyncCommand(context, on_incremented, &count, "INCR hi:async");
  }
  run(*context, wanted);
  if (count != kCommands) fail("only " + std::to_string(count) + " replies");
  std::cout << "hiredis async: fine\n";
}
