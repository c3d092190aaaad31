#include "plugins/storage/redis/servers.h"

#include <algorithm>
#include <utility>

#include "plugins/shared/core_errors.h"

namespace rtml::redis {
namespace {

constexpr int kRoundsMax = 20;
// Redirections are followed at once, but nodes that do not agree are given time.
constexpr int kQuickRounds = 3;
constexpr std::int64_t kFirstPauseUs = 10'000;
constexpr std::int64_t kLongestPauseUs = 200'000;
// How long one node may take to answer before another one is asked for the slots.
constexpr std::int64_t kNodePatienceUs = 1'000'000;
constexpr std::uint16_t kNoNode = 0xFFFF;

// Whether a reply, or one of a transaction's, says that a script has to be loaded again.
bool misses_script(const redisReply& reply) {
  if (is_error(reply, "NOSCRIPT")) return true;
  if (reply.type != REDIS_REPLY_ARRAY) return false;
  return std::any_of(reply.element, reply.element + reply.elements,
                     [](const redisReply* element) { return misses_script(*element); });
}

bool may_pass(const redisReply& reply) {
  return is_error(reply, "TRYAGAIN") || is_error(reply, "CLUSTERDOWN") ||
         is_error(reply, "LOADING") || is_error(reply, "MASTERDOWN") || is_error(reply, "READONLY");
}

// In the place of a command: the reply to an ASKING.
constexpr std::size_t kAsking = ~std::size_t{0};

}  // namespace

// What goes to one node in a round.
struct Servers::Batch {
  Pipeline pipeline;
  std::vector<std::size_t> commands;  // In the order of the replies.
};

// The state of commands that are on their way through a cluster.
struct Servers::Round {
  std::vector<Reply> replies;            // Null while a command is not done.
  std::map<std::size_t, Address> asked;  // Commands that go to another node this once.
  std::size_t left = 0;
  bool must_pause = false;
  sdk::Error failure;  // The latest one; what is reported if nothing helps.
};

sdk::Result<std::unique_ptr<Servers>> Servers::make(ConnectionOptions options,
                                                    std::vector<std::string> scripts) {
  auto servers = std::make_unique<Servers>(std::move(options), std::move(scripts));
  if (servers->options_.tls) {
    RTML_SDK_TRY_ASSIGN(servers->tls_, TlsContext::make(*servers->options_.tls));
  }
  return servers;
}

std::string Servers::name() const {
  return options_.addresses.front().text();
}

sdk::Status Servers::load_scripts(Connection& connection, const Wait& wait) const {
  if (scripts_.empty()) return {};
  Pipeline commands;
  for (const std::string& script : scripts_) commands.add({"SCRIPT", "LOAD", script});
  RTML_SDK_TRY_ASSIGN(const auto replies, connection.run(commands, wait));
  for (const Reply& reply : replies) RTML_SDK_TRY(check(*reply, connection.server()));
  return {};
}

sdk::Result<Connection*> Servers::connect(const Address& address, const Wait& wait) {
  const auto known = connections_.find(address);
  if (known != connections_.end() && known->second->is_usable()) return known->second.get();
  drop(address);
  RTML_SDK_TRY_ASSIGN(auto connection, Connection::open(address, options_, tls_.get(), wait));
  RTML_SDK_TRY(load_scripts(*connection, wait));
  Connection* const opened = connection.get();
  connections_[address] = std::move(connection);
  return opened;
}

sdk::Result<Connection*> Servers::connect_any(const Wait& wait) {
  sdk::Error failure;
  for (const Address& address : options_.addresses) {
    auto connection = connect(address, wait);
    if (connection) return connection;
    failure = std::move(connection.error());
  }
  return failure;
}

sdk::Result<std::vector<Reply>> Servers::run(const Pipeline& commands, const Wait& wait) {
  if (commands.empty()) return std::vector<Reply>();
  // A connection that was idle may be gone without anybody's knowing; a new one is tried once.
  for (bool is_last = false;; is_last = true) {
    const bool had_connection = !connections_.empty();
    RTML_SDK_TRY_ASSIGN(Connection* const connection, connect_any(wait));
    auto replies = connection->run(commands, wait);
    if (!replies) {
      connections_.clear();
      if (replies.error().status != RTML_STATUS_IO || !had_connection || is_last) return replies;
      continue;
    }
    const bool must_load = std::any_of(replies->begin(), replies->end(),
                                       [](const Reply& reply) { return misses_script(*reply); });
    if (!must_load || is_last) return replies;
    connections_.clear();
  }
}

sdk::Status Servers::refresh_slots(const Wait& wait) {
  if (!are_slots_old_ && !slots_.empty()) return {};
  std::vector<Address> candidates = nodes_;
  candidates.insert(candidates.end(), options_.addresses.begin(), options_.addresses.end());
  sdk::Error failure;
  for (const Address& address : candidates) {
    const Wait patience = wait.at_most(kNodePatienceUs);
    auto connection = connect(address, patience);
    const sdk::Status read = connection ? read_slots(**connection, patience)
                                        : sdk::Status(std::move(connection.error()));
    if (read) return {};
    failure = read.error();
    RTML_SDK_TRY(wait.check());
  }
  return failure;
}

sdk::Status Servers::read_slots(Connection& connection, const Wait& wait) {
  RTML_SDK_TRY_ASSIGN(const Reply reply, connection.run({"CLUSTER", "SLOTS"}, wait));
  const auto refuse = [&] { return unexpected_reply("CLUSTER SLOTS", connection.server()); };
  if (reply->type != REDIS_REPLY_ARRAY) return refuse();
  std::vector<Address> nodes;
  std::vector<std::uint16_t> slots(kSlots, kNoNode);
  for (std::size_t i = 0; i < reply->elements; ++i) {
    const redisReply& range = *reply->element[i];
    if (range.type != REDIS_REPLY_ARRAY || range.elements < 3 ||
        range.element[0]->type != REDIS_REPLY_INTEGER ||
        range.element[1]->type != REDIS_REPLY_INTEGER ||
        range.element[2]->type != REDIS_REPLY_ARRAY || range.element[2]->elements < 2 ||
        range.element[2]->element[1]->type != REDIS_REPLY_INTEGER) {
      return refuse();
    }
    const long long first = range.element[0]->integer;
    const long long last = range.element[1]->integer;
    if (first < 0 || last >= kSlots || first > last) return refuse();
    Address master;
    master.host = text_of(*range.element[2]->element[0]);
    // A node that does not know its own address means the one under which it was reached.
    if (master.host.empty()) {
      RTML_SDK_TRY_ASSIGN(const Address reached,
                          plugins::to_sdk(parse_address(connection.server())));
      master.host = reached.host;
    }
    master.port = static_cast<std::uint16_t>(range.element[2]->element[1]->integer);
    auto node = std::find(nodes.begin(), nodes.end(), master);
    if (node == nodes.end()) node = nodes.insert(nodes.end(), master);
    std::fill(slots.begin() + first, slots.begin() + last + 1,
              static_cast<std::uint16_t>(node - nodes.begin()));
  }
  if (nodes.empty()) {
    sdk::Error error = sdk::fail(RTML_STATUS_IO, "the cluster has no slots: " + connection.server(),
                                 "its nodes have not met yet, or it was never made");
    error.retryable = true;
    return error;
  }
  nodes_ = std::move(nodes);
  slots_ = std::move(slots);
  are_slots_old_ = false;
  return {};
}

void Servers::take_reply(std::size_t command, Reply reply, Round* round) {
  if (is_error(*reply, "MOVED")) {
    are_slots_old_ = true;
    round->failure = sdk::fail(RTML_STATUS_IO,
                               "the cluster sends its keys from node to node: " + name() + " (" +
                                   std::string(text_of(*reply)) + ")",
                               "its nodes do not agree on who has which slots");
    round->failure.retryable = true;
  } else if (is_error(*reply, "ASK")) {
    // "ASK 3999 127.0.0.1:6381"
    const std::string_view text = text_of(*reply);
    auto target = parse_address(std::string(text.substr(text.rfind(' ') + 1)));
    if (target) round->asked[command] = std::move(*target);
  } else if (may_pass(*reply)) {
    round->failure = error_of(*reply, name());
    round->failure.retryable = true;
    round->must_pause = true;
    are_slots_old_ = true;
  } else {
    round->replies[command] = std::move(reply);
    --round->left;
  }
}

void Servers::give_up(const Address& address, sdk::Error error, Round* round) {
  drop(address);
  round->failure = std::move(error);
  round->must_pause = true;
  are_slots_old_ = true;
}

// Sorts the commands that are not done by node.
std::map<Address, Servers::Batch> Servers::batches_of(const std::vector<KeyedCommand>& commands,
                                                      Round* round) {
  std::map<Address, Batch> batches;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (round->replies[i] != nullptr) continue;
    const auto asked = round->asked.find(i);
    const bool is_asked = asked != round->asked.end();
    const std::uint16_t node = slots_[commands[i].slot];
    if (!is_asked && node == kNoNode) {
      round->failure =
          sdk::fail(RTML_STATUS_IO, "no node of the cluster has slot " +
                                        std::to_string(commands[i].slot) + ": " + name());
      round->failure.retryable = true;
      round->must_pause = true;
      are_slots_old_ = true;
      continue;
    }
    Batch& batch = batches[is_asked ? asked->second : nodes_[node]];
    if (is_asked) {
      batch.pipeline.add({"ASKING"});
      batch.commands.push_back(kAsking);
    }
    batch.pipeline.add(commands[i].arguments);
    batch.commands.push_back(i);
  }
  round->asked.clear();
  return batches;
}

void Servers::run_round(const std::vector<KeyedCommand>& commands, const Wait& wait, Round* round) {
  const std::map<Address, Batch> batches = batches_of(commands, round);
  std::map<Address, Connection*> started;
  for (const auto& [address, batch] : batches) {
    auto connection = connect(address, wait.at_most(kNodePatienceUs));
    sdk::Status sent = connection ? (*connection)->start(batch.pipeline)
                                  : sdk::Status(std::move(connection.error()));
    if (sent) {
      started[address] = *connection;
    } else {
      give_up(address, std::move(sent.error()), round);
    }
  }
  for (const auto& [address, connection] : started) {
    auto replies = connection->finish(wait);
    if (!replies) {
      give_up(address, std::move(replies.error()), round);
      continue;
    }
    const Batch& batch = batches.at(address);
    bool must_load = false;
    for (std::size_t i = 0; i < batch.commands.size(); ++i) {
      Reply& reply = (*replies)[i];
      if (batch.commands[i] == kAsking) continue;
      if (misses_script(*reply)) {
        must_load = true;
      } else {
        take_reply(batch.commands[i], std::move(reply), round);
      }
    }
    if (must_load) drop(address);
  }
}

sdk::Result<std::vector<Reply>> Servers::run(const std::vector<KeyedCommand>& commands,
                                             const Wait& wait) {
  Round round;
  round.replies.resize(commands.size());
  round.left = commands.size();
  std::int64_t pause_us = kFirstPauseUs;
  for (int i = 0; round.left > 0; ++i) {
    if (i == kRoundsMax) return round.failure;
    RTML_SDK_TRY(wait.check());
    if (round.must_pause || i >= kQuickRounds) {
      if (const sdk::Status paused = wait.pause(pause_us); !paused) return round.failure;
      pause_us = std::min(pause_us * 2, kLongestPauseUs);
      round.must_pause = false;
    }
    if (sdk::Status known = refresh_slots(wait); !known) {
      if (!known.error().retryable) return std::move(known.error());
      round.failure = std::move(known.error());
      round.must_pause = true;
      continue;
    }
    run_round(commands, wait, &round);
    if (round.must_pause && !round.failure.retryable) return round.failure;
  }
  return std::move(round.replies);
}

sdk::Result<std::vector<Reply>> Servers::run_all(const std::vector<KeyedCommand>& commands,
                                                 const Wait& wait) {
  if (is_cluster()) return run(commands, wait);
  Pipeline pipeline;
  for (const KeyedCommand& command : commands) pipeline.add(command.arguments);
  return run(pipeline, wait);
}

}  // namespace rtml::redis
