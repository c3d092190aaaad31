// Views of several sources within a memory that holds nothing: what is put aside comes back as it
// was, source by source.

#include "core/base/file_system.h"
#include "core/dataset/materialize_intervals.h"
#include "core/dataset/online_fill.h"
#include "core/dataset/training_set.h"
#include "core/online/open_store.h"
#include "tests/unit/dataset/backfill_fixture.h"

namespace rtml::dataset {
namespace {

using test::BackfillProject;
using test::Payment;

// Refunds beside the payments, with texts as ids, a column of their own, and their own duplicates.
void add_refunds(BackfillProject& project, const std::vector<Payment>& refunds) {
  std::ofstream(project.path() / "sources/refunds.yaml")
      << "kind: source\nname: refunds\nbatch: {type: file, path: refunds.csv}\n"
         "timestamp: at\nid: id\ncolumns: {id: STRING, card: INT64, amount: DOUBLE}\n";
  std::ofstream file(project.path() / "refunds.csv");
  file << "id,at,card,amount,reason\n";
  for (const Payment& refund : refunds) {
    file << "r" << refund.id << "," << format_timestamp(refund.at_us) << ",";
    if (refund.card) file << *refund.card;
    file << ",";
    if (refund.amount) file << *refund.amount;
    file << "," << (refund.id % 3 == 0 ? "lost" : "broken") << "\n";
  }
  project.write_views(R"(---
kind: feature_view
name: both
entities: [card]
sources: [refunds, payments]
ttl: 2d
features:
  - {name: events_1d, type: INT64, aggregate: count, window: 1d}
  - {name: paid_1d, type: DOUBLE, aggregate: sum(amount), window: 1d, source: payments}
  - {name: lost_ever, type: INT64, aggregate: count, source: refunds, filter: reason == 'lost'}
  - {name: reason, type: STRING, aggregate: last(reason), source: refunds, window: 3d}
  - {name: visit, type: DOUBLE, aggregate: mean(amount), window: {type: session, gap: 4h}}
  - {name: amount, type: DOUBLE}
)");
}

// Of one column, whatever it is called.
std::string content_of(const table::Batch& rows, const std::string& column) {
  const std::size_t index = rows.schema().find(column).value();
  const table::Schema schema({{"value", rows.schema().field(index).type}});
  return test::content_of(
      {std::make_shared<table::Schema>(schema), {rows.column(index)}, rows.rows()});
}

BackfillProject& with_both(BackfillProject& project) {
  project.write(test::random_payments(5, 700, 30, true));
  add_refunds(project, test::random_payments(6, 400, 40, true));
  return project;
}

}  // namespace

TEST_CASE("several sources: rows and values do not depend on memory or threads") {
  BackfillProject made;
  BackfillProject& project = with_both(made);
  for (const std::int64_t every_us : {std::int64_t{0}, 6 * kHour}) {
    CAPTURE(every_us);
    const MaterializeOptions options{.every_us = every_us};
    const table::Batch expected = project.materialize("both", options, project.context());
    CHECK(expected.rows() > 1'000);
    for (const int threads : {1, 2}) {
      const table::Batch rows = project.materialize("both", options, project.context(threads, 1));
      CHECK(test::content_of(rows) == test::content_of(expected));
    }
    // As rows that ask, they get what they have: under full names, beside the others.
    const std::vector<std::string> names = {"both"};
    const auto features = project.project().resolve_features(names, true).value();
    const auto built = add_features(expected, "rows", features, {}, project.context(2, 1));
    REQUIRE_MESSAGE(built.has_value(), built.error().message());
    for (const project::ServiceColumn& feature : features) {
      CHECK(content_of(built->rows, feature.name) == content_of(expected, feature.feature->name));
    }
  }
  // It was used, and nothing is left.
  CHECK(std::filesystem::is_empty(project.path() / ".rtml/spill"));
}

TEST_CASE("several sources: intervals and fills are the same within a memory that holds nothing") {
  BackfillProject made;
  BackfillProject& project = with_both(made);
  IntervalOptions options{.directory = project.path() / "out",
                          .kind = "view",
                          .name = "both",
                          .interval_us = kDay,
                          .now_us = 20 * kDay};
  const auto features = project.features("both");
  const auto whole = materialize_intervals(features, options, project.context());
  REQUIRE_MESSAGE(whole.has_value(), whole.error().message());
  options.directory = project.path() / "limited";
  const auto limited = materialize_intervals(features, options, project.context(2, 1));
  REQUIRE_MESSAGE(limited.has_value(), limited.error().message());
  CHECK(whole->written.size() > 5);
  const auto manifest = [&](const char* name) {
    return read_file(project.path() / name / kIntervalManifest).value();
  };
  CHECK(manifest("out") == manifest("limited"));

  const std::vector<const project::FeatureView*> views = {
      project.project().find_view("both").value()};
  std::vector<std::pair<std::string, plugin::Members>> expected;
  for (const std::int64_t limit : {0, 1}) {
    const BuildContext context = project.context(2, limit);
    const auto store = online::open_store(project.project(), context.plugins).value();
    const auto filled = fill_online(views, {.cutover_us = 3 * kDay, .epoch = 9}, *store, context);
    REQUIRE_MESSAGE(filled.has_value(), filled.error().message());
    CHECK(filled->front().duplicates > 0);
    auto kept = store->scan("", "", 1'000'000, {}).value();
    if (limit == 0) {
      expected = std::move(kept);
      std::filesystem::remove_all(project.path() / ".rtml/online");
    } else {
      CHECK(kept == expected);
    }
  }
}

}  // namespace rtml::dataset
