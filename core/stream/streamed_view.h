// A feature view as a stream feeds it: its program and where its values stand in a decoded message.
//
// Immutable after make_source_views(); any thread may read it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/dataset/training_set.h"
#include "core/feature/program.h"
#include "core/message/decoder.h"
#include "core/online/part_writer.h"
#include "core/project/project.h"
#include "core/table/types.h"
#include "core/table/value_memory.h"

namespace rtml::stream {

struct StreamedView {
  const project::FeatureView* view = nullptr;
  const project::Source* source = nullptr;  // Whose stream this is; the view may have others too.
  // The place of the source among the view's, where it has several.
  std::optional<std::size_t> part;
  std::string identity;
  feature::Program program;
  table::Schema source_schema;  // What the program was compiled against.
  // An event is late when its time <= watermark - lateness_us.
  std::int64_t lateness_us = 0;

  // Which decoded column holds what.
  std::size_t time_column = 0;
  std::optional<std::size_t> created_column;
  std::optional<std::size_t> id_column;
  std::vector<std::size_t> key_columns;    // In the order of Program::keys.
  std::vector<std::size_t> input_columns;  // In the order of Program::inputs, or one of these:
  static constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);    // Of another source.
  static constexpr std::size_t kPartColumn = static_cast<std::size_t>(-2);  // `part`.

  // How many values event_of() writes.
  std::size_t value_count() const { return key_columns.size() + input_columns.size(); }
  // The event of the decoded `values` of a message, without an offset. Its keys and inputs are
  // written to `into`, texts that are made for it to `memory`. REQUIRES: there is a time.
  online::KeyedEvent event_of(const table::Value* values, table::Value* into,
                              table::ValueMemory& memory) const;
};

// The views that one source feeds, read together.
struct SourceViews {
  const project::Source* source = nullptr;
  message::DecoderSettings decoder;
  std::vector<std::unique_ptr<StreamedView>> views;
};

// Compiles views and groups them by their sources, in the order of names; a view of several sources
// stands with each. The columns of a source
// are those of its batch table where it has one, so that a stream is read as a backfill is; else
// those that the project declares. Fails as compiling does, and with kUnsupported for a view one of
// whose sources has no stream.
Result<std::vector<SourceViews>> make_source_views(
    std::span<const project::FeatureView* const> views, const dataset::BuildContext& context);

}  // namespace rtml::stream
