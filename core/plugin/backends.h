// The backends as core sees them: what a storage, model or orchestrator plugin can do, in C++.
//
// A PluginHost (core/plugin/host.h) makes these objects from loaded plugins. Core programs against
// them and names no concrete plugin. Blocking calls take a CallOptions with a deadline and a
// cancel flag. An object is used by one thread at a time unless it says otherwise.

#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/table/batch.h"

namespace rtml::plugin {

struct CallOptions {
  std::int64_t deadline_us = 0;        // Of the monotonic clock; 0 for none.
  const CancelFlag* cancel = nullptr;  // May be null.
};

// ---- storage: table ----

struct ScanRequest {
  std::string path;                  // A path or glob, already resolved against the project.
  std::string format;                // "parquet", "csv", "jsonl"; empty: by the file's ending.
  std::vector<std::string> columns;  // The columns wanted, in order; empty: all.
  // Types that the caller declares: the plugin converts, or fails with kDataWrongType naming the
  // column, the row and the value. Columns not named here keep their own type.
  std::map<std::string, table::DataType> types;
  std::map<std::string, std::string> time_units;  // Integer time columns: column -> s|ms|us|ns.
  std::int64_t batch_rows = 65'536;
  Json options = Json::object();  // Of the backend: delimiter, null values, …
};

struct WriteRequest {
  std::string path;
  std::string format;  // As in ScanRequest.
  Json options = Json::object();
};

class TableStore {
 public:
  virtual ~TableStore() = default;
  // The columns of a table without reading its rows.
  virtual Result<table::Schema> schema(const ScanRequest& request, const CallOptions& call) = 0;
  // Rows in the order of the files' names, then of the rows.
  virtual Result<std::unique_ptr<table::BatchReader>> scan(const ScanRequest& request,
                                                           const CallOptions& call) = 0;
  // Writes all batches, visible under its name only when complete. Returns the rows written.
  virtual Result<std::int64_t> write(const WriteRequest& request, table::BatchReader& rows,
                                     const CallOptions& call) = 0;
};

// ---- storage: online (groups of members) ----

// The members of a group: name and value, in the byte order of names.
using Members = std::vector<std::pair<std::string, std::string>>;

// The value of a member, or null. The pointer lives as long as `members` does unchanged.
const std::string* find_member(const Members& members, std::string_view name);

class OnlineTransaction {
 public:
  virtual ~OnlineTransaction() = default;  // Without commit(), nothing happened.
  // As OnlineStore::get_groups(), but sees the transaction's own changes. On a store that does not
  // commit atomically, what is read here is fenced against writers of the scope with a lower epoch.
  virtual Result<std::vector<Members>> get_groups(const std::vector<std::string>& groups) = 0;
  virtual Status put(std::string_view group, std::string_view member, std::string_view value) = 0;
  virtual Status remove(std::string_view group, std::string_view member) = 0;
  virtual Status remove_group(std::string_view group) = 0;
  // The store may forget the group after that moment of the wall clock; kNeverExpires takes an
  // earlier call back.
  virtual Status expire(std::string_view group, std::int64_t at_us) = 0;
  // Durable when it returns. Fails with kEpochStale if another writer has committed the scope with
  // a higher epoch, and with an error of exit class kRetry where the same work may be tried again,
  // from begin() on: nothing of the commit was done then, or groups that doing it again brings to
  // the same end.
  virtual Status commit() = 0;

  Result<Members> get(std::string_view group);
};

inline constexpr std::int64_t kNeverExpires = std::numeric_limits<std::int64_t>::max();

class OnlineStore {
 public:
  virtual ~OnlineStore() = default;
  // Whether a commit is everything or nothing. Where it is not (a Redis Cluster), each group is
  // written whole, or refused if its scope's epoch is over, and the group that is named like the
  // scope is written last: a position that is kept there tells that all before it is stored.
  virtual bool commits_atomically() const = 0;
  // The members of each group, in the order asked, none for absent groups; one round trip.
  virtual Result<std::vector<Members>> get_groups(const std::vector<std::string>& groups,
                                                  const CallOptions& call) = 0;
  // Groups whose name starts with `prefix` in byte order, at most `limit`, from the first one after
  // `after`.
  virtual Result<std::vector<std::pair<std::string, Members>>> scan(std::string_view prefix,
                                                                    std::string_view after,
                                                                    std::int64_t limit,
                                                                    const CallOptions& call) = 0;
  // The names alone, as scan() would give them.
  virtual Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after,
                                                std::int64_t limit, const CallOptions& call) = 0;
  // `scope` names what `epoch` fences: the part of a view version that one owner writes. To take a
  // scope over: commit a transaction with a higher epoch, an empty one if need be, and then read.
  virtual Result<std::unique_ptr<OnlineTransaction>> begin(std::string_view scope,
                                                           std::uint64_t epoch,
                                                           const CallOptions& call) = 0;

  // Which store gave the last read, where there are several to give it ("redis"); else empty.
  virtual std::string_view answered_by() const { return {}; }

  Result<Members> get(std::string_view group, const CallOptions& call);
};

// ---- storage: stream (raw messages with origin) ----

// Where a partition starts when nothing of it was read yet: at the oldest message there is.
inline constexpr std::int64_t kBeginning = -1;

struct Message {
  std::string_view bytes;  // As they came.
  std::string_view key;    // The medium's own key; empty where there is none.
  std::int64_t offset = 0;
  std::int64_t ingest_time_us = 0;  // When the medium took it; 0: not known.
  std::int32_t partition = 0;
  bool is_tombstone = false;  // There is no value, which is not an empty one.
};

struct Poll {
  // Valid, with their bytes and keys, until the next poll() or the reader's end.
  std::span<const Message> messages;
  // Every partition of the assignment is read to its end, and nothing will come any more.
  bool ended = false;
  // Ask for the assignment and start what is not started.
  bool assignment_changed = false;
};

// A partition of a stream. The number stays, though other partitions come and go.
struct Partition {
  std::int32_t partition = 0;
  bool is_started = false;
  // The first offset that can be read and the one after the last; -1: not known at the moment. The
  // distance of `end_offset` to the next offset wanted is the lag: messages, or bytes of a file.
  std::int64_t first_offset = -1;
  std::int64_t end_offset = -1;
  std::string name;  // For people: a file's path; empty: the number says it.
};

// Reads the partitions that it owns: all of a stream, or its share where the medium divides them
// among the readers of a group.
//
// An error that is to be tried again (ExitClass::kRetry) leaves the reader usable: poll again.
// After any other one it is to be closed.
class StreamReader {
 public:
  virtual ~StreamReader() = default;
  // Up to `limit` messages, waiting until the deadline (none: not at all) for the first one; having
  // none then is no failure. Offsets of a partition ascend, also from call to call.
  virtual Result<Poll> poll(std::int64_t limit, const CallOptions& call) = 0;
  // The partitions that are owned, by number. One that is not started was given by the medium since
  // the last call, or was away in between: what is remembered of it may be stale.
  virtual Result<std::vector<Partition>> assignment(const CallOptions& call) = 0;
  // Messages of an owned partition come from `offset` on, or kBeginning. Offsets that are gone from
  // the medium are an error, here or in poll(), and never skipped.
  virtual Status start(std::int32_t partition, std::int64_t offset, const CallOptions& call) = 0;
  // Tells the medium that all below `next_offset` is stored, for those who watch the medium. Never
  // decides where reading goes on.
  virtual Status acknowledge(std::int32_t partition, std::int64_t next_offset,
                             const CallOptions& call) = 0;
};

class StreamStore {
 public:
  virtual ~StreamStore() = default;
  // All partitions with their ends, without joining a group: for looking on.
  virtual Result<std::vector<Partition>> partitions(const Json& options,
                                                    const CallOptions& call) = 0;
  // Fails with kNotFound if there is no such stream. The cancel flag of `call` outlives the reader.
  virtual Result<std::unique_ptr<StreamReader>> open(const Json& options,
                                                     const CallOptions& call) = 0;
};

// ---- storage: blob ----

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  struct Blob {
    std::string bytes;
    std::string revision;  // Changes whenever the bytes do.
  };
  virtual Result<std::optional<Blob>> get(std::string_view name, const CallOptions& call) = 0;
  // Returns the new revision.
  virtual Result<std::string> put(std::string_view name, std::string_view bytes,
                                  const CallOptions& call) = 0;
  // Writes only if the current revision is `expected` (nothing: only if absent). Fails with
  // kBlobChanged if it is not.
  virtual Result<std::string> put_if_unchanged(std::string_view name, std::string_view bytes,
                                               const std::optional<std::string>& expected,
                                               const CallOptions& call) = 0;
};

// ---- model ----

// Rows for a learner: a matrix of features and, for learning, a label and weights.
//
// `features` are columns of any numeric type, BOOL or (if the model says so) STRING; nulls stay
// nulls, the model decides what they mean and documents it.
struct TrainingRows {
  table::Batch features;
  std::optional<table::Column> label;   // DOUBLE; for classification 0 or 1.
  std::optional<table::Column> weight;  // DOUBLE, absent: 1 each.
};

class Model {
 public:
  virtual ~Model() = default;
  // Continues learning from where the model is. Fails with kUnsupported if it cannot.
  virtual Status update(const TrainingRows& rows, const CallOptions& call) = 0;
  // One DOUBLE a row: the probability of label 1 for classification, the value for regression.
  virtual Result<table::Column> predict(const table::Batch& features, const CallOptions& call) = 0;
  // Bytes from which load() gives a model that predicts and learns on with the same bits.
  virtual Result<std::string> save(const CallOptions& call) = 0;
  // What a person wants to see: coefficients, counts.
  virtual Result<Json> describe(const CallOptions& call) = 0;
};

struct ModelSettings {
  Json parameters = Json::object();
  std::vector<std::string> feature_names;
  std::uint64_t seed = 0;
};

class ModelBackend {
 public:
  virtual ~ModelBackend() = default;
  // The parameters with their types, defaults and meanings, as a JSON Schema.
  virtual Result<Json> parameter_schema() = 0;
  // A model that has learnt nothing. Fails with kBadValue naming a wrong parameter.
  virtual Result<std::unique_ptr<Model>> create(const ModelSettings& settings) = 0;
  // Learns from scratch.
  virtual Result<std::unique_ptr<Model>> fit(const ModelSettings& settings,
                                             const TrainingRows& rows, const CallOptions& call) = 0;
  // Fails with kModelArtifact if the bytes are not such a model.
  virtual Result<std::unique_ptr<Model>> load(std::string_view bytes, const CallOptions& call) = 0;
};

// ---- orchestrator ----

struct RenderedFile {
  std::string path;  // Relative to the project's root.
  std::string content;
  bool executable = false;
};

class Orchestrator {
 public:
  virtual ~Orchestrator() = default;
  // `pipeline` is the canonical form that core/pipeline writes: steps with commands, schedule.
  // `options` are the backend's own and, always, "root" (of the project), "rtml" (the program) and
  // "directory" (of the project in its repository); a backend takes those that it needs.
  virtual Result<std::vector<RenderedFile>> render(const Json& pipeline, const Json& options,
                                                   const CallOptions& call) = 0;
};

}  // namespace rtml::plugin
