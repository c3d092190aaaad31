#include "core/stream/metrics.h"

#include <optional>

#include "core/base/file_system.h"
#include "core/base/number.h"
#include "core/base/time.h"

namespace rtml::stream {
namespace {

double seconds(std::int64_t duration_us) {
  return static_cast<double>(duration_us) / static_cast<double>(kSecond);
}

// A label's value: backslash, quote and line end are escaped.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') result += '\\';
    result += c;
  }
  return result;
}

std::string labels(const PartSnapshot& part) {
  return "{view=\"" + escaped(part.view) + "\",source=\"" + escaped(part.source) +
         "\",partition=\"" + std::to_string(part.partition) + "\"}";
}

using Value = std::optional<double> (*)(const PartSnapshot& part, std::int64_t now_us);

std::optional<double> count(std::int64_t value) {
  return static_cast<double>(value);
}

struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  Value value;
};

constexpr Metric kMetrics[] = {
    {"rtml_stream_events_total", "counter", "Events applied to the kept state.",
     [](const PartSnapshot& part, std::int64_t) { return count(part.position.counters.applied); }},
    {"rtml_stream_duplicates_total", "counter", "Events dropped because their id was there.",
     [](const PartSnapshot& part, std::int64_t) {
       return count(part.position.counters.duplicates);
     }},
    {"rtml_stream_before_cutover_total", "counter", "Events passed over because the fill had them.",
     [](const PartSnapshot& part, std::int64_t) {
       return count(part.position.counters.before_cutover);
     }},
    {"rtml_stream_late_total", "counter", "Events in the late output.",
     [](const PartSnapshot& part, std::int64_t) { return count(part.position.counters.late); }},
    {"rtml_stream_dead_letters_total", "counter", "Messages in the dead letters.",
     [](const PartSnapshot& part, std::int64_t) {
       return count(part.position.counters.dead_letters);
     }},
    {"rtml_stream_lag", "gauge", "What is still to be read: messages, or bytes of a file.",
     [](const PartSnapshot& part, std::int64_t) -> std::optional<double> {
       if (part.lag() < 0) return std::nullopt;
       return static_cast<double>(part.lag());
     }},
    {"rtml_stream_watermark_delay_seconds", "gauge", "How far the watermark is behind the clock.",
     [](const PartSnapshot& part, std::int64_t now_us) -> std::optional<double> {
       if (part.position.watermark_us == online::PartPosition::kNoTime) return std::nullopt;
       return seconds(now_us - part.position.watermark_us);
     }},
    {"rtml_stream_messages_per_second", "gauge", "Messages read of the partition, of late.",
     [](const PartSnapshot& part, std::int64_t) { return count(part.facts.messages_per_s); }},
    {"rtml_stream_commit_seconds", "gauge", "How long the last commit took.",
     [](const PartSnapshot& part, std::int64_t) {
       return std::optional<double>(seconds(part.facts.commit_us));
     }},
    {"rtml_stream_last_commit_timestamp_seconds", "gauge", "When the last batch was committed.",
     [](const PartSnapshot& part, std::int64_t) {
       return std::optional<double>(seconds(part.facts.committed_us));
     }},
    {"rtml_stream_retries_total", "counter", "Calls to store and medium that were made again.",
     [](const PartSnapshot& part, std::int64_t) { return count(part.facts.retries); }},
    {"rtml_stream_held_back_seconds_total", "counter", "How long reading stood still for applying.",
     [](const PartSnapshot& part, std::int64_t) {
       return std::optional<double>(seconds(part.facts.held_back_us));
     }},
};

}  // namespace

std::string metrics_text(std::span<const PartSnapshot> parts, std::int64_t now_us) {
  std::string text;
  for (const Metric& metric : kMetrics) {
    const std::string name(metric.name);
    text += "# HELP " + name + " " + std::string(metric.help) + "\n";
    text += "# TYPE " + name + " " + std::string(metric.type) + "\n";
    for (const PartSnapshot& part : parts) {
      const auto value = metric.value(part, now_us);
      if (value) text += name + labels(part) + " " + format_number(*value) + "\n";
    }
  }
  return text;
}

Status write_metrics(const std::filesystem::path& path, std::span<const PartSnapshot> parts,
                     std::int64_t now_us) {
  return write_file(path, metrics_text(parts, now_us), 0644);
}

}  // namespace rtml::stream
