// Rows for the tests of the linear model.

#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "plugins/model/linear/learner.h"

namespace rtml::linear::test {

struct Rows {
  Matrix features;
  std::vector<double> labels;
  std::vector<double> weights;

  Examples examples() const { return {features, labels, weights}; }
  Rows slice(std::size_t start, std::size_t end) const {
    Rows part;
    part.features.columns = features.columns;
    const auto at = [&](std::size_t row) {
      return features.values.begin() + static_cast<std::ptrdiff_t>(row * features.columns);
    };
    part.features.values.assign(at(start), at(end));
    part.labels.assign(labels.begin() + static_cast<std::ptrdiff_t>(start),
                       labels.begin() + static_cast<std::ptrdiff_t>(end));
    return part;
  }
};

inline Status never_stop() {
  return {};
}

// A learner with the parameters of a JSON text, whose features are called x0, x1, ….
inline Learner make_learner(const std::string& parameters, std::size_t features,
                            std::uint64_t seed = 0) {
  Settings settings;
  settings.parameters = parse_parameters(parse_json(parameters, "parameters").value()).value();
  for (std::size_t feature = 0; feature < features; ++feature) {
    settings.feature_names.push_back("x" + std::to_string(feature));
  }
  settings.seed = seed;
  return Learner(std::move(settings));
}

// A number that is roughly normal: the sum of twelve uniform ones, less 6.
inline double roughly_normal(Random* random) {
  double sum = -6.0;
  for (int draw = 0; draw < 12; ++draw) sum += random->uniform();
  return sum;
}

// Three features of different scale and place; a label that follows two of them.
inline Rows make_rows(std::size_t count, bool logistic, std::uint64_t seed = 1) {
  Random random(seed);
  Rows rows;
  rows.features.columns = 3;
  for (std::size_t row = 0; row < count; ++row) {
    const double x0 = roughly_normal(&random);
    const double x1 = 100.0 + 10.0 * roughly_normal(&random) + 3.0 * x0;
    const double x2 = 0.01 * roughly_normal(&random);
    rows.features.values.insert(rows.features.values.end(), {x0, x1, x2});
    const double score = 1.5 * x0 - 0.1 * (x1 - 100.0) + 0.5;
    rows.labels.push_back(logistic ? (random.uniform() < 1.0 / (1.0 + std::exp(-score)) ? 1.0 : 0.0)
                                   : 1000.0 + 50.0 * score + 5.0 * roughly_normal(&random));
  }
  return rows;
}

// The six numeric columns of the Elec2 example and its class.
inline Rows read_electricity() {
  const char* root = std::getenv("RTML_SOURCE_DIR");
  REQUIRE(root != nullptr);
  std::ifstream file(std::string(root) + "/examples/electricity/data/electricity.csv");
  REQUIRE(file.is_open());
  Rows rows;
  rows.features.columns = 6;
  std::string line;
  std::getline(file, line);
  REQUIRE(line == "event_timestamp,period,nswprice,nswdemand,vicprice,vicdemand,transfer,class");
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string cell;
    std::getline(cells, cell, ',');
    for (int column = 0; column < 6; ++column) {
      std::getline(cells, cell, ',');
      rows.features.values.push_back(std::stod(cell));
    }
    std::getline(cells, cell, ',');
    rows.labels.push_back(std::stod(cell));
  }
  REQUIRE(rows.labels.size() == 45'312);
  return rows;
}

}  // namespace rtml::linear::test
