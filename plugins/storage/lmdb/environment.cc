#include "plugins/storage/lmdb/environment.h"

#include <map>
#include <mutex>
#include <string>

namespace rtml::lmdb {
namespace {

constexpr unsigned kMaxReaders = 1'024;
constexpr mdb_mode_t kMode = 0644;

class Transaction {
 public:
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (transaction != nullptr) mdb_txn_abort(transaction);
  }
  MDB_txn* transaction = nullptr;
};

}  // namespace

Error lmdb_error(const std::string& operation, int code, const std::filesystem::path& directory) {
  Error error(code == MDB_INVALID || code == MDB_CORRUPTED || code == MDB_VERSION_MISMATCH
                  ? ErrorCode::kDataCorrupt
                  : ErrorCode::kIo,
              operation + ": " + directory.string() + " (" + mdb_strerror(code) + ")");
  if (code == MDB_MAP_FULL) {
    return std::move(error).with_help("raise the option \"map_size_gib\" of the online store");
  }
  return error;
}

Result<std::shared_ptr<Environment>> Environment::open(const std::filesystem::path& directory,
                                                       std::uint64_t map_bytes) {
  static std::mutex guard;
  static auto* const opened = new std::map<std::string, std::weak_ptr<Environment>>();
  const std::scoped_lock lock(guard);
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  const std::filesystem::path resolved = std::filesystem::canonical(directory, failure);
  if (failure) {
    return fail(ErrorCode::kIo,
                "cannot make online store: " + directory.string() + " (" + failure.message() + ")");
  }
  std::weak_ptr<Environment>& known = (*opened)[resolved.string()];
  if (std::shared_ptr<Environment> environment = known.lock()) return environment;
  std::shared_ptr<Environment> environment(new Environment(resolved));
  RTML_TRY(environment->start(map_bytes));
  known = environment;
  return environment;
}

Environment::~Environment() {
  if (environment_ != nullptr) mdb_env_close(environment_);
}

Status Environment::start(std::uint64_t map_bytes) {
  const auto check = [&](int code) -> Status {
    if (code == MDB_SUCCESS) return {};
    return fail(lmdb_error("cannot open online store", code, directory_));
  };
  RTML_TRY(check(mdb_env_create(&environment_)));
  RTML_TRY(check(mdb_env_set_maxdbs(environment_, 2)));
  RTML_TRY(check(mdb_env_set_maxreaders(environment_, kMaxReaders)));
  RTML_TRY(check(mdb_env_set_mapsize(environment_, map_bytes)));
  // Readers belong to transactions, not threads, so that a store may move between threads.
  RTML_TRY(check(mdb_env_open(environment_, directory_.c_str(), MDB_NOTLS, kMode)));
  // Slots of readers that were killed would keep old pages from being used again.
  int stale_readers = 0;
  RTML_TRY(check(mdb_reader_check(environment_, &stale_readers)));
  Transaction made;
  RTML_TRY(check(mdb_txn_begin(environment_, nullptr, 0, &made.transaction)));
  RTML_TRY(check(mdb_dbi_open(made.transaction, "data", MDB_CREATE, &data_)));
  RTML_TRY(check(mdb_dbi_open(made.transaction, "epochs", MDB_CREATE, &epochs_)));
  return check(mdb_txn_commit(std::exchange(made.transaction, nullptr)));
}

}  // namespace rtml::lmdb
