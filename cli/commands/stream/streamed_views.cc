#include "cli/commands/stream/streamed_views.h"

#include <algorithm>

#include "core/base/time.h"

namespace rtml::cli::commands {
namespace {

// False for no time yet, and for what waits for no event.
bool is_time(std::int64_t time_us) {
  return time_us >= kMinTimestamp && time_us <= kMaxTimestamp;
}

Json time_json(std::int64_t time_us) {
  if (!is_time(time_us)) return nullptr;
  return format_timestamp(time_us);
}

Json known(std::int64_t value) {
  return value < 0 ? Json(nullptr) : Json(value);
}

double seconds(std::int64_t duration_us) {
  return static_cast<double>(duration_us) / static_cast<double>(kSecond);
}

}  // namespace

Result<std::vector<const project::FeatureView*>> streamed_views(const Arguments& arguments,
                                                                const project::Project& project,
                                                                bool is_all_default) {
  const std::vector<std::string>& names = arguments.list("VIEW");
  const bool is_all = arguments.flag("--all") || (names.empty() && is_all_default);
  if (names.empty() != is_all) {
    return fail(Error(ErrorCode::kUsage, "give either views or --all")
                    .with_help("\"rtml feature list\" shows the views"));
  }
  std::vector<const project::FeatureView*> views;
  for (const std::string& name : names) {
    RTML_TRY_ASSIGN(const project::FeatureView* view, project.find_view(name));
    if (std::find(views.begin(), views.end(), view) == views.end()) views.push_back(view);
  }
  if (!names.empty()) return views;
  for (const project::FeatureView* view : project.views_in_use()) {
    // One of several without a stream is an error that names it: what it brings would be missing.
    const auto sources = project.sources_of(*view);
    const auto has_stream = [](const project::Source* source) {
      return source->stream.has_value();
    };
    if (std::any_of(sources.begin(), sources.end(), has_stream)) views.push_back(view);
  }
  if (views.empty()) {
    return fail(Error(ErrorCode::kUsage, "no source of a view has a stream")
                    .with_help("add \"stream: {type: …}\" to a source"));
  }
  return views;
}

Json part_json(const stream::PartSnapshot& part, std::int64_t now_us) {
  const online::PartPosition& position = part.position;
  Json json = {{"view", part.view},
               {"view_identity", part.view_identity},
               {"source", part.source},
               {"partition", part.partition},
               {"partition_name", part.facts.partition_name},
               {"next_offset", position.next_offset < 0 ? 0 : position.next_offset},
               {"end_offset", known(part.facts.end_offset)},
               {"lag", known(part.lag())},
               {"watermark", time_json(position.watermark_us)},
               {"watermark_delay_s", nullptr},
               {"latest_event", time_json(position.max_event_us)},
               {"cutover", time_json(position.cutover_us)},
               {"events", position.counters.applied},
               {"duplicates", position.counters.duplicates},
               {"before_cutover", position.counters.before_cutover},
               {"late", position.counters.late},
               {"dead_letters", position.counters.dead_letters},
               {"messages_per_s", part.facts.messages_per_s},
               {"retries", part.facts.retries},
               {"held_back_s", seconds(part.facts.held_back_us)},
               {"committed_at", nullptr}};
  if (is_time(position.watermark_us)) {
    json["watermark_delay_s"] = seconds(now_us - position.watermark_us);
  }
  if (part.facts.committed_us != 0) json["committed_at"] = time_json(part.facts.committed_us);
  return json;
}

std::string shown_time(std::int64_t time_us) {
  return !is_time(time_us) || time_us == 0 ? "-" : format_timestamp(time_us);
}

}  // namespace rtml::cli::commands
