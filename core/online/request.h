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

namespace rtml::online {

// One entity asked for: the texts of its key columns.
using EntityKeyTexts = std::vector<std::pair<std::string, std::string>>;

struct TextRequest {
  std::span<const EntityKeyTexts> entities;
  std::int64_t time_us = 0;
  // Columns of an event of the request, applied to a copy of the state before it is read; null for
  // none. Its time is its timestamp column, or time_us where it has none.
  Json event;
};

// The values of a TextRequest, which must outlive them.
class BoundRequest {
 public:
  // Fails with kUsage if an entity lacks a key, has one that no view has, or is not the event's,
  // and kBadOptionValue for a key or event value that is not of its type.
  static Result<BoundRequest> bind(const TextRequest& request, const Reader& reader);

  // Lives as long as this does.
  ReadRequest request() const;
  // The keys of an entity as JSON, typed; those that came with the event too.
  Json keys_json(std::size_t entity) const;

 private:
  std::vector<std::vector<table::Value>> keys_;
  std::vector<std::span<const table::Value>> key_spans_;
  std::vector<std::vector<table::Value>> inputs_;
  std::vector<feature::Event> events_;
  std::vector<Json> keys_json_;
  std::int64_t time_us_ = 0;
};

}  // namespace rtml::online
