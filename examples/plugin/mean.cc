// A model plugin in one file: it predicts the mean of the labels it has seen.
//
// No sensible baseline does less, which makes it a good first plugin: it learns, learns on, is
// saved and loaded with the same bits, and refuses what it cannot use.

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "rtml/sdk/plugin.h"

namespace {

namespace sdk = rtml::sdk;

constexpr char kHeader[] = "mean 1 ";

class MeanModel : public sdk::Model {
 public:
  MeanModel(double sum, double weight) : sum_(sum), weight_(weight) {}

  sdk::Status update(const sdk::TrainingRows& rows, const sdk::Call& call) override {
    if (rows.label == nullptr) {
      return sdk::fail(RTML_STATUS_BAD_TRAINING_DATA, "there are no labels to learn from");
    }
    double sum = sum_;
    double weight = weight_;
    for (std::int64_t row = 0; row < rows.features.rows(); ++row) {
      if (row % 65'536 == 0) RTML_SDK_TRY(call.check());
      const double row_weight = rows.weight == nullptr ? 1 : rows.weight[row];
      sum += rows.label[row] * row_weight;
      weight += row_weight;
    }
    // Only now: after a failure the model is as it was.
    sum_ = sum;
    weight_ = weight;
    return {};
  }

  sdk::Result<std::vector<double>> predict(const sdk::RowsView& features,
                                           const sdk::Call&) override {
    return std::vector<double>(static_cast<std::size_t>(features.rows()), mean());
  }

  sdk::Result<std::string> save(const sdk::Call&) override {
    char text[128];
    // Hexadecimal digits give back the same bits.
    std::snprintf(text, sizeof text, "%s%a %a\n", kHeader, sum_, weight_);
    return std::string(text);
  }

  sdk::Result<std::string> describe(const sdk::Call&) override {
    char text[128];
    std::snprintf(text, sizeof text, "{\"mean\": %.17g, \"weight\": %.17g}", mean(), weight_);
    return std::string(text);
  }

 private:
  double mean() const { return weight_ > 0 ? sum_ / weight_ : 0; }

  double sum_;
  double weight_;
};

class MeanBackend : public sdk::ModelBackend {
 public:
  sdk::Result<std::string> parameter_schema() override {
    return std::string(R"({"type": "object", "properties": {}, "additionalProperties": false})");
  }

  sdk::Result<std::unique_ptr<sdk::Model>> create(const sdk::ModelSettings& settings) override {
    if (settings.parameters.find(':') != std::string::npos) {
      return sdk::fail(RTML_STATUS_INVALID_ARGUMENT,
                       "the mean takes no parameters: " + settings.parameters);
    }
    return std::make_unique<MeanModel>(0, 0);
  }

  sdk::Result<std::unique_ptr<sdk::Model>> fit(const sdk::ModelSettings& settings,
                                               const sdk::TrainingRows& rows,
                                               const sdk::Call& call) override {
    RTML_SDK_TRY_ASSIGN(std::unique_ptr<sdk::Model> model, create(settings));
    RTML_SDK_TRY(model->update(rows, call));
    return model;
  }

  sdk::Result<std::unique_ptr<sdk::Model>> load(std::string_view bytes, const sdk::Call&) override {
    const std::string text(bytes);
    double sum = 0;
    double weight = 0;
    int end = 0;
    const std::string format = std::string(kHeader) + "%la %la\n%n";
    const bool is_read = std::sscanf(text.c_str(), format.c_str(), &sum, &weight, &end) == 2;
    if (!is_read || static_cast<std::size_t>(end) != text.size() || !text.ends_with('\n') ||
        !std::isfinite(sum) || !(weight >= 0)) {
      return sdk::fail(RTML_STATUS_BAD_MODEL, "these bytes are no mean");
    }
    return std::make_unique<MeanModel>(sum, weight);
  }
};

}  // namespace

RTML_PLUGIN(MeanBackend);
