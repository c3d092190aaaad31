// A small project whose views are served, and writers for their parts.

#pragma once

#include <doctest/doctest.h>

#include "core/base/environment.h"
#include "core/base/file_system.h"
#include "core/base/time.h"
#include "core/online/part_writer.h"
#include "core/online/reader.h"
#include "core/online/view_entry.h"
#include "core/project/identity.h"
#include "core/project/project.h"
#include "tests/support/temporary_directory.h"

namespace rtml::test {

class ServedProject {
 public:
  explicit ServedProject(const std::string& features) {
    write("rtml.yaml", "format: 1\nname: served\n");
    write("sources/payments.yaml",
          "kind: source\nname: payments\nbatch: {type: file, path: payments.csv}\n"
          "timestamp: t\nid: id\n");
    write("features/cards.yaml",
          "kind: feature_view\nname: cards\nentities: [card]\nsource: payments\nfeatures:\n" +
              features);
    auto loaded = project::Project::load(directory.path(), Environment());
    REQUIRE_MESSAGE(loaded.has_value(), loaded.error().message());
    project.emplace(std::move(*loaded));
    view = *project->find_view("cards");
    identity = project::identity(*project, *view);
    for (const project::Feature& feature : view->features) {
      columns.push_back({view, &feature, feature.name});
    }
    auto compiled =
        feature::compile(*view, project->source_of(*view), project->keys_of(*view), schema);
    REQUIRE_MESSAGE(compiled.has_value(), compiled.error().message());
    program = std::move(*compiled);
  }

  online::PartWriter writer(plugin::OnlineStore& store, std::int32_t partition) {
    auto opened = online::PartWriter::open(program, schema,
                                           online::stream_part(identity, "payments", partition),
                                           store, ++epoch, {}, {});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
    return std::move(*opened);
  }

  TemporaryDirectory directory;
  const table::Schema schema{{{"card", {table::Kind::kInt64}},
                              {"t", {table::Kind::kTimestamp}},
                              {"id", {table::Kind::kInt64}},
                              {"amount", {table::Kind::kDouble}}}};
  std::optional<project::Project> project;
  const project::FeatureView* view = nullptr;
  std::string identity;
  std::vector<project::ServiceColumn> columns;
  feature::Program program;
  std::uint64_t epoch = 0;

 private:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((directory / name).parent_path());
    REQUIRE(write_file(directory / name, text));
  }
};

// One payment, for writers and kernels.
struct Payment {
  std::int64_t card;
  std::int64_t time_us;
  std::int64_t id;
  double amount;
};

class PaymentEvents {
 public:
  PaymentEvents(const feature::Program& program, const std::vector<Payment>& payments,
                std::int64_t first_offset = 0) {
    for (const Payment& payment : payments) {
      std::vector<table::Value>& inputs = inputs_.emplace_back();
      for (const table::Field& input : program.inputs) {
        inputs.push_back(input.name == "amount" ? table::Value::of_number(payment.amount)
                         : input.name == "id"   ? table::Value::of_integer(payment.id)
                                                : table::Value::of_integer(payment.card));
      }
      keys_.push_back(table::Value::of_integer(payment.card));
    }
    for (std::size_t i = 0; i < payments.size(); ++i) {
      feature::Event event;
      event.time_us = payments[i].time_us;
      event.id = table::Value::of_integer(payments[i].id);
      event.inputs = inputs_[i];
      events.push_back(
          {std::span(&keys_[i], 1), event, first_offset + static_cast<std::int64_t>(i)});
    }
  }
  PaymentEvents(const PaymentEvents&) = delete;
  PaymentEvents& operator=(const PaymentEvents&) = delete;

  std::vector<online::KeyedEvent> events;

 private:
  std::vector<std::vector<table::Value>> inputs_;
  std::vector<table::Value> keys_;
};

}  // namespace rtml::test
