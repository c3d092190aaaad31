#include "plugins/storage/lmdb/environment.h"

#include <array>
#include <cerrno>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.h"
#include "plugins/storage/lmdb/snapshot.h"

namespace rtml::lmdb {
namespace {

constexpr unsigned kMaxReaders = 1'024;
constexpr mdb_mode_t kMode = 0644;
constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
constexpr std::int64_t kReaderCheckUs = 10'000'000;
constexpr std::size_t kIdleReadersMax = 64;

// The map is address space, not memory or disk: it can be larger than any disk, so that nobody
// meets its end. A process whose address space is bounded gets a smaller one.
constexpr std::array<std::uint64_t, 4> kMapSizes = {16'384 * kGib, 1'024 * kGib, 64 * kGib,
                                                    4 * kGib};

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "2";

class Transaction {
 public:
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (transaction != nullptr) mdb_txn_abort(transaction);
  }
  int commit() { return mdb_txn_commit(std::exchange(transaction, nullptr)); }
  MDB_txn* transaction = nullptr;
};

}  // namespace

Error lmdb_error(const std::string& operation, int code, const std::filesystem::path& directory) {
  const bool is_broken = code == MDB_INVALID || code == MDB_CORRUPTED ||
                         code == MDB_VERSION_MISMATCH || code == MDB_PAGE_NOTFOUND;
  Error error(is_broken ? ErrorCode::kDataCorrupt : ErrorCode::kIo,
              operation + ": " + directory.string() + " (" + mdb_strerror(code) + ")");
  switch (code) {
    case MDB_MAP_FULL:
      return std::move(error).with_help(
          "raise the option \"map_size_gib\" of the online store, or leave it out");
    case MDB_READERS_FULL:
      return std::move(error).with_help("more than " + std::to_string(kMaxReaders) +
                                        " readers at once; end some of them");
    case MDB_MAP_RESIZED:
      return std::move(error).with_help(
          "the store has outgrown the address space of this process; raise \"ulimit -v\"");
    case EIO:  // What LMDB makes of a write that was cut short.
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return std::move(error).with_help(
          "make room on the disk, if it is full; what was committed before is there, this is not");
    default:
      return error;
  }
}

Result<std::shared_ptr<Environment>> Environment::open(const std::filesystem::path& directory,
                                                       std::optional<std::uint64_t> map_bytes) {
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
  for (const Reader& reader : idle_readers_) {
    mdb_cursor_close(reader.members);
    mdb_txn_abort(reader.transaction);
  }
  if (environment_ != nullptr) mdb_env_close(environment_);
}

int Environment::open_map(std::uint64_t map_bytes) {
  if (environment_ != nullptr) mdb_env_close(std::exchange(environment_, nullptr));
  int code = mdb_env_create(&environment_);
  if (code == MDB_SUCCESS) code = mdb_env_set_maxdbs(environment_, 8);
  if (code == MDB_SUCCESS) code = mdb_env_set_maxreaders(environment_, kMaxReaders);
  if (code == MDB_SUCCESS) code = mdb_env_set_mapsize(environment_, map_bytes);
  // Readers belong to transactions, not threads, so that a store may move between threads.
  if (code == MDB_SUCCESS) {
    code = mdb_env_open(environment_, directory_.c_str(), MDB_NOTLS, kMode);
  }
  return code;
}

int Environment::open_databases(unsigned transaction_flags, unsigned database_flags) {
  Transaction made;
  int code = mdb_txn_begin(environment_, nullptr, transaction_flags, &made.transaction);
  const std::pair<const char*, MDB_dbi*> databases[] = {
      {"groups", &groups_}, {"members", &members_}, {"epochs", &epochs_}, {"meta", &meta_}};
  for (const auto& [name, place] : databases) {
    if (code == MDB_SUCCESS) code = mdb_dbi_open(made.transaction, name, database_flags, place);
  }
  if (code == MDB_SUCCESS && database_flags != 0) {
    MDB_val key = value_of(kFormatKey);
    MDB_val value = value_of(kFormat);
    code = mdb_put(made.transaction, meta_, &key, &value, 0);
  }
  return code == MDB_SUCCESS ? made.commit() : code;
}

Status Environment::start(std::optional<std::uint64_t> map_bytes) {
  int code = ENOMEM;
  if (map_bytes) {
    code = open_map(*map_bytes);
  } else {
    for (const std::uint64_t size : kMapSizes) {
      if (code == ENOMEM) code = open_map(size);
    }
  }
  int dead_readers = 0;
  if (code == MDB_SUCCESS) code = mdb_reader_check(environment_, &dead_readers);
  // Only the first to come writes: opening does not wait for a writer at work.
  if (code == MDB_SUCCESS) code = open_databases(MDB_RDONLY, 0);
  if (code == MDB_NOTFOUND) return make_databases();
  if (code != MDB_SUCCESS) return fail(lmdb_error("cannot open online store", code, directory_));
  return check_format();
}

Status Environment::check_format() {
  Transaction reading;
  MDB_val key = value_of(kFormatKey);
  MDB_val value = {};
  int code = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &reading.transaction);
  if (code == MDB_SUCCESS) code = mdb_get(reading.transaction, meta_, &key, &value);
  if (code != MDB_SUCCESS) return fail(lmdb_error("cannot open online store", code, directory_));
  if (view(value) == kFormat) return {};
  return fail(Error(ErrorCode::kDataCorrupt, "online store is of format " +
                                                 std::string(view(value)) + ", this rtml reads " +
                                                 std::string(kFormat) + ": " + directory_.string())
                  .with_help("use the rtml that wrote it, or a newer one"));
}

Status Environment::make_databases() {
  {
    // What the first format kept everything in.
    Transaction old;
    MDB_dbi data = 0;
    int code = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &old.transaction);
    if (code == MDB_SUCCESS) code = mdb_dbi_open(old.transaction, "data", 0, &data);
    if (code == MDB_SUCCESS) {
      return fail(Error(ErrorCode::kDataCorrupt,
                        "online store was written by an earlier rtml: " + directory_.string())
                      .with_help("remove the directory and fill it again with "
                                 "\"rtml feature materialize --online\""));
    }
  }
  const int code = open_databases(0, MDB_CREATE);
  if (code != MDB_SUCCESS) return fail(lmdb_error("cannot make online store", code, directory_));
  return {};
}

void Environment::forget_dead_readers() {
  const std::int64_t now_us = system_clock().monotonic_us();
  {
    const std::scoped_lock lock(guard_);
    if (now_us - checked_readers_us_ < kReaderCheckUs) return;
    checked_readers_us_ = now_us;
  }
  int dead_readers = 0;
  mdb_reader_check(environment_, &dead_readers);
}

std::optional<Environment::Reader> Environment::take_idle_reader() {
  const std::scoped_lock lock(guard_);
  if (idle_readers_.empty()) return std::nullopt;
  const Reader reader = idle_readers_.back();
  idle_readers_.pop_back();
  return reader;
}

void Environment::keep_idle_reader(Reader reader) {
  {
    const std::scoped_lock lock(guard_);
    if (idle_readers_.size() < kIdleReadersMax) {
      mdb_txn_reset(reader.transaction);
      idle_readers_.push_back(reader);
      return;
    }
  }
  mdb_cursor_close(reader.members);
  mdb_txn_abort(reader.transaction);
}

}  // namespace rtml::lmdb
