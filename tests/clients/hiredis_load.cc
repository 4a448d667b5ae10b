// SPDX-License-Identifier: Apache-2.0
// Counts with hiredis until stdin ends, see failover.py: hiredis_load PORT,PORT,…
#include <hiredis/hiredis.h>
#include <poll.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

namespace {

constexpr const char* kKey = "load:hiredis";

bool stdin_has_ended() {
  pollfd in{.fd = 0, .events = POLLIN, .revents = 0};
  return poll(&in, 1, 0) > 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::unique_ptr<redisContext, decltype(&redisFree)> context(
      redisConnect("127.0.0.1", std::atoi(argv[1])), redisFree);
  if (context == nullptr || context->err != 0) return 1;
  std::cout << "ready " << kKey << '\n' << std::flush;
  long long last = 0;
  std::string error;
  while (error.empty() && !stdin_has_ended()) {
    const std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply(
        static_cast<redisReply*>(redisCommand(context.get(), "INCR %s", kKey)), freeReplyObject);
    if (reply == nullptr) {
      error = context->errstr;
    } else if (reply->type != REDIS_REPLY_INTEGER) {
      error = reply->str;
    } else {
      last = reply->integer;
    }
  }
  std::cout << R"({"counters": {")" << kKey << R"(": )" << last << R"(}, "errors": [)"
            << (error.empty() ? "" : '"' + error + '"') << "]}" << '\n'
            << std::flush;
}
