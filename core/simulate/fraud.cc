#include "core/simulate/fraud.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/simulate/variates.h"

namespace rtml::simulate {
namespace {

constexpr double kSide = 100;
constexpr std::int64_t kBatchRows = 65'536;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr double kFraudAmount = 220;

// What changes when the world drifts.
struct World {
  double amount_factor;
  double busiest_second;
  std::int64_t terminals_a_day;
  std::int64_t terminal_days;
  std::int64_t customers_a_day;
  std::int64_t customer_days;
  double fraud_amount_factor;
};
constexpr World kUsual = {1.0, 43'200, 2, 28, 3, 14, 5.0};
constexpr World kDrifted = {1.5, 61'200, 4, 14, 1, 14, 2.0};

struct Customer {
  double x;
  double y;
  double mean_amount;
  double mean_count;
  std::int64_t compromised_until = -1;  // The last day.
  double fraud_factor = 1;
};

struct Terminal {
  double x;
  double y;
  std::int64_t compromised_until = -1;
};

struct Transaction {
  std::int64_t second;  // Of the day.
  std::int64_t customer;
  std::int64_t terminal;
  std::int64_t cents;
  bool fraud;
};

// Finds terminals near a point: the square is cut into cells of at least the radius, so that a
// point's own cell and its eight neighbours hold them all.
class TerminalMap {
 public:
  TerminalMap(const std::vector<Terminal>& terminals, double radius)
      : terminals_(terminals),
        radius_squared_(radius * radius),
        cells_a_side_(
            std::clamp<std::int64_t>(static_cast<std::int64_t>(kSide / radius), 1, 1'000)),
        starts_(static_cast<std::size_t>(cells_a_side_ * cells_a_side_) + 1, 0),
        order_(terminals.size()) {
    for (const Terminal& terminal : terminals) ++starts_[cell_of(terminal.x, terminal.y) + 1];
    for (std::size_t cell = 1; cell < starts_.size(); ++cell) starts_[cell] += starts_[cell - 1];
    std::vector<std::int64_t> next(starts_.begin(), starts_.end() - 1);
    for (std::size_t i = 0; i < terminals.size(); ++i) {
      order_[next[cell_of(terminals[i].x, terminals[i].y)]++] = static_cast<std::int64_t>(i);
    }
  }

  bool any_near(double x, double y) const {
    bool found = false;
    for_rows_near(x, y, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to && !found; ++i) found = is_near(order_[i], x, y);
    });
    return found;
  }

  // One of the terminals near a point, each equally likely. REQUIRES: any_near(x, y).
  std::int64_t draw_near(double x, double y, Variates& variates) const {
    std::int64_t candidates = 0;
    for_rows_near(x, y, [&](std::int64_t from, std::int64_t to) { candidates += to - from; });
    while (true) {
      // A candidate of the nine cells is taken if it is near; about one in three is.
      std::int64_t pick = variates.below(candidates);
      std::int64_t terminal = -1;
      for_rows_near(x, y, [&](std::int64_t from, std::int64_t to) {
        if (terminal < 0 && pick < to - from) terminal = order_[from + pick];
        pick -= to - from;
      });
      if (is_near(terminal, x, y)) return terminal;
    }
  }

 private:
  std::int64_t coordinate(double value) const {
    return std::min(cells_a_side_ - 1,
                    static_cast<std::int64_t>(value / kSide * static_cast<double>(cells_a_side_)));
  }
  std::size_t cell_of(double x, double y) const {
    return static_cast<std::size_t>(coordinate(y) * cells_a_side_ + coordinate(x));
  }
  bool is_near(std::int64_t terminal, double x, double y) const {
    const double dx = terminals_[terminal].x - x;
    const double dy = terminals_[terminal].y - y;
    return dx * dx + dy * dy < radius_squared_;
  }
  // Calls visit(from, to) with ranges of order_: the cells of a row lie beside each other.
  template <typename Visit>
  void for_rows_near(double x, double y, const Visit& visit) const {
    const std::int64_t left = std::max<std::int64_t>(0, coordinate(x) - 1);
    const std::int64_t right = std::min(cells_a_side_ - 1, coordinate(x) + 1);
    const std::int64_t bottom = std::max<std::int64_t>(0, coordinate(y) - 1);
    const std::int64_t top = std::min(cells_a_side_ - 1, coordinate(y) + 1);
    for (std::int64_t row = bottom; row <= top; ++row) {
      visit(starts_[row * cells_a_side_ + left], starts_[row * cells_a_side_ + right + 1]);
    }
  }

  const std::vector<Terminal>& terminals_;
  double radius_squared_;
  std::int64_t cells_a_side_;
  std::vector<std::int64_t> starts_;
  std::vector<std::int64_t> order_;  // Terminals by cell.
};

class FraudReader : public table::BatchReader {
 public:
  explicit FraudReader(const FraudOptions& options)
      : options_(options), variates_(options.seed), schema_(fraud_schema()) {
    for (std::int64_t i = 0; i < options.customers; ++i) {
      Customer& customer = customers_.emplace_back();
      customer.x = variates_.uniform(0, kSide);
      customer.y = variates_.uniform(0, kSide);
      customer.mean_amount = variates_.uniform(5, 100);
      customer.mean_count = variates_.uniform(0, 2 * options.transactions_per_day);
    }
    for (std::int64_t i = 0; i < options.terminals; ++i) {
      Terminal& terminal = terminals_.emplace_back();
      terminal.x = variates_.uniform(0, kSide);
      terminal.y = variates_.uniform(0, kSide);
    }
    map_ = std::make_unique<TerminalMap>(terminals_, options.radius);
    // A customer without a terminal in reach never pays.
    for (Customer& customer : customers_) {
      if (!map_->any_near(customer.x, customer.y)) customer.mean_count = 0;
      payers_ += customer.mean_count > 0 ? 1 : 0;
    }
  }

  std::int64_t payers() const { return payers_; }
  const std::shared_ptr<const table::Schema>& schema() const override { return schema_; }

  Result<std::optional<table::Batch>> next() override {
    while (position_ == today_.size()) {
      if (day_ == options_.days) return std::nullopt;
      generate_day();
    }
    return take_batch();
  }

 private:
  const World& world() const {
    return options_.drift_day && day_ >= *options_.drift_day ? kDrifted : kUsual;
  }

  void compromise() {
    const World& now = world();
    for (std::int64_t i = 0; i < now.terminals_a_day; ++i) {
      Terminal& terminal = terminals_[variates_.below(options_.terminals)];
      terminal.compromised_until =
          std::max(terminal.compromised_until, day_ + now.terminal_days - 1);
    }
    for (std::int64_t i = 0; i < now.customers_a_day; ++i) {
      Customer& customer = customers_[variates_.below(options_.customers)];
      customer.compromised_until =
          std::max(customer.compromised_until, day_ + now.customer_days - 1);
      customer.fraud_factor = now.fraud_amount_factor;
    }
  }

  void pay(std::int64_t index) {
    const Customer& customer = customers_[index];
    const World& now = world();
    const double time = variates_.normal(now.busiest_second, 20'000);
    // As in the handbook, a time outside the day is no transaction.
    if (time <= 0 || time >= static_cast<double>(kDaySeconds)) return;
    const double mean = customer.mean_amount * now.amount_factor;
    double amount = variates_.normal(mean, mean / 2);
    if (amount < 0) amount = variates_.uniform(0, 2 * mean);
    Transaction transaction;
    transaction.second = static_cast<std::int64_t>(time);
    transaction.customer = index;
    transaction.terminal = map_->draw_near(customer.x, customer.y, variates_);
    transaction.fraud = terminals_[transaction.terminal].compromised_until >= day_;
    if (customer.compromised_until >= day_ && variates_.chance(1.0 / 3)) {
      amount *= customer.fraud_factor;
      transaction.fraud = true;
    }
    transaction.cents = static_cast<std::int64_t>(amount * 100 + 0.5);
    transaction.fraud = transaction.fraud || amount > kFraudAmount;
    today_.push_back(transaction);
  }

  void generate_day() {
    today_.clear();
    position_ = 0;
    compromise();
    for (std::int64_t index = 0; index < options_.customers; ++index) {
      if (customers_[index].mean_count == 0) continue;
      const std::int64_t count = variates_.poisson(customers_[index].mean_count);
      for (std::int64_t i = 0; i < count; ++i) pay(index);
    }
    std::stable_sort(today_.begin(), today_.end(), [](const Transaction& a, const Transaction& b) {
      return a.second < b.second;
    });
    ++day_;
  }

  table::Batch take_batch() {
    const std::int64_t left = static_cast<std::int64_t>(today_.size() - position_);
    const std::int64_t rows = std::min(left, kBatchRows);
    const std::int64_t midnight_us = options_.start_us + (day_ - 1) * kDay;
    std::vector<table::ColumnBuilder> builders;
    for (const table::Field& field : schema_->fields()) {
      builders.emplace_back(field.type).reserve(rows);
    }
    for (std::int64_t row = 0; row < rows; ++row) {
      const Transaction& transaction = today_[position_++];
      builders[0].append_integer(next_id_++);
      builders[1].append_integer(midnight_us + transaction.second * kSecond);
      builders[2].append_integer(transaction.customer);
      builders[3].append_integer(transaction.terminal);
      builders[4].append_number(static_cast<double>(transaction.cents) / 100);
      builders[5].append_integer(transaction.fraud ? 1 : 0);
    }
    std::vector<table::Column> columns;
    for (table::ColumnBuilder& builder : builders) columns.push_back(builder.finish());
    return {schema_, std::move(columns), rows};
  }

  FraudOptions options_;
  Variates variates_;
  std::shared_ptr<const table::Schema> schema_;
  std::vector<Customer> customers_;
  std::vector<Terminal> terminals_;
  std::unique_ptr<TerminalMap> map_;
  std::int64_t payers_ = 0;
  std::int64_t day_ = 0;  // The next to generate.
  std::int64_t next_id_ = 0;
  std::vector<Transaction> today_;
  std::size_t position_ = 0;  // In today_.
};

Status check_range(std::string_view what, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  const auto text = [](double number) {
    return number == std::floor(number) ? std::to_string(static_cast<std::int64_t>(number))
                                        : std::to_string(number);
  };
  return fail(ErrorCode::kBadValue, std::string(what) + " must be from " + text(low) + " to " +
                                        text(high) + ": " + text(value));
}

}  // namespace

std::shared_ptr<const table::Schema> fraud_schema() {
  using table::Kind;
  static const auto schema = std::make_shared<const table::Schema>(
      std::vector<table::Field>{{"transaction_id", {Kind::kInt64}},
                                {"tx_datetime", {Kind::kTimestamp}},
                                {"customer_id", {Kind::kInt64}},
                                {"terminal_id", {Kind::kInt64}},
                                {"tx_amount", {Kind::kDouble}},
                                {"tx_fraud", {Kind::kInt64}}});
  return schema;
}

Result<std::unique_ptr<table::BatchReader>> simulate_fraud(const FraudOptions& options) {
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  RTML_TRY(check_range("days", number(options.days), 1, number(kMaxSimulatedDays)));
  RTML_TRY(check_range("customers", number(options.customers), 1, number(kMaxSimulatedParties)));
  RTML_TRY(check_range("terminals", number(options.terminals), 1, number(kMaxSimulatedParties)));
  RTML_TRY(check_range("transactions per day", options.transactions_per_day, 0.001,
                       kMaxTransactionsPerDay));
  RTML_TRY(check_range("radius", options.radius, 0.001, 200));
  if (options.drift_day) {
    RTML_TRY(check_range("drift day", number(*options.drift_day), 0, number(options.days)));
  }
  if (options.start_us != floor_divide(options.start_us, kDay) * kDay) {
    return fail(ErrorCode::kBadValue,
                "a simulation starts at midnight UTC: " + format_timestamp(options.start_us));
  }
  if (options.start_us < kMinTimestamp || options.start_us > kMaxTimestamp - options.days * kDay) {
    return fail(ErrorCode::kBadValue, "the last simulated day would be after the year 9999");
  }
  auto reader = std::make_unique<FraudReader>(options);
  if (reader->payers() == 0) {
    return fail(Error(ErrorCode::kBadValue, "no customer has a terminal within reach")
                    .with_help("raise the number of terminals or the radius"));
  }
  return reader;
}

}  // namespace rtml::simulate
