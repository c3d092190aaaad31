// A connection to one Redis server: commands out, replies in, in order, many at once. A connection
// whose call failed is broken and must be dropped: replies of commands before would be taken for
// those of later ones. Used by one thread at a time.
//
//   RTML_SDK_TRY_ASSIGN(auto connection, Connection::open(address, options, tls, wait));
//   Pipeline commands;
//   commands.add({"XLEN", stream});
//   RTML_SDK_TRY_ASSIGN(std::vector<Reply> replies, connection->run(commands, wait));

#pragma once

#include <hiredis/read.h>

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/shared/wait.h"
#include "plugins/storage/redis/channel.h"
#include "plugins/storage/redis/options.h"
#include "plugins/storage/redis/reply.h"

namespace rtml::redis {

// Commands to be sent together, in the bytes of the protocol.
class Pipeline {
 public:
  void add(std::initializer_list<std::string_view> arguments) {
    add(std::span(arguments.begin(), arguments.size()));
  }
  void add(std::span<const std::string_view> arguments);
  void add(const std::vector<std::string>& arguments);
  void clear();

  std::size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

class Connection {
 public:
  // Connects, logs in and selects the database. `tls` is null for a connection without.
  static sdk::Result<std::unique_ptr<Connection>> open(const Address& address,
                                                       const ConnectionOptions& options,
                                                       const TlsContext* tls, const Wait& wait);
  explicit Connection(std::unique_ptr<Channel> channel);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Sends the commands and gives one reply for each, errors of the server among them.
  sdk::Result<std::vector<Reply>> run(const Pipeline& commands, const Wait& wait);
  // The same for one command; fails if the reply is an error.
  sdk::Result<Reply> run(std::initializer_list<std::string_view> arguments, const Wait& wait);

  // run() in two halves, so that several servers work at the same time. `commands` must live until
  // finish() returns.
  sdk::Status start(const Pipeline& commands);
  sdk::Result<std::vector<Reply>> finish(const Wait& wait);

  // False after a call that failed for another reason than an error of the server.
  bool is_usable() const { return is_usable_; }
  // The server's address, for messages.
  std::string server() const { return channel_->address().text(); }

 private:
  sdk::Status send_some();
  sdk::Result<std::vector<Reply>> exchange(const Wait& wait);
  // Moves the replies that are complete to `replies`.
  sdk::Status take_replies(std::vector<Reply>* replies);

  std::unique_ptr<Channel> channel_;
  redisReader* reader_;
  std::string received_;
  std::string_view unsent_;
  std::size_t expected_replies_ = 0;
  bool is_usable_ = true;
};

}  // namespace rtml::redis
