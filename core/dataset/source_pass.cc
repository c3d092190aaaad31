#include "core/dataset/source_pass.h"

#include <algorithm>

#include "core/dataset/event_watch.h"

namespace rtml::dataset {

Result<SourcePass> read_events(const project::Source& source, SourceSet& sources,
                               const BuildContext& context,
                               const std::function<Status(const table::Batch&)>& take) {
  const std::string& what = source.batch->path;
  RTML_TRY_ASSIGN(const auto reader, sources.scan(source));
  RTML_TRY_ASSIGN(const std::size_t time, reader->schema()->require(source.timestamp.column, what));
  EventWatch watch(source, what);
  SourcePass pass;
  context.progress.begin("read " + source.name, 0, "rows");
  std::optional<table::Batch> batch = table::concatenate(reader->schema(), {});
  while (batch) {
    RTML_TRY(context.cancel.check());
    RTML_TRY(watch.add(*batch));
    if (batch->rows() > 0) {
      const auto times = batch->column(time).values<std::int64_t>();
      const auto [least, most] = std::minmax_element(times.begin(), times.end());
      pass.first_us = std::min(pass.first_us.value_or(*least), *least);
      pass.last_us = std::max(pass.last_us.value_or(*most), *most);
    }
    RTML_TRY(take(*batch));
    pass.rows += batch->rows();
    context.progress.advance_to(pass.rows);
    const std::int64_t began_us = context.monotonic_us();
    RTML_TRY_ASSIGN(batch, reader->next());
    pass.read_us += context.monotonic_us() - began_us;
  }
  context.progress.end();
  pass.may_repeat = watch.may_repeat();
  return pass;
}

}  // namespace rtml::dataset
