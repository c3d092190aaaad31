// What a server answers to a command, and what its errors mean.

#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rtml/sdk/result.h"

namespace rtml::redis {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

// The bytes of a string, status or error; empty for others.
inline std::string_view text_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      return {reply.str, reply.len};
    default:
      return {};
  }
}
inline bool is_error(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR;
}
// Whether it is an error that starts with this word: "MOVED".
bool is_error(const redisReply& reply, std::string_view word);

// The error of the SDK for an error of the server: retryable where it may pass by itself (LOADING,
// CLUSTERDOWN, TRYAGAIN, …), and in words that say what to do about the others.
sdk::Error error_of(const redisReply& reply, const std::string& server);

// Fails with error_of() if the reply is an error.
sdk::Status check(const redisReply& reply, const std::string& server);

// An error for a reply that is not what the command gives.
sdk::Error unexpected_reply(const std::string& command, const std::string& server);

}  // namespace rtml::redis
