// A stream of card transactions with frauds, of any length, decided by a seed.
//
// After the generator of the Fraud Detection Handbook (Le Borgne, Siblini, Lebichot, Bontempi,
// 2022, chapter 3.2), written anew. Customers and terminals lie on a square of side 100; a customer
// pays at terminals within `radius`. A day has Poisson many transactions of a customer, at normal
// times around noon, with normal amounts of the customer's own mean. Frauds:
//   1  every amount above 220;
//   2  each day two terminals are compromised: all their transactions for 28 days;
//   3  each day three customers are compromised: a third of their transactions for 14 days, with
//      amounts five times as large.
// From `drift_day` on the world is another: amounts are half as large again, evenings are busier,
// and frauds move from cards to terminals (four a day for 14 days; one customer a day, amounts
// doubled).
//
// Memory: the customers and terminals and the transactions of one day. The first days of a longer
// stream are the days of a shorter one. For one thread.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/result.h"
#include "core/table/batch.h"

namespace rtml::simulate {

struct FraudOptions {
  std::int64_t days = 30;
  std::int64_t customers = 1'000;
  std::int64_t terminals = 2'000;
  // Mean number of transactions of a customer a day; each customer's own mean is uniform between 0
  // and twice this.
  double transactions_per_day = 2.0;
  double radius = 5.0;
  std::uint64_t seed = 0;
  std::int64_t start_us = 0;              // The first day's midnight, UTC.
  std::optional<std::int64_t> drift_day;  // From 0; nothing: no drift.
};

// Bounds that keep a simulation finite and its times within the range of timestamps.
inline constexpr std::int64_t kMaxSimulatedDays = 36'500;
inline constexpr std::int64_t kMaxSimulatedParties = 10'000'000;
inline constexpr double kMaxTransactionsPerDay = 1'000;

// The columns: transaction_id INT64 (from 0, in time order), tx_datetime TIMESTAMP (whole seconds),
// customer_id INT64, terminal_id INT64, tx_amount DOUBLE (two decimals), tx_fraud INT64 (0 or 1).
std::shared_ptr<const table::Schema> fraud_schema();

// Generates transactions in the order of time, a batch of at most 65,536 rows at a time. Fails with
// kBadValue where an option is outside its bounds or no terminal is within reach of any customer.
Result<std::unique_ptr<table::BatchReader>> simulate_fraud(const FraudOptions& options);

}  // namespace rtml::simulate
