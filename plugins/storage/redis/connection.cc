#include "plugins/storage/redis/connection.h"

#include <array>
#include <charconv>

namespace rtml::redis {
namespace {

void append_length(char sign, std::size_t length, std::string* out) {
  std::array<char, 24> text;
  char* const end = std::to_chars(text.data(), text.data() + text.size(), length).ptr;
  out->push_back(sign);
  out->append(text.data(), end);
  out->append("\r\n");
}

}  // namespace

void Pipeline::add(std::span<const std::string_view> arguments) {
  append_length('*', arguments.size(), &bytes_);
  for (const std::string_view argument : arguments) {
    append_length('$', argument.size(), &bytes_);
    bytes_.append(argument);
    bytes_.append("\r\n");
  }
  ++count_;
}

void Pipeline::add(const std::vector<std::string>& arguments) {
  const std::vector<std::string_view> views(arguments.begin(), arguments.end());
  add(std::span(views));
}

void Pipeline::clear() {
  bytes_.clear();
  count_ = 0;
}

Connection::Connection(std::unique_ptr<Channel> channel)
    : channel_(std::move(channel)), reader_(redisReaderCreate()) {}

Connection::~Connection() {
  if (reader_ != nullptr) redisReaderFree(reader_);
}

sdk::Result<std::unique_ptr<Connection>> Connection::open(const Address& address,
                                                          const ConnectionOptions& options,
                                                          const TlsContext* tls, const Wait& wait) {
  RTML_SDK_TRY_ASSIGN(auto channel, Channel::connect(address, tls, wait));
  auto connection = std::make_unique<Connection>(std::move(channel));
  Pipeline greeting;
  if (!options.username.empty()) {
    greeting.add({"AUTH", options.username, options.password});
  } else if (!options.password.empty()) {
    greeting.add({"AUTH", options.password});
  }
  const std::string database = std::to_string(options.database);
  if (options.database != 0) greeting.add({"SELECT", database});
  if (greeting.empty()) return connection;
  RTML_SDK_TRY_ASSIGN(const auto replies, connection->run(greeting, wait));
  for (const Reply& reply : replies) RTML_SDK_TRY(check(*reply, connection->server()));
  return connection;
}

sdk::Result<std::vector<Reply>> Connection::run(const Pipeline& commands, const Wait& wait) {
  RTML_SDK_TRY(start(commands));
  return finish(wait);
}

sdk::Result<Reply> Connection::run(std::initializer_list<std::string_view> arguments,
                                   const Wait& wait) {
  Pipeline one;
  one.add(arguments);
  RTML_SDK_TRY_ASSIGN(std::vector<Reply> replies, run(one, wait));
  RTML_SDK_TRY(check(*replies.front(), server()));
  return std::move(replies.front());
}

sdk::Status Connection::start(const Pipeline& commands) {
  unsent_ = commands.bytes();
  expected_replies_ = commands.count();
  sdk::Status sent = send_some();
  if (!sent) is_usable_ = false;
  return sent;
}

sdk::Result<std::vector<Reply>> Connection::finish(const Wait& wait) {
  auto replies = exchange(wait);
  if (!replies) is_usable_ = false;
  return replies;
}

sdk::Status Connection::send_some() {
  while (!unsent_.empty()) {
    RTML_SDK_TRY_ASSIGN(const std::size_t sent, channel_->send(unsent_));
    if (sent == 0) return {};
    unsent_.remove_prefix(sent);
  }
  return {};
}

// Replies are read while commands are still being sent: with both sides' buffers full of many
// commands and replies, each would wait for the other.
sdk::Result<std::vector<Reply>> Connection::exchange(const Wait& wait) {
  std::vector<Reply> replies;
  replies.reserve(expected_replies_);
  while (replies.size() < expected_replies_) {
    RTML_SDK_TRY(send_some());
    RTML_SDK_TRY_ASSIGN(const bool has_any, channel_->receive(&received_));
    if (has_any) {
      RTML_SDK_TRY(take_replies(&replies));
      continue;
    }
    if (sdk::Status ready = channel_->wait(!unsent_.empty(), wait); !ready) {
      ready.error().message += ": " + server();
      return std::move(ready.error());
    }
  }
  if (replies.size() > expected_replies_) return unexpected_reply("a command", server());
  return replies;
}

sdk::Status Connection::take_replies(std::vector<Reply>* replies) {
  redisReaderFeed(reader_, received_.data(), received_.size());
  received_.clear();
  while (true) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_, &reply) != REDIS_OK) {
      return sdk::fail(
          RTML_STATUS_IO,
          "no Redis server, or its answer is damaged: " + server() + " (" + reader_->errstr + ")",
          "does the address name a Redis server, and does it want tls?");
    }
    if (reply == nullptr) return {};
    replies->emplace_back(static_cast<redisReply*>(reply));
  }
}

}  // namespace rtml::redis
