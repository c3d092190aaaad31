#include "cli/commands/stream/status.h"

#include "cli/build_inputs.h"
#include "cli/commands/stream/streamed_views.h"
#include "cli/online_store.h"
#include "core/base/clock.h"
#include "core/base/time.h"
#include "core/stream/status.h"

namespace rtml::cli::commands {
namespace {

constexpr std::int64_t kMediumUs = 3 * kSecond;

constexpr OptionSpec kOptions[] = {
    {.name = "VIEW",
     .type = OptionType::kTextList,
     .help = "The views to look at, each maybe as VIEW@vN",
     .completion = Completion::kView},
    {.name = "--all",
     .type = OptionType::kFlag,
     .help = "Every view whose source has a stream; so without VIEW"},
};

constexpr Example kExamples[] = {
    {.command = "rtml stream status", .says = "See how far every stream has come"},
    {.command = "rtml stream status card_activity --output json",
     .says = "Lag, watermark and counters for a program"},
};

std::string number_or_dash(std::int64_t value) {
  return value < 0 ? "-" : std::to_string(value);
}

Result<Report> run(const Arguments& arguments, Session& session) {
  RTML_TRY_ASSIGN(const BuildInputs inputs, make_build_inputs(session, false));
  const dataset::BuildContext& context = *inputs.context;
  RTML_TRY_ASSIGN(const auto views, streamed_views(arguments, context.project, true));
  RTML_TRY_ASSIGN(const auto store, open_online_store(session));
  const stream::StatusOptions options{
      .asks_medium = true, .medium_deadline_us = system_clock().monotonic_us() + kMediumUs};
  RTML_TRY_ASSIGN(const auto parts, stream::read_status(views, options, *store, context));
  const std::int64_t now_us = session.clock().now_us();
  Report report;
  report.data["parts"] = Json::array();
  report.rows_key = "parts";
  Table table;
  table.columns = {{"view"},
                   {"partition"},
                   {"lag", true},
                   {"watermark"},
                   {"per s", true},
                   {"events", true},
                   {"duplicates", true},
                   {"late", true},
                   {"dead letters", true},
                   {"retries", true},
                   {"last commit"}};
  for (const stream::PartSnapshot& part : parts) {
    report.data["parts"].push_back(part_json(part, now_us));
    const online::Counters& counters = part.position.counters;
    table.rows.push_back(
        {Text(part.view, Tone::kStrong), Text(part.source + "." + std::to_string(part.partition)),
         Text(number_or_dash(part.lag())), Text(shown_time(part.position.watermark_us)),
         Text(std::to_string(part.facts.messages_per_s)), Text(std::to_string(counters.applied)),
         Text(std::to_string(counters.duplicates)),
         Text(std::to_string(counters.late), counters.late > 0 ? Tone::kWarning : Tone::kPlain),
         Text(std::to_string(counters.dead_letters),
              counters.dead_letters > 0 ? Tone::kWarning : Tone::kPlain),
         Text(std::to_string(part.facts.retries)), Text(shown_time(part.facts.committed_us))});
  }
  if (parts.empty()) {
    report.line("nothing was streamed yet");
  } else {
    report.add(std::move(table));
  }
  return report;
}

}  // namespace

constinit const CommandSpec kStreamStatus{
    .path = "stream status",
    .summary = "Show how far streams have come",
    .description =
        "One line a view and partition, also while a run goes on: what is still to be read "
        "(messages, or bytes of a file), the watermark, messages per second of late, and how "
        "many events were applied, dropped as duplicates, late, or put into the dead letters "
        "since the first run.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
