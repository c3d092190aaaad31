/* The rtml plugin interface, version 0.
 *
 * A plugin is a shared library that gives rtml a storage, model or orchestrator backend. It exports
 * one symbol, `rtml_plugin_descriptor`, an object of type `struct rtml_plugin` that is constant
 * data: the host reads its version before it calls anything. This header is all that the two sides
 * share; it is C11, needs nothing but the C library and carries no C++.
 *
 * The words MUST, MUST NOT, SHOULD and MAY are used as in RFC 2119. "The host" is rtml or whoever
 * else loads plugins.
 *
 *
 * 1. Versions
 *
 * RTML_PLUGIN_ABI_VERSION is 0 until a second backend of every capability has shaped this
 * interface. Under version 0 both sides MUST have been built against the same version number;
 * from version 1 on, members are only ever added at the end of a table and a version change means
 * a break.
 *
 * Every structure that either side may extend starts with `struct_size`, the size of the structure
 * as its maker knew it. A reader MUST NOT touch a member at or beyond that size, and MUST take an
 * absent member for zero. A maker MUST set the members that it has no use for to zero.
 *
 *
 * 2. Memory and ownership
 *
 * What the host passes into a call (requests, keys, texts) belongs to the host and is valid until
 * the call returns. A plugin MUST copy what it wants to keep. Two things live longer, as said
 * where they appear: a call context given to a function that makes an object, and a stream of rows
 * that is moved.
 *
 * What a plugin returns through an out parameter belongs to the host from then on and is freed by
 * the `release` member of the structure, which the plugin MUST set and which the host calls
 * exactly once. After release the structure's contents are undefined. A plugin that fails MUST
 * leave out parameters other than the error untouched, or released.
 *
 * Objects (stores, readers, transactions, models) are opaque pointers that the plugin makes and
 * that the host gives back to the matching close function exactly once. The host closes what was
 * made from a store before it closes the store.
 *
 * Texts are UTF-8. Those of type `const char*` end with a NUL and are never NULL unless said;
 * those of type `struct rtml_bytes` have a size, may hold any byte, and their `data` MAY be NULL
 * when `size` is 0. JSON texts follow RFC 8259; an options text is always one JSON object.
 *
 *
 * 3. Threads, time and interruption
 *
 * The host uses an object from one thread at a time, but different objects of one plugin from
 * several threads at once; a plugin MUST guard whatever its objects share. A plugin MAY start
 * threads; they MUST have ended when the object that they serve is closed, and they MUST NOT call
 * the host except as section 2 and `struct rtml_call` allow.
 *
 * A plugin MUST NOT change the process: no signal handlers, working directory, locale,
 * environment, standard streams, umask, and no call of exit() or abort(). No C++ exception and no
 * longjmp may leave a plugin's function. A plugin is never unloaded, so that static data lives
 * until the process ends.
 *
 * A call that may block takes a `struct rtml_call`. A plugin SHOULD look at its deadline and ask
 * `is_cancelled` at least every 100 ms, and then fail with RTML_STATUS_TIMEOUT or
 * RTML_STATUS_CANCELLED. What it had begun to change is then undone or complete, never half done.
 *
 *
 * 4. Errors
 *
 * Every function that can fail returns a status and takes a `struct rtml_error*`, never NULL, that
 * the host has set to zero except for `struct_size`. On failure the plugin fills it in; a failure
 * without a message is legal but poor. On RTML_STATUS_OK the plugin MUST leave it untouched. The
 * message names the operation, then the value: "cannot open table: data/a.parquet". It does not
 * name the plugin; the host does that.
 *
 * The status says whose fault it is, and the host's exit status follows from it. `retryable` says
 * that the same call may succeed later although nothing is changed by hand: a lock, a broker
 * that is away. A plugin MUST NOT set it where repeating could do a thing twice.
 *
 *
 * 5. Rows
 *
 * Tables cross as the Apache Arrow C data interface: a table is a struct array (format "+s"), one
 * child per column, without nulls of its own. These are the only column types, on both ways:
 *
 *   BOOL "b"   INT32 "i"   INT64 "l"   FLOAT "f"   DOUBLE "g"   STRING "u"   BYTES "z"
 *   TIMESTAMP "tsu:UTC"    LIST<T> "+l" of one of these, itself not a list
 *
 * A TIMESTAMP is microseconds since 1970-01-01T00:00:00Z. STRING is valid UTF-8. Column names are
 * valid UTF-8, not empty and unique. Dictionaries do not appear. A plugin converts what its medium
 * holds into these types. Offsets (of slices) MAY be other than 0 and `null_count` MAY be -1. The
 * host checks every array that a plugin gives it in full, and reports a plugin whose arrays break
 * these rules.
 */

#ifndef RTML_PLUGIN_H
#define RTML_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include "rtml/arrow_c_data_interface.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RTML_PLUGIN_ABI_VERSION 0

/* The one exported symbol. */
#define RTML_PLUGIN_SYMBOL "rtml_plugin_descriptor"

#if defined(__GNUC__)
#define RTML_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define RTML_PLUGIN_EXPORT
#endif

/* ---- Status codes ------------------------------------------------------------------------- */

typedef int32_t rtml_status;

/* The call did what it says. */
#define RTML_STATUS_OK 0
/* The backend failed, and no other code says it better. */
#define RTML_STATUS_FAILED 1
/* The host broke this contract: a NULL where none is allowed, calls out of order. The host's
 * fault; a user cannot mend it. */
#define RTML_STATUS_INVALID_CALL 2
/* An option, parameter or request that the user wrote makes no sense. The user's fault. */
#define RTML_STATUS_INVALID_ARGUMENT 3
/* The thing asked for (file, table, topic) does not exist. */
#define RTML_STATUS_NOT_FOUND 4
/* The operating system or the network failed: permissions, disk full, connection lost. */
#define RTML_STATUS_IO 5
/* A lock is held by someone else. Always retryable. */
#define RTML_STATUS_BUSY 6
/* The deadline of the call passed. Always retryable. */
#define RTML_STATUS_TIMEOUT 7
/* `is_cancelled` said so. */
#define RTML_STATUS_CANCELLED 8
/* The backend cannot do this at all (a model that cannot learn on, a format it does not know). */
#define RTML_STATUS_UNSUPPORTED 9
/* put_if_unchanged: the blob is no longer as expected. Nothing was written. */
#define RTML_STATUS_CHANGED 10
/* begin or commit: another writer has committed with a higher epoch. Nothing was written. */
#define RTML_STATUS_STALE_EPOCH 11
/* The data lacks a column that was asked for. */
#define RTML_STATUS_MISSING_COLUMN 12
/* A value or column cannot become the type that was declared. The message names the file, the
 * column, the row and the value. */
#define RTML_STATUS_WRONG_TYPE 13
/* The data is truncated or malformed. */
#define RTML_STATUS_CORRUPT 14
/* The data is there but holds nothing to read, not even a header. */
#define RTML_STATUS_EMPTY 15
/* A timestamp that cannot be read or is outside the years 1 to 9999. */
#define RTML_STATUS_BAD_TIMESTAMP 16
/* A value of the right type that cannot be used. */
#define RTML_STATUS_BAD_VALUE 17
/* load: the bytes are no model of this backend. */
#define RTML_STATUS_BAD_MODEL 18
/* The rows cannot be learnt from (one class only, no rows, a type that the model does not take). */
#define RTML_STATUS_BAD_TRAINING_DATA 19

/* What went wrong. Filled in by the plugin, released by the host. */
struct rtml_error {
  size_t struct_size;
  const char* message; /* NULL: none. */
  const char* help;    /* What to do about it, one sentence; NULL: nothing to say. */
  const char* file;    /* The file that a person should open; NULL: none. */
  int64_t line;        /* In `file`, from 1; 0: unknown. */
  int64_t column;      /* In characters of that line, from 1; 0: unknown. */
  int32_t retryable;   /* Not 0: the same call may succeed later. */
  void (*release)(
      struct rtml_error* error); /* Frees the texts; NULL if there is nothing to free. */
  void* private_data;
};

/* ---- Calls and buffers -------------------------------------------------------------------- */

/* How long a call may take and whether it is still wanted. Where a call makes an object (a stream,
 * a reader, a transaction), the context stays valid until that object is released or closed. */
struct rtml_call {
  size_t struct_size;
  int64_t deadline_us; /* Of CLOCK_MONOTONIC, in microseconds; 0: none. */
  /* Not 0 once the call should stop. Never NULL. May be called from any thread. */
  int32_t (*is_cancelled)(const struct rtml_call* call);
  const void* host_data;
};

/* Bytes that belong to someone else. */
struct rtml_bytes {
  const void* data;
  size_t size;
};

/* Bytes that a plugin returns. */
struct rtml_buffer {
  const void* data;
  size_t size;
  void (*release)(struct rtml_buffer* buffer);
  void* private_data;
};

/* ---- Storage: table ----------------------------------------------------------------------- */

/* What the host says about a column that it wants. */
struct rtml_column_hint {
  const char* column;
  const char* type; /* "INT64", "LIST<DOUBLE>", … as in section 5; NULL: as the data has it. */
  const char* time_unit; /* "s", "ms", "us" or "ns" where integers are to be read as times; NULL. */
};

struct rtml_scan_request {
  size_t struct_size;
  const char* path;           /* A path or a glob. */
  const char* format;         /* "parquet", "csv", "jsonl", …; "": the plugin decides. */
  int64_t column_count;       /* -1: all columns, in the table's order. */
  const char* const* columns; /* The columns wanted, in the order wanted. */
  int64_t hint_count;
  const struct rtml_column_hint* hints; /* A hint for a column that is not wanted is ignored. */
  int64_t batch_rows;                   /* The largest number of rows in a batch; at least 1. */
  const char* options;                  /* JSON object. */
};

struct rtml_write_request {
  size_t struct_size;
  const char* path;
  const char* format;
  const char* options; /* JSON object. */
};

struct rtml_table_store {
  size_t struct_size;
  rtml_status (*open)(const char* options, const struct rtml_call* call, void** store,
                      struct rtml_error* error);
  void (*close)(void* store);
  /* Gives the schema that scan() of the same request would give, without reading rows where the
   * medium allows that. */
  rtml_status (*schema)(void* store, const struct rtml_scan_request* request,
                        const struct rtml_call* call, struct ArrowSchema* schema,
                        struct rtml_error* error);
  /* Gives the rows in a fixed order: repeating the scan of unchanged data gives equal rows in equal
   * order. The stream's memory MUST NOT grow with the number of rows. `call` stays valid until the
   * stream is released. */
  rtml_status (*scan)(void* store, const struct rtml_scan_request* request,
                      const struct rtml_call* call, struct ArrowArrayStream* rows,
                      struct rtml_error* error);
  /* Tells what went wrong after get_schema or get_next of a stream from scan() returned other than
   * 0, with a status as other calls have it. The host calls it at most once and uses the stream no
   * more, except for releasing it. */
  rtml_status (*stream_error)(void* store, struct ArrowArrayStream* rows, struct rtml_error* error);
  /* Writes all rows. The table appears under its name complete or not at all, whatever happens,
   * and is durable when the call returns. `rows` is the host's: the plugin reads it to its end and
   * does not release it. If reading fails, the plugin cleans up and fails with any status: the host
   * reports its own error. `*row_count` is the number of rows written. */
  rtml_status (*write)(void* store, const struct rtml_write_request* request,
                       struct ArrowArrayStream* rows, const struct rtml_call* call,
                       int64_t* row_count, struct rtml_error* error);
};

/* ---- Storage: online ---------------------------------------------------------------------- */

struct rtml_member {
  struct rtml_bytes name;
  struct rtml_bytes value;
};

/* A group that holds nothing has no members: that and its absence are the same. */
struct rtml_group {
  struct rtml_bytes name;
  int64_t member_count;
  const struct rtml_member* members; /* In the order of their names, as memcmp orders them. */
};

struct rtml_groups {
  int64_t count;
  const struct rtml_group* groups;
  void (*release)(struct rtml_groups* groups);
  void* private_data;
};

/* A map of two levels, shared by processes: a group (a name of 1 to 400 bytes) has members (names
 * of 0 to 100 bytes) with values. Names and values are any bytes; names are ordered as memcmp
 * orders them. Members of one group are read together and change together; so a store keeps them
 * near each other and a read of a group costs one look-up. A read sees what was committed before
 * it began.
 *
 * Epochs fence writers. The scope of a transaction names what one writer owns at a time. A writer
 * takes a scope over by committing a transaction, which may be empty, with a higher epoch; then it
 * reads what is there. From then on whatever the writer before it commits is refused. */
struct rtml_online_store {
  size_t struct_size;
  rtml_status (*open)(const char* options, const struct rtml_call* call, void** store,
                      struct rtml_error* error);
  void (*close)(void* store);
  /* Not 0: a commit is everything or nothing. 0: a commit that is cut short leaves whole groups,
   * some as before and some as after, and the group that is named like the scope is written after
   * all others; see commit(). Constant for a store. */
  int32_t (*commits_atomically)(void* store);
  /* One entry for each name asked for, in their order, in one round trip (to each node). The
   * members of a group belong to one moment; all of them do where the store commits atomically and
   * is one node. */
  rtml_status (*get_groups)(void* store, const struct rtml_bytes* groups, int64_t group_count,
                            const struct rtml_call* call, struct rtml_groups* found,
                            struct rtml_error* error);
  /* The groups whose name starts with `prefix` and is greater than `after` (empty: from the first),
   * in the order of names, at most `limit` of them, which is at least 1; without their members
   * where `with_members` is 0. */
  rtml_status (*scan)(void* store, struct rtml_bytes prefix, struct rtml_bytes after, int64_t limit,
                      int32_t with_members, const struct rtml_call* call, struct rtml_groups* found,
                      struct rtml_error* error);
  /* Starts a write transaction. `scope` is a name of 1 to 400 bytes; the store remembers the
   * highest epoch with which a transaction of that scope was committed, and refuses lower ones here
   * or in commit() with RTML_STATUS_STALE_EPOCH. What the store remembers of a scope is no group:
   * scan() does not show it. A store that lets one writer in at a time waits for the other until
   * the deadline, then fails with RTML_STATUS_BUSY; another may refuse the later of two commits of
   * one scope with RTML_STATUS_BUSY. `call` stays valid until end(). */
  rtml_status (*begin)(void* store, struct rtml_bytes scope, uint64_t epoch,
                       const struct rtml_call* call, void** transaction, struct rtml_error* error);
  /* As get_groups() of the store, but sees the transaction's own changes. Where a store does not
   * commit atomically, each group that is read here is fenced at once: a transaction of this scope
   * with a lower epoch can no longer change it. */
  rtml_status (*get)(void* transaction, const struct rtml_bytes* groups, int64_t group_count,
                     struct rtml_groups* found, struct rtml_error* error);
  rtml_status (*put)(void* transaction, struct rtml_bytes group, struct rtml_bytes member,
                     struct rtml_bytes value, struct rtml_error* error);
  /* Removing what is absent is no error. A group whose last member goes is gone. */
  rtml_status (*remove)(void* transaction, struct rtml_bytes group, struct rtml_bytes member,
                        struct rtml_error* error);
  rtml_status (*remove_group)(void* transaction, struct rtml_bytes group, struct rtml_error* error);
  /* From `at_us`, of the wall clock, the store may forget the group, whole; before, it may not. The
   * latest call for a group holds, and INT64_MAX takes it back; a group that is removed and put
   * again has none. A store may ignore this. */
  rtml_status (*expire)(void* transaction, struct rtml_bytes group, int64_t at_us,
                        struct rtml_error* error);
  /* Durable when it returns, as durable as the store is set up to be. Only end() may follow.
   *
   * A store that does not commit atomically writes each group atomically and only if no
   * transaction of this scope with a higher epoch has written or fenced it, and the group that is
   * named like the scope after all others are stored. So a writer that keeps its position in that
   * group and in each other group the position up to which that one is, can repeat what a cut-short
   * commit left undone. */
  rtml_status (*commit)(void* transaction, struct rtml_error* error);
  /* Frees the transaction; what was not committed did not happen. */
  void (*end)(void* transaction);
};

/* ---- Storage: stream ----------------------------------------------------------------------
 *
 * A stream has partitions, each an ordered log of messages. A partition keeps its number though
 * others come and go, and a message keeps its offset. Where reading goes on after a restart is the
 * host's to know, never the medium's: the host stores offsets together with what it made of the
 * messages.
 *
 * A reader owns some of the partitions, its assignment: all of them, or its share where the medium
 * divides them among the readers of a group. The host learns of a change by poll(), asks for the
 * assignment, and starts each partition that is not started; messages of a partition come only
 * after that. A partition that is taken away, or taken away and given back, is no longer started.
 *
 * After a retryable error a reader goes on where it was: the host MAY call again. After any other
 * error the host only closes it. */

/* start(): at the oldest message that the medium still has. */
#define RTML_OFFSET_BEGINNING (-1)

struct rtml_message {
  struct rtml_bytes bytes; /* As they came; decoding is the host's. */
  struct rtml_bytes key;   /* The medium's own key of the message; empty where there is none. */
  int64_t offset;          /* At least 0, ascending within a partition; gaps are legal. */
  int64_t ingest_time_us;  /* When the medium took the message; 0: not known. */
  int32_t partition;
  int32_t is_tombstone; /* Not 0: there is no value, which is not an empty one. `bytes` is empty. */
};

struct rtml_poll {
  size_t struct_size; /* Set by the host. */
  int64_t count;
  /* Belong to the reader, with their bytes and keys, until the next poll() or close_reader(). */
  const struct rtml_message* messages;
  /* Not 0: all partitions of the assignment are started and at their end, and nothing will come any
   * more. With or after the last message. A stream that may grow never ends. */
  int32_t ended;
  /* Not 0: the assignment is another one than that which assignment() gave last, or a partition of
   * it is no longer started. True of the first poll that knows an assignment, even an empty one. */
  int32_t assignment_changed;
};

struct rtml_partition {
  int32_t partition; /* At least 0. */
  int32_t is_started;
  /* The first offset that can be read and the one after the last; -1: not known at the moment. Their
   * distance to the next offset wanted is the lag, in what the medium counts offsets by: messages,
   * bytes. */
  int64_t first_offset;
  int64_t end_offset;
  struct rtml_bytes name; /* For people: a file's path; empty: the number says it. */
};

struct rtml_partitions {
  int64_t count;
  const struct rtml_partition* partitions; /* By number, each once. */
  void (*release)(struct rtml_partitions* partitions);
  void* private_data;
};

struct rtml_stream_store {
  size_t struct_size;
  rtml_status (*open)(const char* options, const struct rtml_call* call, void** store,
                      struct rtml_error* error);
  void (*close)(void* store);
  /* All partitions with their ends, for looking on: joins no group, disturbs no reader. `options`
   * are those of open_reader(). */
  rtml_status (*partitions)(void* store, const char* options, const struct rtml_call* call,
                            struct rtml_partitions* partitions, struct rtml_error* error);
  /* Fails with RTML_STATUS_NOT_FOUND if there is no such stream. `call` stays valid until
   * close_reader(), but its deadline is for this call alone. */
  rtml_status (*open_reader)(void* store, const char* options, const struct rtml_call* call,
                             void** reader, struct rtml_error* error);
  /* Gives up the assignment without delay. */
  void (*close_reader)(void* reader);
  /* Up to `limit` messages; waits until the deadline (none: not at all) for the first one or for a
   * change. Nothing to give at the deadline is no failure. Gives fewer where many bytes come
   * together: 16 MiB and one message SHOULD be the most. A medium that cannot be reached is
   * reported at the deadline with a retryable error, and tried again by the plugin meanwhile. */
  rtml_status (*poll)(void* reader, int64_t limit, const struct rtml_call* call,
                      struct rtml_poll* poll, struct rtml_error* error);
  /* The partitions that the reader owns. Answers from what is known, without waiting. */
  rtml_status (*assignment)(void* reader, const struct rtml_call* call,
                            struct rtml_partitions* partitions, struct rtml_error* error);
  /* Reads a partition of the assignment from `offset`, or the first one after it that exists, or
   * RTML_OFFSET_BEGINNING. A partition that is started already continues there. What was at
   * `offset` and is gone (retention, a topic made anew) is never skipped in silence: this call or a
   * poll fails with RTML_STATUS_NOT_FOUND. */
  rtml_status (*start)(void* reader, int32_t partition, int64_t offset,
                       const struct rtml_call* call, struct rtml_error* error);
  /* What is below `next_offset` is stored for good. For the medium's own records, by which people
   * watch a consumer; MUST NOT decide where reading goes on. Does not wait, and a failure is none
   * of the stream's: a medium without such records does nothing. */
  rtml_status (*acknowledge)(void* reader, int32_t partition, int64_t next_offset,
                             const struct rtml_call* call, struct rtml_error* error);
};

/* ---- Storage: blob ------------------------------------------------------------------------ */

/* Names are relative paths of [A-Za-z0-9._-] with "/" between parts; no part is "." or "..".
 *
 * A revision is a text that changes whenever the bytes do. */
struct rtml_blob_store {
  size_t struct_size;
  rtml_status (*open)(const char* options, const struct rtml_call* call, void** store,
                      struct rtml_error* error);
  void (*close)(void* store);
  /* `*found` is 0 where there is no such blob, and the buffers are then untouched. */
  rtml_status (*get)(void* store, const char* name, const struct rtml_call* call,
                     struct rtml_buffer* bytes, struct rtml_buffer* revision, int32_t* found,
                     struct rtml_error* error);
  /* Readers see the old bytes or the new, never a mixture; durable when it returns. */
  rtml_status (*put)(void* store, const char* name, struct rtml_bytes bytes,
                     const struct rtml_call* call, struct rtml_buffer* revision,
                     struct rtml_error* error);
  /* Writes only if the blob's revision is `expected` (NULL: only if there is none), or else fails
   * with RTML_STATUS_CHANGED. Of several callers with one expectation exactly one succeeds. */
  rtml_status (*put_if_unchanged)(void* store, const char* name, struct rtml_bytes bytes,
                                  const char* expected, const struct rtml_call* call,
                                  struct rtml_buffer* revision, struct rtml_error* error);
};

/* ---- Model -------------------------------------------------------------------------------- */

/* Columns of equal length as one struct array. Both belong to the host and are valid during the
 * call; the plugin does not release them and keeps no pointer into them. */
struct rtml_rows {
  const struct ArrowSchema* schema;
  const struct ArrowArray* array;
};

struct rtml_training_rows {
  size_t struct_size;
  struct rtml_rows features;
  const struct ArrowArray* label;  /* DOUBLE without nulls, one a row; NULL: there is none. */
  const struct ArrowArray* weight; /* DOUBLE without nulls, one a row; NULL: 1 each. */
};

struct rtml_model_settings {
  size_t struct_size;
  const char* parameters; /* JSON object; a parameter that is unknown or out of range is refused
                             with RTML_STATUS_INVALID_ARGUMENT, naming it. */
  int64_t feature_count;
  const char* const* feature_names; /* Later calls give these columns in this order. */
  uint64_t seed;                    /* Equal seeds, rows and parameters give equal bits. */
};

struct rtml_model_backend {
  size_t struct_size;
  /* The parameters with their types, ranges, defaults and meanings, as a JSON Schema. */
  rtml_status (*parameter_schema)(struct rtml_buffer* schema, struct rtml_error* error);
  /* A model that has learnt nothing. */
  rtml_status (*create)(const struct rtml_model_settings* settings, void** model,
                        struct rtml_error* error);
  /* A model that has learnt from `rows` alone. */
  rtml_status (*fit)(const struct rtml_model_settings* settings,
                     const struct rtml_training_rows* rows, const struct rtml_call* call,
                     void** model, struct rtml_error* error);
  /* A model from the bytes of save(), which may come from anywhere: a plugin checks them. */
  rtml_status (*load)(struct rtml_bytes bytes, const struct rtml_call* call, void** model,
                      struct rtml_error* error);
  /* Learns on from where the model is. RTML_STATUS_UNSUPPORTED if it cannot. After a failure the
   * model is as before. */
  rtml_status (*update)(void* model, const struct rtml_training_rows* rows,
                        const struct rtml_call* call, struct rtml_error* error);
  /* One DOUBLE a row, without nulls: the probability of label 1, or the value of a regression. A
   * row's prediction does not depend on the other rows. */
  rtml_status (*predict)(void* model, const struct rtml_rows* features,
                         const struct rtml_call* call, struct ArrowArray* predictions,
                         struct rtml_error* error);
  /* Bytes from which load() makes a model that predicts and learns on with the same bits. */
  rtml_status (*save)(void* model, const struct rtml_call* call, struct rtml_buffer* bytes,
                      struct rtml_error* error);
  /* What a person wants to see of a model, as a JSON object. */
  rtml_status (*describe)(void* model, const struct rtml_call* call,
                          struct rtml_buffer* description, struct rtml_error* error);
  void (*close)(void* model);
};

/* ---- Orchestrator ------------------------------------------------------------------------- */

struct rtml_file {
  const char* path; /* Relative to the project's root, without "..". */
  struct rtml_bytes content;
  int32_t executable;
};

struct rtml_files {
  int64_t count;
  const struct rtml_file* files;
  void (*release)(struct rtml_files* files);
  void* private_data;
};

struct rtml_orchestrator {
  size_t struct_size;
  /* Writes a pipeline as files of the orchestrator's own form. Touches no disk. Equal input gives
   * equal bytes. `pipeline` and `options` are JSON objects. */
  rtml_status (*render)(const char* pipeline, const char* options, const struct rtml_call* call,
                        struct rtml_files* files, struct rtml_error* error);
};

/* ---- The descriptor ----------------------------------------------------------------------- */

/* What a library exports under RTML_PLUGIN_SYMBOL. It MUST agree with the manifest beside the
 * library in name, kind, version, ABI version and capabilities. A table that is given MUST have all
 * of its functions. */
struct rtml_plugin {
  size_t struct_size;
  uint32_t abi_version;                 /* RTML_PLUGIN_ABI_VERSION of this header. */
  const char* name;                     /* [a-z][a-z0-9-]{0,62} */
  const char* kind;                     /* "storage", "model" or "orchestrator". */
  const char* version;                  /* Of the plugin, for people. */
  const struct rtml_table_store* table; /* NULL: this capability is absent. So for all tables. */
  const struct rtml_online_store* online;
  const struct rtml_stream_store* stream;
  const struct rtml_blob_store* blob;
  const struct rtml_model_backend* model;
  const struct rtml_orchestrator* orchestrator;
};

#ifdef __cplusplus
}
#endif

#endif /* RTML_PLUGIN_H */
