// The sessions of a store: one is enough until a transaction is open while the store is read. Used
// by one thread at a time.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/storage/postgres/session.h"

namespace rtml::postgres {

class Sessions {
 public:
  explicit Sessions(Options options) : options_(std::move(options)) {}

  const std::string& server() const { return options_.server; }
  Wait wait_for(const sdk::Call& call) const { return {call, options_.timeout_us}; }

  // Runs the statements in one round trip, within the time that is left on the server too; one
  // result each. A connection that was idle may be gone without anybody's knowing: a new one is
  // tried once, so the statements must do the same when they are done twice.
  sdk::Result<std::vector<QueryResult>> run(const std::vector<Statement>& statements,
                                            const Wait& wait);

  // A session of one's own, and back when it is of no more use.
  sdk::Result<std::unique_ptr<Session>> take(const Wait& wait);
  void give_back(std::unique_ptr<Session> session);

 private:
  Options options_;
  std::vector<std::unique_ptr<Session>> idle_;
};

// The statement that ends others on the server when the time of the call is over.
Statement set_timeout(const Wait& wait);

}  // namespace rtml::postgres
