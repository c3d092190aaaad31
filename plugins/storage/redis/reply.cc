#include "plugins/storage/redis/reply.h"

namespace rtml::redis {
namespace {

struct Meaning {
  std::string_view word;  // With which the server's message starts.
  rtml_status status;
  bool is_retryable;
  std::string_view help;
};

// https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and the servers' own
// words for states that pass.
constexpr Meaning kMeanings[] = {
    {"LOADING", RTML_STATUS_IO, true, "the server reads its data after a start; it will be ready"},
    {"CLUSTERDOWN", RTML_STATUS_IO, true, "nodes of the cluster are away or failing over"},
    {"TRYAGAIN", RTML_STATUS_IO, true, "the cluster is moving these keys"},
    {"MASTERDOWN", RTML_STATUS_IO, true, "the replica has lost its master"},
    {"NOREPLICAS", RTML_STATUS_IO, true, "too few replicas are connected (min-replicas-to-write)"},
    {"BUSY", RTML_STATUS_IO, true, "a script of someone else keeps the server busy"},
    {"WRONGPASS", RTML_STATUS_INVALID_ARGUMENT, false,
     "check username and the password that password_env or password_file gives"},
    {"NOAUTH", RTML_STATUS_INVALID_ARGUMENT, false,
     "the server wants a password: password_env: VARIABLE, or password_file: PATH"},
    {"NOPERM", RTML_STATUS_FAILED, false,
     "give the user the commands and keys that docs/stores.md names"},
    {"OOM", RTML_STATUS_FAILED, false,
     "the server has reached maxmemory: raise it, or remove views that nobody reads; nothing was "
     "written"},
    {"READONLY", RTML_STATUS_FAILED, false,
     "the address is that of a read-only replica; name the master, or set cluster: true"},
    {"MISCONF", RTML_STATUS_FAILED, false,
     "the server refuses writes because it cannot save to its disk; nothing was written"},
    {"MOVED", RTML_STATUS_INVALID_ARGUMENT, false,
     "the server is a node of a Redis Cluster; set cluster: true"},
    {"CROSSSLOT", RTML_STATUS_INVALID_ARGUMENT, false,
     "the server is a node of a Redis Cluster; set cluster: true"},
};

}  // namespace

bool is_error(const redisReply& reply, std::string_view word) {
  const std::string_view text = text_of(reply);
  return is_error(reply) && text.starts_with(word) &&
         (text.size() == word.size() || text[word.size()] == ' ');
}

sdk::Error error_of(const redisReply& reply, const std::string& server) {
  const std::string message = "redis refused: " + server + " (" + std::string(text_of(reply)) + ")";
  for (const Meaning& meaning : kMeanings) {
    if (!is_error(reply, meaning.word)) continue;
    sdk::Error error = sdk::fail(meaning.status, message, std::string(meaning.help));
    error.retryable = meaning.is_retryable;
    return error;
  }
  return sdk::fail(RTML_STATUS_FAILED, message);
}

sdk::Status check(const redisReply& reply, const std::string& server) {
  if (!is_error(reply)) return {};
  return error_of(reply, server);
}

sdk::Error unexpected_reply(const std::string& command, const std::string& server) {
  return sdk::fail(RTML_STATUS_FAILED,
                   "redis answered " + command + " in a form that is not its own: " + server);
}

}  // namespace rtml::redis
