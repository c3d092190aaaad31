// Views, sources and events for tests, without YAML.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/feature/kernel.h"
#include "core/feature/program.h"
#include "core/feature/sweep.h"
#include "core/table/value_memory.h"

namespace rtml::feature {

// A view over a source of the columns k (INT64), name (STRING), t (time), c (created), id, x and z
// (DOUBLE), y (INT64), n (INT32), w (FLOAT), s (STRING), flag (BOOL), moment (TIMESTAMP), and the
// lists e (of DOUBLE), u (of FLOAT), h (of INT32), g (of STRING).
class ViewBuilder {
 public:
  ViewBuilder();

  ViewBuilder& aggregate(const std::string& name, table::Kind type, const std::string& aggregate,
                         std::int64_t size_us, std::int64_t delay_us = 0,
                         const std::string& filter = "", bool is_closed_open = false);
  ViewBuilder& aggregate_over(const std::string& name, table::DataType type,
                              const std::string& aggregate,
                              const std::optional<project::Window>& window,
                              const std::string& filter = "");
  ViewBuilder& expression(const std::string& name, table::DataType type, const std::string& text);
  ViewBuilder& expression(const std::string& name, table::Kind type, const std::string& text) {
    return expression(name, table::DataType{type}, text);
  }
  ViewBuilder& column(const std::string& name, table::DataType type,
                      const std::string& column = "");
  ViewBuilder& column(const std::string& name, table::Kind type, const std::string& column = "") {
    return this->column(name, table::DataType{type}, column);
  }
  ViewBuilder& ttl(std::int64_t ttl_us);
  ViewBuilder& with_created();
  ViewBuilder& as_of_created();
  ViewBuilder& with_id(const std::string& column = "id");
  ViewBuilder& keyed_by(const std::vector<std::string>& columns);
  ViewBuilder& nan_is_null();
  // The view reads the sources "a", which has no column z, and "b", which has no w, and no id
  // either unless `has_second_id`. To be called when all else is said of the source.
  ViewBuilder& of_two_sources(bool has_second_id);
  // The last feature sees one of them alone.
  ViewBuilder& of_source(const std::string& name);

  Result<Program> compile() const;
  // Fails the test if the view does not compile.
  Program program() const;

  project::FeatureView view;
  project::Source source;
  std::vector<project::EntityKey> keys;
  table::Schema schema;
};

// A list that may be null, of items that may be.
template <typename T>
using MaybeList = std::optional<std::vector<std::optional<T>>>;

// A row of that source.
struct SourceRow {
  std::optional<std::int64_t> k = 1;
  std::string name = "a";
  std::int64_t t = 0;
  std::optional<std::int64_t> c;
  std::optional<std::int64_t> id;
  std::optional<double> x;
  std::optional<double> z;
  std::optional<std::int64_t> y;
  std::optional<std::int64_t> n;
  std::optional<double> w;
  std::optional<std::string> s;
  std::optional<bool> flag;
  std::optional<std::int64_t> moment;
  MaybeList<double> e;
  MaybeList<double> u;
  MaybeList<std::int64_t> h;
  MaybeList<std::string> g;
  std::size_t source = 0;  // Which of several sources it is of.
};

// Lists as values; their items live in `memory`, their texts in the list.
table::Value value_of(const MaybeList<double>& list, table::ValueMemory& memory);
table::Value value_of(const MaybeList<std::int64_t>& list, table::ValueMemory& memory);
table::Value value_of(const MaybeList<std::string>& list, table::ValueMemory& memory);

// The rows as a batch under `schema`.
table::Batch to_batch(const table::Schema& schema, const std::vector<SourceRow>& rows);
// The same of the union of several sources, each row by way of its own.
table::Batch to_union_batch(const project::Source& source, const table::Schema& schema,
                            const std::vector<SourceRow>& rows);

// A row of a batch as the kernel takes it.
struct OwnedEvent {
  table::ValueMemory lists;
  std::vector<table::Value> inputs;
  Event event;
};
OwnedEvent event_of(const EventColumns& events, std::int64_t row);

// Texts that tell any two values apart, NaN and zeros by their bits.
std::string show(const table::Value& value);

}  // namespace rtml::feature
