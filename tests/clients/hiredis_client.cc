// SPDX-License-Identifier: Apache-2.0
// hiredis against a cluster: hiredis_client PORT,PORT,…
#include <hiredis/hiredis.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr int kKeys = 300;

using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;
using Context = std::unique_ptr<redisContext, decltype(&redisFree)>;

void check(bool fact, const std::string& what) {
  if (fact) return;
  std::cerr << "hiredis: " << what << '\n';
  std::exit(1);
}

Context connect(int port) {
  Context context(redisConnect("127.0.0.1", port), redisFree);
  check(context != nullptr && context->err == 0, "cannot connect");
  return context;
}

Reply next_reply(redisContext& context) {
  void* reply = nullptr;
  check(redisGetReply(&context, &reply) == REDIS_OK, context.errstr);
  return {static_cast<redisReply*>(reply), freeReplyObject};
}

template <class... Args>
Reply call(redisContext& context, const char* format, Args... args) {
  check(redisAppendCommand(&context, format, args...) == REDIS_OK, "cannot append a command");
  return next_reply(context);
}

std::string text_of(const Reply& reply) { return {reply->str, reply->len}; }

void read_and_write(redisContext& writer, redisContext& reader) {
  for (int i = 0; i < kKeys; ++i) {
    check(text_of(call(writer, "SET hi:%d value-%d", i, i)) == "OK", "SET");
  }
  for (int i = 0; i < kKeys; ++i) {
    check(text_of(call(reader, "GET hi:%d", i)) == "value-" + std::to_string(i), "GET");
  }
  check(call(reader, "GET hi:none")->type == REDIS_REPLY_NIL, "GET of an absent key");
  check(call(writer, "DEL hi:%d hi:%d", 0, 1)->integer == 2, "DEL");
}

void pipeline(redisContext& context) {
  for (int i = 0; i < kKeys; ++i) redisAppendCommand(&context, "INCR hi:counter:%d", i % 10);
  for (int i = 0; i < kKeys; ++i) {
    check(next_reply(context)->integer == i / 10 + 1, "INCR in a pipeline");
  }
}

void bytes(redisContext& writer, redisContext& reader) {
  std::string value;
  for (int i = 0; i < 100'000; ++i) value.push_back(static_cast<char>(i * 7));
  check(text_of(call(writer, "SET hi:bytes %b", value.data(), value.size())) == "OK", "SET %b");
  check(text_of(call(reader, "GET hi:bytes")) == value, "GET of bytes");
}

void errors(redisContext& context) {
  call(context, "SET hi:text text");
  const Reply reply = call(context, "INCR hi:text");
  check(reply->type == REDIS_REPLY_ERROR, "INCR of a text");
  check(text_of(reply) == "ERR value is not an integer or out of range", text_of(reply));
}

}  // namespace

int main(int argc, char** argv) {
  check(argc == 2, "usage: hiredis_client PORT,PORT,...");
  const std::string ports = argv[1];
  const std::size_t comma = ports.find(',');
  check(comma != std::string::npos, "two ports at least");
  const Context first = connect(std::stoi(ports));
  const Context second = connect(std::stoi(ports.substr(comma + 1)));
  read_and_write(*first, *second);
  pipeline(*first);
  bytes(*second, *first);
  errors(*second);
  std::cout << "hiredis: fine\n";
}
