// Reads as people and JSON bring them: keys as texts or JSON, an event as an object. What a
// server's hot path does not need stands here, not in the reader.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/online/reader.h"

namespace rtml::online {

// Names with texts, of which each is read as the type of its column.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// Names with values: as texts, or as the members of an object.
struct NamedValues {
  NamedTexts texts;
  Json json = Json::object();
};

// One entity asked for.
struct EntityRequest {
  NamedValues keys;  // Its key columns.
  std::int64_t time_us = 0;
  // Columns of an event of the request, applied to a copy of the state before it is read; null for
  // none. Its time is its timestamp column, or time_us where it has none. The member "event_source"
  // may name its source, and must for views of several. Views whose source is another one, or lacks
  // one of the columns, do not see it.
  Json event;
  // For on-demand views. What they do not name is the event's column of that name, or the entity's
  // key, as in training, where one row is all of these.
  NamedValues columns;
};

// Reads {"entity": {…}, "at": TIME, "event": {…}, "request": {…}}, any of them absent; `time_us`
// is the moment of one without "at". Fails with kBadOptionValue.
Result<EntityRequest> request_of_json(const Json& json, std::int64_t time_us);

// Requests that are read together.
class BoundRequests {
 public:
  // `reader` must outlive this.
  explicit BoundRequests(const Reader& reader);
  ~BoundRequests();
  BoundRequests(BoundRequests&&) noexcept;
  BoundRequests& operator=(BoundRequests&&) = delete;

  // Adds an entity. Adds nothing and fails with kUsage if it lacks a key, has one that no view has,
  // or is not the event's, if an on-demand view lacks a column or none has one that is brought, and
  // kBadOptionValue for a value that is not of its type.
  Status add(EntityRequest request);
  std::size_t size() const { return entities_.size(); }
  void clear();

  // Lives until the next add() or clear().
  ReadRequest request();
  // The keys of an entity as JSON, typed; those that came with the event too.
  const Json& keys_json(std::size_t entity) const;
  std::int64_t time_us(std::size_t entity) const;

 private:
  struct Bound;
  Status bind(Bound& bound) const;
  Status bind_event(Bound& bound) const;
  Status bind_columns(Bound& bound) const;

  const Reader& reader_;
  std::vector<std::unique_ptr<Bound>> entities_;
  // As request() gives them.
  std::vector<std::span<const table::Value>> keys_;
  std::vector<std::span<const table::Value>> columns_;
  std::vector<const feature::Event*> events_;
  std::vector<std::int64_t> times_us_;
};

}  // namespace rtml::online
