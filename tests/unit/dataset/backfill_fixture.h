// A project with random payments, and the features of its views computed the plain way.

#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/dataset/content_hash.h"
#include "core/dataset/event_cursor.h"
#include "core/dataset/materialize.h"
#include "core/dataset/source_set.h"
#include "core/plugin/host.h"
#include "core/project/project.h"
#include "tests/support/temporary_directory.h"

namespace rtml::test {

// A payment; the times lie around the epoch, so that some are negative.
struct Payment {
  std::int64_t id = 0;
  std::int64_t at_us = 0;
  std::optional<std::int64_t> card;
  std::optional<double> amount;
};

inline std::vector<Payment> random_payments(std::uint64_t seed, std::int64_t count,
                                            std::int64_t cards, bool has_duplicates) {
  std::mt19937_64 random(seed);
  std::vector<Payment> payments;
  for (std::int64_t i = 0; i < count; ++i) {
    Payment payment;
    payment.id = i;
    payment.at_us = static_cast<std::int64_t>(random() % (10 * 24 * 60)) * kMinute - 4 * kDay;
    if (random() % 50 != 0) payment.card = static_cast<std::int64_t>(random() % cards);
    if (random() % 9 != 0) payment.amount = static_cast<double>(random() % 10'000) / 100;
    payments.push_back(payment);
    // The same event again, or one that only has its id, then or later.
    if (has_duplicates && random() % 20 == 0) {
      if (random() % 2 == 0) payment.at_us += static_cast<std::int64_t>(random() % 3) * kDay;
      payments.push_back(payment);
    }
  }
  return payments;
}

class BackfillProject {
 public:
  BackfillProject() {
    std::filesystem::create_directories(directory_ / "features");
    std::filesystem::create_directories(directory_ / "sources");
    std::ofstream(directory_ / "rtml.yaml") << "format: 1\nname: backfill\n";
    std::ofstream(directory_ / "sources/payments.yaml")
        << "kind: source\nname: payments\nbatch: {type: file, path: payments.csv}\n"
           "timestamp: at\nid: id\ncolumns: {id: INT64, amount: DOUBLE}\n";
    write_views("");
  }

  // `more` is written behind the views that are always there.
  void write_views(const std::string& more) {
    std::ofstream(directory_ / "features/views.yaml") << kViews << more;
    project_.emplace(project::Project::load(directory_.path(), Environment()).value());
  }

  void write(const std::vector<Payment>& payments) const {
    std::ofstream file(directory_ / "payments.csv");
    file << "id,at,card,amount\n";
    for (const Payment& payment : payments) {
      file << payment.id << "," << format_timestamp(payment.at_us) << ",";
      if (payment.card) file << *payment.card;
      file << ",";
      if (payment.amount) file << *payment.amount;
      file << "\n";
    }
  }

  dataset::BuildContext context(int threads = 1, std::int64_t memory_limit_bytes = 0) {
    dataset::BuildContext context{*project_, plugins_, progress_, cancel_};
    context.threads = threads;
    context.memory_limit_bytes = memory_limit_bytes;
    return context;
  }

  std::vector<project::ServiceColumn> features(const std::string& name) const {
    const std::vector<std::string> references = {name};
    return project_->resolve_features(references, false).value();
  }

  table::Batch materialize(const std::string& name, const dataset::MaterializeOptions& options,
                           const dataset::BuildContext& context) const {
    const auto asked = features(name);
    auto made = dataset::materialize(asked, options, context);
    REQUIRE_MESSAGE(made.has_value(), made.error().message());
    auto batches = table::read_all(*made->rows);
    REQUIRE_MESSAGE(batches.has_value(), batches.error().message());
    return table::concatenate(made->rows->schema(), *batches);
  }

  const project::Project& project() const { return *project_; }
  const std::filesystem::path& path() const { return directory_.path(); }
  CancelFlag& cancel() { return cancel_; }

 private:
  static constexpr const char* kViews = R"(kind: entity
name: card
key: {card: INT64}
---
kind: feature_view
name: recent
entities: [card]
source: payments
ttl: 1d
features:
  - {name: count_1d, type: INT64, aggregate: count, window: 1d}
  - {name: sum_3h, type: DOUBLE, aggregate: sum(amount), window: 3h}
  - {name: last_amount, type: DOUBLE, column: amount}
---
kind: feature_view
name: life
entities: [card]
source: payments
features:
  - {name: count_ever, type: INT64, aggregate: count}
  - {name: mean_2d, type: DOUBLE, aggregate: mean(amount), window: {size: 2d, delay: 1h}}
  - {name: visit, type: INT64, aggregate: count, window: {type: session, gap: 4h}}
---
kind: feature_view
name: short
entities: [card]
source: payments
features:
  - {name: sum_6h, type: DOUBLE, aggregate: sum(amount), window: 6h}
  - {name: tiles_1d, type: INT64, aggregate: count, window: {size: 1d, resolution: 1h}}
  - {name: day_sum, type: DOUBLE, aggregate: sum(amount), window: {type: tumbling, size: 1d}}
---
kind: feature_view
name: everyone
entities: []
source: payments
features:
  - {name: count_all_2h, type: INT64, aggregate: count, window: 2h}
---
kind: feature_service
name: all_cards
features: [recent, life, short]
)";

  static std::filesystem::path binary_directory() {
    const char* value = std::getenv("RTML_BINARY_DIR");
    REQUIRE(value != nullptr);
    return value;
  }

  TemporaryDirectory directory_;
  NoProgress progress_;
  CancelFlag cancel_;
  plugin::PluginHost plugins_{{binary_directory() / "lib/rtml/plugins", {}}};
  std::optional<project::Project> project_;
};

inline std::string content_of(const table::Batch& rows) {
  return dataset::content_sha256(rows);
}

}  // namespace rtml::test
