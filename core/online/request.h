// A read as people and JSON bring it: keys as texts, an event as an object. What a server's hot
// path does not need stands here, not in the reader.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/online/reader.h"
#include "core/table/value_memory.h"

namespace rtml::online {

// One entity asked for: the texts of its key columns.
using EntityKeyTexts = std::vector<std::pair<std::string, std::string>>;

// What a request brings for one entity: columns as texts, or as the members of an object.
struct RequestColumns {
  std::vector<std::pair<std::string, std::string>> texts;
  Json json = Json::object();
};

struct TextRequest {
  std::span<const EntityKeyTexts> entities;
  std::int64_t time_us = 0;
  // Columns of an event of the request, applied to a copy of the state before it is read; null for
  // none. Its time is its timestamp column, or time_us where it has none. The member "event_source"
  // may name its source, and must for views of several. Views whose source is another one, or lacks
  // one of the columns, do not see it.
  Json event;
  // For on-demand views: one for each entity, one for all of them, or none. What they do not name
  // is the event's column of that name, or the entity's key, as in training, where one row is all
  // of these.
  std::span<const RequestColumns> columns;
};

// The values of a TextRequest, which must outlive them.
class BoundRequest {
 public:
  // Fails with kUsage if an entity lacks a key, has one that no view has, or is not the event's, if
  // an on-demand view lacks a column or none has one that is brought, and kBadOptionValue for a
  // value that is not of its type.
  static Result<BoundRequest> bind(const TextRequest& request, const Reader& reader);

  BoundRequest(BoundRequest&&) noexcept = default;
  BoundRequest& operator=(BoundRequest&&) noexcept = default;

  // Lives as long as this does.
  ReadRequest request() const;
  // The keys of an entity as JSON, typed; those that came with the event too.
  Json keys_json(std::size_t entity) const;

 private:
  BoundRequest() = default;
  Status bind_event(const Json& event, std::int64_t time_us, const Reader& reader);
  Status bind_columns(const TextRequest& request, const Reader& reader);

  std::vector<std::vector<table::Value>> keys_;
  std::vector<std::span<const table::Value>> key_spans_;
  std::vector<std::vector<table::Value>> inputs_;
  std::vector<feature::Event> events_;
  std::vector<const feature::Event*> event_of_view_;
  std::vector<std::vector<table::Value>> columns_;
  std::vector<std::span<const table::Value>> column_spans_;
  table::ValueMemory memory_;
  std::vector<Json> keys_json_;
  std::int64_t time_us_ = 0;
};

}  // namespace rtml::online
