// The storage capabilities as a plugin's author writes them: derive, override, and name the class
// in RTML_PLUGIN (plugin.h).
//
// Every class that RTML_PLUGIN is given has a static function
//   static Result<std::unique_ptr<Itself>> open(const std::string& options, const Call& call);
// `options` is the text of a JSON object. An object is used by one thread at a time; different
// objects may be used at once. What each function must do is said in rtml_plugin.h.

#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rtml/sdk/call.h"
#include "rtml/sdk/rows.h"

namespace rtml::sdk {

// ---- table ----

struct ColumnHint {
  std::string column;
  std::string type;       // "INT64", "LIST<DOUBLE>"; empty: as the data has it.
  std::string time_unit;  // "s", "ms", "us", "ns"; empty: none.
};

struct ScanRequest {
  std::string path;
  std::string format;
  std::optional<std::vector<std::string>> columns;  // Nothing: all.
  std::vector<ColumnHint> hints;
  std::int64_t batch_rows = 65'536;
  std::string options;

  // The hint for a column, or null.
  const ColumnHint* hint(std::string_view column) const {
    for (const ColumnHint& hint : hints) {
      if (hint.column == column) return &hint;
    }
    return nullptr;
  }
};

struct WriteRequest {
  std::string path;
  std::string format;
  std::string options;
};

// Rows that a plugin gives, read once from front to back.
class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual Status schema(ArrowSchema* out) = 0;
  // Gives the next rows as a struct array; false at the end, with `out` untouched.
  virtual Result<bool> next(ArrowArray* out) = 0;
};

// Rows that the host gives, read once from front to back.
class RowSource {
 public:
  explicit RowSource(ArrowArrayStream* stream) : stream_(stream) {}

  // For libraries that read a C stream themselves; they must not release it.
  ArrowArrayStream* stream() { return stream_; }
  Status schema(ArrowSchema* out) { return check(stream_->get_schema(stream_, out)); }
  // Gives the next rows, which the caller releases; false at the end.
  Result<bool> next(ArrowArray* out) {
    RTML_SDK_TRY(check(stream_->get_next(stream_, out)));
    return out->release != nullptr;
  }

 private:
  Status check(int status) {
    if (status == 0) return {};
    const char* message = stream_->get_last_error(stream_);
    return fail(RTML_STATUS_FAILED, message == nullptr ? "cannot read rows" : message);
  }
  ArrowArrayStream* stream_;
};

class TableStore {
 public:
  virtual ~TableStore() = default;
  virtual Status schema(const ScanRequest& request, const Call& call, ArrowSchema* out) = 0;
  // `call` stays valid as long as the reader.
  virtual Result<std::unique_ptr<RowReader>> scan(const ScanRequest& request, const Call& call) = 0;
  // Returns the number of rows written.
  virtual Result<std::int64_t> write(const WriteRequest& request, RowSource& rows,
                                     const Call& call) = 0;
};

// ---- online ----

// Groups with their members, in the order in which they are added, as views: into memory that an
// owner keeps (pages of a database, a reply), or into copies that this object keeps.
class Groups {
 public:
  Groups() = default;
  explicit Groups(std::shared_ptr<const void> owner) : owner_(std::move(owner)) {}

  // Keeps a copy of `bytes` and returns a view of it.
  std::string_view copy(std::string_view bytes) { return copies_.emplace_back(bytes); }

  void add_group(std::string_view name) {
    groups_.push_back({{name.data(), name.size()}, 0, nullptr});
  }
  // To the group that was added last; in the order of names.
  void add_member(std::string_view name, std::string_view value) {
    members_.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
    ++groups_.back().member_count;
  }

  static std::string_view text(const rtml_bytes& bytes) {
    return {static_cast<const char*>(bytes.data), bytes.size};
  }

  // Adds copies of the groups of another object.
  void add_copy(Groups& other) {
    for (const rtml_group& group : other.finish()) {
      add_group(copy(text(group.name)));
      for (std::int64_t i = 0; i < group.member_count; ++i) {
        add_member(copy(text(group.members[i].name)), copy(text(group.members[i].value)));
      }
    }
  }

  // The groups as the ABI has them, valid until the next call of a function that adds.
  const std::vector<rtml_group>& finish() {
    const rtml_member* next = members_.data();
    for (rtml_group& group : groups_) {
      group.members = group.member_count > 0 ? next : nullptr;
      next += group.member_count;
    }
    return groups_;
  }

 private:
  std::shared_ptr<const void> owner_;
  std::deque<std::string> copies_;
  std::vector<rtml_group> groups_;
  std::vector<rtml_member> members_;
};

class OnlineTransaction {
 public:
  virtual ~OnlineTransaction() = default;  // Without commit(), nothing happened.
  virtual Result<Groups> get(const std::vector<std::string_view>& groups) = 0;
  virtual Status put(std::string_view group, std::string_view member, std::string_view value) = 0;
  virtual Status remove(std::string_view group, std::string_view member) = 0;
  virtual Status remove_group(std::string_view group) = 0;
  virtual Status expire(std::string_view group, std::int64_t at_us) = 0;
  virtual Status commit() = 0;
};

class OnlineStore {
 public:
  virtual ~OnlineStore() = default;
  virtual bool commits_atomically() const = 0;
  virtual Result<Groups> get_groups(const std::vector<std::string_view>& groups,
                                    const Call& call) = 0;
  virtual Result<Groups> scan(std::string_view prefix, std::string_view after, std::int64_t limit,
                              bool with_members, const Call& call) = 0;
  // `call` stays valid as long as the transaction.
  virtual Result<std::unique_ptr<OnlineTransaction>> begin(std::string_view scope,
                                                           std::uint64_t epoch,
                                                           const Call& call) = 0;
};

// ---- stream ----

using Message = rtml_message;

inline constexpr std::int64_t kOffsetBeginning = RTML_OFFSET_BEGINNING;

struct Poll {
  // Valid, with what they point to, until the next poll() or the reader's end.
  std::span<const Message> messages;
  bool ended = false;
  bool assignment_changed = false;
};

struct Partition {
  std::int32_t partition = 0;
  bool is_started = false;
  std::int64_t first_offset = -1;  // -1: not known.
  std::int64_t end_offset = -1;
  std::string name;  // For people; may be empty.
};

class StreamReader {
 public:
  virtual ~StreamReader() = default;
  virtual Result<Poll> poll(std::int64_t limit, const Call& call) = 0;
  virtual Result<std::vector<Partition>> assignment(const Call& call) = 0;
  virtual Status start(std::int32_t partition, std::int64_t offset, const Call& call) = 0;
  virtual Status acknowledge(std::int32_t partition, std::int64_t next_offset,
                             const Call& call) = 0;
};

class StreamStore {
 public:
  virtual ~StreamStore() = default;
  virtual Result<std::vector<Partition>> partitions(const std::string& options,
                                                    const Call& call) = 0;
  virtual Result<std::unique_ptr<StreamReader>> open_reader(const std::string& options,
                                                            const Call& call) = 0;
};

// ---- blob ----

struct Blob {
  std::string bytes;
  std::string revision;
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual Result<std::optional<Blob>> get(const std::string& name, const Call& call) = 0;
  // Returns the new revision.
  virtual Result<std::string> put(const std::string& name, std::string_view bytes,
                                  const Call& call) = 0;
  // `expected` nothing: only if there is no such blob.
  virtual Result<std::string> put_if_unchanged(const std::string& name, std::string_view bytes,
                                               const std::optional<std::string>& expected,
                                               const Call& call) = 0;
};

}  // namespace rtml::sdk
