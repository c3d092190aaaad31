// Intervals hold the rows of a plain materialization, and know what they were computed from.

#include "core/dataset/materialize_intervals.h"

#include <set>

#include "core/base/file_lock.h"
#include "core/base/file_system.h"
#include "core/dataset/interval.h"
#include "core/plugin/defaults.h"
#include "tests/unit/dataset/backfill_fixture.h"

namespace rtml::dataset {
namespace {

using test::BackfillProject;
using test::Payment;

constexpr std::int64_t kNow = 20 * kDay;

IntervalOptions options_for(const BackfillProject& project, const std::string& view) {
  return {.directory = project.path() / "out",
          .kind = view == "all_cards" ? "service" : "view",
          .name = view,
          .interval_us = kDay,
          .now_us = kNow};
}

IntervalReport run(BackfillProject& project, const std::string& view,
                   const IntervalOptions& options, const BuildContext& context) {
  const auto features = project.features(view);
  auto report = materialize_intervals(features, options, context);
  REQUIRE_MESSAGE(report.has_value(), report.error().message());
  return std::move(*report);
}

IntervalManifest manifest_of(const IntervalOptions& options) {
  const std::string text = read_file(options.directory / kIntervalManifest).value();
  return parse_interval_manifest(text, "the manifest").value();
}

table::Batch rows_of(const std::filesystem::path& file, const BuildContext& context) {
  const auto store = context.plugins.table_store(plugin::kFileTables).value();
  const auto reader = store->scan({.path = file.string()}, {}).value();
  const auto batches = table::read_all(*reader).value();
  return table::concatenate(reader->schema(), batches);
}

// Every file of a directory with its bytes and the time of its last change.
std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> snapshot(
    const std::filesystem::path& directory) {
  std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    files[entry.path().filename().string()] = {read_file(entry.path()).value(),
                                               std::filesystem::last_write_time(entry.path())};
  }
  return files;
}

// The content of each interval as a plain materialization gives it.
std::map<std::int64_t, std::string> plain_contents(BackfillProject& project,
                                                   const std::string& view, std::int64_t every_us,
                                                   const std::vector<TimeRange>& intervals) {
  std::map<std::int64_t, std::string> contents;
  for (const TimeRange& interval : intervals) {
    contents[interval.from_us] = test::content_of(
        project.materialize(view, {.ranges = {interval}, .every_us = every_us}, project.context()));
  }
  return contents;
}

std::vector<TimeRange> intervals_of(const IntervalManifest& manifest) {
  std::vector<TimeRange> intervals;
  for (const auto& [from_us, file] : manifest.files) intervals.push_back(file.interval);
  return intervals;
}

// Interrupts the work when some intervals are written.
class Interruption : public Progress {
 public:
  Interruption(CancelFlag& cancel, std::int64_t after) : cancel_(cancel), after_(after) {}
  void begin(std::string_view task, std::int64_t, std::string_view) override {
    is_writing_ = task == "write intervals";
  }
  void advance_to(std::int64_t done) override {
    if (is_writing_ && done == after_) cancel_.set();
  }
  void end() override {}

 private:
  CancelFlag& cancel_;
  std::int64_t after_;
  bool is_writing_ = false;
};

}  // namespace

TEST_CASE("materialize_intervals: files hold the rows of a plain materialization, bit for bit") {
  for (const bool has_duplicates : {false, true}) {
    for (const std::int64_t every_us : {std::int64_t{0}, 6 * kHour}) {
      for (const std::string view : {"all_cards", "everyone"}) {
        CAPTURE(has_duplicates);
        CAPTURE(every_us);
        CAPTURE(view);
        BackfillProject project;
        project.write(test::random_payments(11, 900, 9, has_duplicates));
        IntervalOptions options = options_for(project, view);
        options.every_us = every_us;
        const IntervalReport made = run(project, view, options, project.context(2));
        const IntervalManifest manifest = manifest_of(options);
        REQUIRE(manifest.files.size() >= 10);
        CHECK(made.written.size() == manifest.files.size());
        const auto expected = plain_contents(project, view, every_us, intervals_of(manifest));
        for (const auto& [from_us, file] : manifest.files) {
          CHECK(file.content_sha256 == expected.at(from_us));
          const table::Batch rows = rows_of(options.directory / file.file, project.context());
          CHECK(test::content_of(rows) == file.content_sha256);
          CHECK(rows.rows() == file.rows);
        }
        // Two runs, threads and a memory that holds nothing make the same directory.
        const auto files = snapshot(options.directory);
        IntervalOptions other = options;
        other.directory = project.path() / "other";
        other.to_us = kDay;
        run(project, view, other, project.context(1, 1));
        CHECK(manifest_of(other).files.size() == 5);
        other.to_us.reset();
        const IntervalReport rest = run(project, view, other, project.context(1, 1));
        CHECK(rest.kept == 5);
        for (const auto& [name, file] : snapshot(other.directory)) {
          CHECK(file.first == files.at(name).first);
        }
      }
    }
  }
}

TEST_CASE("materialize_intervals: with nothing new nothing is written") {
  BackfillProject project;
  std::vector<Payment> payments = test::random_payments(12, 300, 9, true);
  project.write(payments);
  const IntervalOptions options = options_for(project, "recent");
  run(project, "recent", options, project.context());
  const auto before = snapshot(options.directory);
  // The order of events in the source says nothing.
  std::reverse(payments.begin(), payments.end());
  project.write(payments);
  IntervalOptions refresh = options;
  refresh.refresh = true;
  for (const IntervalOptions& again : {options, refresh}) {
    const IntervalReport made = run(project, "recent", again, project.context());
    CHECK(made.written.empty());
    CHECK(made.kept == std::ssize(before) - 2);
    CHECK(snapshot(options.directory) == before);
  }
  // A file that is gone is made again, the same.
  std::reverse(payments.begin(), payments.end());
  project.write(payments);
  std::filesystem::remove(options.directory / manifest_of(options).files.begin()->second.file);
  CHECK(run(project, "recent", options, project.context()).written.size() == 1);
  for (const auto& [name, file] : snapshot(options.directory)) {
    CHECK(file.first == before.at(name).first);
  }
}

TEST_CASE("materialize_intervals: an interval whose values would change has another input") {
  BackfillProject project;
  std::mt19937_64 random(13);
  for (const std::int64_t every_us : {std::int64_t{0}, 6 * kHour}) {
    for (const std::string view : {"recent", "life", "short"}) {
      for (int round = 0; round < 12; ++round) {
        CAPTURE(view);
        CAPTURE(every_us);
        CAPTURE(round);
        std::vector<Payment> payments = test::random_payments(random(), 120, 4, round % 2 == 0);
        project.write(payments);
        std::vector<TimeRange> intervals;
        for (std::int64_t day = -4; day < 8; ++day)
          intervals.push_back({day * kDay, (day + 1) * kDay});
        const auto features = project.features(view);
        const BuildContext context = project.context();
        const auto before = inputs_of(features, intervals, every_us, context).value();
        const auto rows_before = plain_contents(project, view, every_us, intervals);
        // An event is corrected, moved, given to another card, taken away, or comes late.
        const std::size_t place = random() % payments.size();
        std::set<std::int64_t> times = {payments[place].at_us};
        switch (round % 5) {
          case 0:
            payments[place].amount = 777;
            break;
          case 1:
            payments[place].at_us += kDay + kHour;
            break;
          case 2:
            payments[place].card = 3 - payments[place].card.value_or(0);
            break;
          case 3:
            payments.erase(payments.begin() + static_cast<std::ptrdiff_t>(place));
            break;
          default:
            payments.push_back({.id = 5'000, .at_us = 3 * kHour, .card = 1, .amount = 5});
            times = {3 * kHour};
        }
        times.insert(payments[std::min(place, payments.size() - 1)].at_us);
        project.write(payments);
        const auto after = inputs_of(features, intervals, every_us, context).value();
        const auto rows_after = plain_contents(project, view, every_us, intervals);
        for (std::size_t i = 0; i < intervals.size(); ++i) {
          const bool is_other_input = before[i].sha256 != after[i].sha256;
          if (rows_before.at(intervals[i].from_us) != rows_after.at(intervals[i].from_us)) {
            CHECK(is_other_input);
          }
          // No interval before the change is told, nor one out of reach: 2 days in "short".
          if (intervals[i].to_us <= *times.begin()) CHECK(!is_other_input);
        }
      }
    }
  }
  // Of a view without bound on how far it looks back every later interval is concerned; of one that
  // looks back a day three are.
  std::vector<Payment> payments = test::random_payments(14, 200, 4, false);
  project.write(payments);
  std::vector<TimeRange> intervals;
  for (std::int64_t day = -4; day < 8; ++day) intervals.push_back({day * kDay, (day + 1) * kDay});
  const auto changed = [&](const std::string& view) {
    const auto features = project.features(view);
    const BuildContext context = project.context();
    project.write(payments);
    const auto before = inputs_of(features, intervals, 0, context).value();
    std::vector<Payment> more = payments;
    more.push_back({.id = 9'999, .at_us = kHour, .card = 2, .amount = 1});
    project.write(more);
    const auto after = inputs_of(features, intervals, 0, context).value();
    std::vector<std::int64_t> days;
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      if (before[i].sha256 != after[i].sha256) days.push_back(intervals[i].from_us / kDay);
    }
    return days;
  };
  CHECK(changed("recent") == std::vector<std::int64_t>{0, 1});
  CHECK(changed("short") == std::vector<std::int64_t>{0, 1, 2});
  CHECK(changed("life") == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("inputs_of: an event counts once, where it is first, and as long as anything sees it") {
  BackfillProject project;
  project.write_views(
      "---\nkind: feature_view\nname: keeps\nentities: [card]\nsource: payments\nttl: 5d\n"
      "features:\n  - {name: n, type: INT64, aggregate: count, window: 1h}\n");
  std::vector<TimeRange> intervals;
  for (std::int64_t day = -4; day < 8; ++day) intervals.push_back({day * kDay, (day + 1) * kDay});
  // The days whose input is another one when the payments are others.
  const auto changed = [&](const std::string& view, std::int64_t every_us,
                           const std::vector<Payment>& first, const std::vector<Payment>& second) {
    const auto features = project.features(view);
    const BuildContext context = project.context();
    project.write(first);
    const auto before = inputs_of(features, intervals, every_us, context).value();
    project.write(second);
    const auto after = inputs_of(features, intervals, every_us, context).value();
    std::vector<std::int64_t> days;
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      if (before[i].sha256 != after[i].sha256) days.push_back(intervals[i].from_us / kDay);
    }
    return days;
  };
  using Days = std::vector<std::int64_t>;
  const Payment other{.id = 1, .at_us = -4 * kDay, .card = 2, .amount = 1};
  const Payment original{.id = 7, .at_us = -3 * kDay, .card = 1, .amount = 4};
  const Payment again{.id = 7, .at_us = 2 * kDay, .card = 1, .amount = 4};
  // Where the original goes, the one that was left out counts, far out of the original's reach.
  CHECK(changed("recent", 0, {other, original, again}, {other, again}) == Days{-3, -2, 2, 3});
  CHECK(changed("recent", 6 * kHour, {other, original, again}, {other, again}) ==
        Days{-3, -2, 2, 3});
  // One that comes again changes nothing.
  CHECK(changed("recent", 0, {other, original}, {other, original, again}).empty());
  CHECK(changed("recent", kHour, {other, original}, {other, original, again}).empty());
  // An event keeps its entity in a schedule as long as the ttl, though no window sees it; in a row
  // an event nothing asks for that.
  const Payment more{.id = 8, .at_us = kHour, .card = 1, .amount = 4};
  CHECK(changed("keeps", kDay, {other, original}, {other, original, more}) ==
        Days{0, 1, 2, 3, 4, 5});
}

TEST_CASE("materialize_intervals: --refresh computes what changed and nothing else") {
  BackfillProject project;
  std::vector<Payment> payments = test::random_payments(15, 300, 4, true);
  project.write(payments);
  IntervalOptions options = options_for(project, "recent");
  run(project, "recent", options, project.context());
  const IntervalManifest before = manifest_of(options);
  payments.push_back({.id = 9'999, .at_us = 2 * kDay + kHour, .card = 2, .amount = 1});
  project.write(payments);
  CHECK(run(project, "recent", options, project.context()).written.empty());
  CHECK(manifest_of(options) == before);
  options.refresh = true;
  options.dry_run = true;
  CHECK(run(project, "recent", options, project.context()).written.size() == 2);
  CHECK(manifest_of(options) == before);
  options.dry_run = false;
  const IntervalReport made = run(project, "recent", options, project.context());
  REQUIRE(made.written.size() == 2);
  CHECK(made.written[0].interval.from_us == 2 * kDay);
  CHECK(made.written[0].reason == IntervalReason::kInput);
  CHECK(made.written[1].interval.from_us == 3 * kDay);
  const IntervalManifest after = manifest_of(options);
  const auto expected = plain_contents(project, "recent", 0, intervals_of(after));
  for (const auto& [from_us, file] : after.files) {
    CHECK(file.content_sha256 == expected.at(from_us));
  }
  // The files of before are gone with the manifest that named them.
  CHECK(snapshot(options.directory).size() == after.files.size() + 2);
}

TEST_CASE("materialize_intervals: a changed definition is computed anew, where it is asked for") {
  BackfillProject project;
  project.write(test::random_payments(16, 200, 4, false));
  const std::string before =
      "---\nkind: feature_view\nname: own\nentities: [card]\nsource: payments\n"
      "features:\n  - {name: n, type: INT64, aggregate: count, window: 2h}\n";
  project.write_views(before);
  IntervalOptions options = options_for(project, "own");
  run(project, "own", options, project.context());
  std::string after = before;
  after.replace(after.find("2h"), 2, "3h");
  project.write_views(after);
  options.from_us = 2 * kDay;
  const IntervalReport part = run(project, "own", options, project.context());
  CHECK(part.written.size() == 4);
  CHECK(part.outdated == 6);
  CHECK(part.written[0].reason == IntervalReason::kDefinition);
  options.from_us.reset();
  CHECK(run(project, "own", options, project.context()).written.size() == 6);
  CHECK(run(project, "own", options, project.context()).written.empty());
}

TEST_CASE("materialize_intervals: what is finished before an interruption stays") {
  BackfillProject project;
  project.write(test::random_payments(17, 200, 4, false));
  const IntervalOptions options = options_for(project, "recent");
  CancelFlag cancel;
  Interruption interruption(cancel, 3);
  const BuildContext whole = project.context();
  const BuildContext context{whole.project, whole.plugins, interruption, cancel};
  const auto refused = materialize_intervals(project.features("recent"), options, context);
  REQUIRE(!refused);
  CHECK(refused.error().code() == ErrorCode::kInterrupted);
  CHECK(manifest_of(options).files.size() == 3);
  const IntervalReport rest = run(project, "recent", options, whole);
  CHECK(rest.kept == 3);
  CHECK(rest.written.size() == 7);

  // Another process holds the directory.
  const auto lock = FileLock::try_acquire(options.directory / ".lock").value();
  REQUIRE(lock.has_value());
  const auto busy = materialize_intervals(project.features("recent"), options, whole);
  REQUIRE(!busy);
  CHECK(busy.error().code() == ErrorCode::kBusy);
}

TEST_CASE("interval: lengths, bounds and names") {
  for (const std::int64_t length : {kMinute, 15 * kMinute, kHour, 8 * kHour, kDay, 7 * kDay}) {
    CHECK(check_interval_length(length));
  }
  for (const std::int64_t length : {std::int64_t{0}, kSecond, 7 * kHour, 25 * kHour, 36 * kHour}) {
    CHECK(!check_interval_length(length));
  }
  CHECK(check_interval_bound("--from", -kDay, kDay));
  CHECK(!check_interval_bound("--from", -kDay - 1, kDay));
  const std::string name = interval_file_name({-kDay, 0}, "a", "b");
  CHECK(name.starts_with("19691231T000000Z-"));
  CHECK(is_interval_file_name(name));
  CHECK(!is_interval_file_name("../" + name));
  CHECK(!is_interval_file_name("manifest.json"));
  CHECK(intervals_in({0, 3 * kHour}, kHour).value().size() == 3);
  CHECK(!intervals_in({0, 100 * 365 * kDay}, kMinute));
  // Bounds that no timestamp can write would make a manifest that nobody can read.
  const std::int64_t first = multiple_before(kMinTimestamp, 30 * kDay);
  CHECK(first < kMinTimestamp);
  CHECK(intervals_in({first, first + 60 * kDay}, 30 * kDay).error().code() == ErrorCode::kUsage);
  CHECK(intervals_in({first + 30 * kDay, first + 60 * kDay}, 30 * kDay).value().size() == 1);
  CHECK(!intervals_in({kMaxTimestamp + 1 - kDay, kMaxTimestamp + 1}, kDay));
}

}  // namespace rtml::dataset
