// The server of a store, or the nodes of its cluster: connections that are opened when they are
// first needed and again after they were lost, and commands that find the node of their key.
//
// A command may be sent twice, when a connection is lost between it and its reply; so every command
// that goes through here must do the same when it is done twice. Used by one thread at a time.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/storage/redis/connection.h"
#include "plugins/storage/redis/slots.h"

namespace rtml::redis {

// A command and the slot of its keys.
struct KeyedCommand {
  std::uint16_t slot = 0;
  std::vector<std::string> arguments;
};

class Servers {
 public:
  // `scripts` are the texts of the Lua scripts that commands call by their hash (EVALSHA). Connects
  // to nothing yet. Fails if the certificates cannot be read.
  static sdk::Result<std::unique_ptr<Servers>> make(ConnectionOptions options,
                                                    std::vector<std::string> scripts);
  Servers(ConnectionOptions options, std::vector<std::string> scripts)
      : options_(std::move(options)), scripts_(std::move(scripts)) {}

  bool is_cluster() const { return options_.is_cluster; }
  Wait wait_for(const sdk::Call& call) const { return {call, options_.timeout_us}; }

  // Runs commands together on the one server; one reply each, errors among them. REQUIRES:
  // !is_cluster().
  sdk::Result<std::vector<Reply>> run(const Pipeline& commands, const Wait& wait);

  // Runs commands, each on the node of its slot, all nodes at the same time; one reply each, errors
  // among them. Follows redirections, and waits for a cluster that is on its way to be well again.
  sdk::Result<std::vector<Reply>> run(const std::vector<KeyedCommand>& commands, const Wait& wait);

  // The same wherever the commands go: to the one server or to the nodes of the cluster.
  sdk::Result<std::vector<Reply>> run_all(const std::vector<KeyedCommand>& commands,
                                          const Wait& wait);

  // For messages.
  std::string name() const;

 private:
  struct Batch;
  struct Round;

  sdk::Result<Connection*> connect(const Address& address, const Wait& wait);
  // The first of the addresses that answers.
  sdk::Result<Connection*> connect_any(const Wait& wait);
  sdk::Status load_scripts(Connection& connection, const Wait& wait) const;
  void drop(const Address& address) { connections_.erase(address); }

  sdk::Status refresh_slots(const Wait& wait);
  sdk::Status read_slots(Connection& connection, const Wait& wait);
  // Sends what is left of a round to the nodes and takes their replies.
  void run_round(const std::vector<KeyedCommand>& commands, const Wait& wait, Round* round);
  void take_reply(std::size_t command, Reply reply, Round* round);
  void give_up(const Address& address, sdk::Error error, Round* round);
  std::map<Address, Batch> batches_of(const std::vector<KeyedCommand>& commands, Round* round);

  ConnectionOptions options_;
  std::vector<std::string> scripts_;
  std::shared_ptr<TlsContext> tls_;
  std::map<Address, std::unique_ptr<Connection>> connections_;
  std::vector<Address> nodes_;
  std::vector<std::uint16_t> slots_;  // Indexes of nodes_; empty: not known.
  bool are_slots_old_ = true;
};

}  // namespace rtml::redis
