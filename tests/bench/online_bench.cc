// The online path without a command line: how fast events go into kept state, what a commit costs,
// and how long a read takes. PLUGINS is lib/rtml/plugins of the build.
//
//   bench_online PLUGINS
//       writes into an LMDB and reads from it, by one thread and by several; prints a line a
//       measurement
//   bench_online PLUGINS idle ENTITIES
//       how many bytes of an LMDB states take when 99 % of the entities have fallen silent
//   bench_online PLUGINS READS TYPE OPTIONS
//       fills a store of that type (options as JSON), reads once, prints "ready", waits for a line,
//       and reads READS times: scripts/bench/online_read asks the server what that cost

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <string_view>
#include <thread>

#include "core/base/environment.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/online/layout.h"
#include "core/online/part_writer.h"
#include "core/online/reader.h"
#include "core/plugin/host.h"
#include "core/project/identity.h"

namespace rtml {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of this thread on a core: what a measurement says on a machine that is busy with other things.
double cpu_seconds() {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Values in ascending order, to ask for quantiles.
class Sorted {
 public:
  explicit Sorted(std::vector<double> values) : values_(std::move(values)) {
    std::sort(values_.begin(), values_.end());
  }
  double at(double quantile) const {
    return values_[static_cast<std::size_t>(quantile * static_cast<double>(values_.size() - 1))];
  }

 private:
  std::vector<double> values_;
};

template <typename T>
T or_exit(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "bench_online: %s\n", std::string(result.error().message()).c_str());
  std::exit(1);
}
void or_exit(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "bench_online: %s\n", std::string(status.error().message()).c_str());
  std::exit(1);
}

const table::Schema kSchema({{"card", {table::Kind::kInt64}},
                             {"t", {table::Kind::kTimestamp}},
                             {"id", {table::Kind::kInt64}},
                             {"amount", {table::Kind::kDouble}},
                             {"items", {table::Kind::kInt64}}});

// A project with one view of three features and one of fifty.
std::filesystem::path write_project() {
  std::string pattern = (std::filesystem::temp_directory_path() / "rtml-bench-XXXXXX").string();
  const std::filesystem::path root = ::mkdtemp(pattern.data());
  std::filesystem::create_directories(root / "sources");
  std::filesystem::create_directories(root / "features");
  std::ofstream(root / "rtml.yaml") << "format: 1\nname: bench\n";
  std::ofstream(root / "sources/payments.yaml")
      << "kind: source\nname: payments\nbatch: {type: file, path: payments.csv}\n"
         "timestamp: t\nid: id\n";
  std::ofstream views(root / "features/cards.yaml");
  const auto view = [&](const char* name) {
    views << "kind: feature_view\nname: " << name
          << "\nentities: [card]\nsource: payments\nfeatures:\n";
  };
  view("three");
  views << "  - {name: count_1d, type: INT64, aggregate: count, window: 1d}\n"
           "  - {name: spent_1d, type: DOUBLE, aggregate: sum(amount), window: 1d}\n"
           "  - {name: mean_7d, type: DOUBLE, aggregate: mean(amount), window: 7d}\n---\n";
  view("fifty");
  const char* aggregates[] = {"count", "sum(amount)", "mean(amount)", "max(amount)", "sum(items)"};
  for (int window = 1; window <= 10; ++window) {
    for (int i = 0; i < 5; ++i) {
      views << "  - {name: f" << window << "_" << i
            << ", type: " << (i == 0 || i == 4 ? "INT64" : "DOUBLE")
            << ", aggregate: " << aggregates[i] << ", window: " << window * 3 << "d}\n";
    }
  }
  return root;
}

// Events of a view, made once.
class Events {
 public:
  Events(const feature::Program& program, std::size_t count, std::int64_t entities,
         std::int64_t step_us) {
    std::mt19937_64 random(1);
    std::int64_t now_us = 1'700'000'000 * kSecond;
    inputs_.resize(count);
    keys_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      now_us += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * step_us));
      keys_[i] = table::Value::of_integer(
          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(entities)));
      for (const table::Field& input : program.inputs) {
        inputs_[i].push_back(
            input.name == "amount"
                ? table::Value::of_number(static_cast<double>(random() % 100'000) / 100)
                : table::Value::of_integer(static_cast<std::int64_t>(random() % 10)));
      }
      feature::Event event;
      event.time_us = now_us;
      event.id = table::Value::of_integer(static_cast<std::int64_t>(i));
      event.inputs = inputs_[i];
      all.push_back({std::span(&keys_[i], 1), event, static_cast<std::int64_t>(i)});
    }
  }
  std::vector<online::KeyedEvent> all;

 private:
  std::vector<std::vector<table::Value>> inputs_;
  std::vector<table::Value> keys_;
};

struct OpenProject {
  project::Project project;
  std::unique_ptr<plugin::OnlineStore> store;
};

feature::Program compiled(const project::Project& project, const project::FeatureView& view) {
  return or_exit(feature::compile(view, project.source_of(view), project.keys_of(view), kSchema));
}

// Applies and commits all events; prints rates.
void write_events(const OpenProject& opened, const project::FeatureView& view,
                  const feature::Program& program, const Events& events, std::size_t batch,
                  std::int32_t partition) {
  const auto name =
      online::stream_part(project::identity(opened.project, view), "payments", partition);
  auto writer = or_exit(online::PartWriter::open(program, kSchema, name, *opened.store, 1, {}, {}));
  double applying = 0;
  double committing = 0;
  std::int64_t entities = 0;
  std::int64_t bytes = 0;
  for (std::size_t at = 0; at < events.all.size(); at += batch) {
    const std::size_t count = std::min(batch, events.all.size() - at);
    double start = cpu_seconds();
    or_exit(writer.apply(std::span(events.all).subspan(at, count), {}));
    applying += cpu_seconds() - start;
    start = cpu_seconds();
    online::BatchEnd end;
    end.next_offset = static_cast<std::int64_t>(at + count);
    end.max_event_us = events.all[at + count - 1].event.time_us;
    end.watermark_us = end.max_event_us;
    end.trim_to_us = end.watermark_us - kDay;
    or_exit(writer.commit(end, {}));
    committing += cpu_seconds() - start;
    entities += writer.last_write().entities;
    bytes += writer.last_write().bytes;
  }
  const auto count = static_cast<double>(events.all.size());
  std::printf(
      "%s, batches of %zu: %.0f events/s of core time applied, %.0f with commits, "
      "%.2f us and %lld bytes an entity committed\n",
      view.name.c_str(), batch, count / applying, count / (applying + committing),
      committing * 1e6 / static_cast<double>(entities), static_cast<long long>(bytes / entities));
}

struct ReadPlan {
  std::int64_t at_us = 0;
  std::int64_t entities = 0;
  int reads = 30'000;
  bool waits = false;  // For a line, before the reads that are measured.
};

void read_values(const OpenProject& opened, const project::FeatureView& view,
                 const ReadPlan& plan) {
  std::vector<project::ServiceColumn> columns;
  for (const project::Feature& feature : view.features) {
    columns.push_back({&view, &feature, feature.name});
  }
  auto reader = or_exit(online::Reader::open({columns, {}}, opened.project, *opened.store, {}));
  std::mt19937_64 random(2);
  std::vector<double> wall;
  std::vector<double> core;
  online::ReadResult result;
  const auto read = [&] {
    const table::Value key = table::Value::of_integer(
        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(plan.entities)));
    const std::span<const table::Value> keys[] = {std::span(&key, 1)};
    or_exit(reader.read({.keys = keys, .entities = 1, .time_us = plan.at_us}, {}, &result));
  };
  read();
  if (plan.waits) {
    std::printf("ready\n");
    std::fflush(stdout);
    std::getchar();
  }
  for (int i = 0; i < plan.reads; ++i) {
    const auto start = Clock::now();
    const double core_start = cpu_seconds();
    read();
    core.push_back((cpu_seconds() - core_start) * 1e6);
    wall.push_back(seconds_since(start) * 1e6);
  }
  const Sorted on_the_wall(std::move(wall));
  const Sorted of_the_core(std::move(core));
  std::printf(
      "read of 1 entity x %zu features: p50 %.1f us, p95 %.1f us, p99 %.1f us; core time p50 %.1f "
      "us, p99 %.1f us\n",
      columns.size(), on_the_wall.at(0.5), on_the_wall.at(0.95), on_the_wall.at(0.99),
      of_the_core.at(0.5), of_the_core.at(0.99));
}

// The same from several threads, a store and a reader each, as a server has them.
void read_from_threads(const OpenProject& opened, plugin::PluginHost& host, const Json& options,
                       const project::FeatureView& view, const ReadPlan& plan) {
  std::vector<project::ServiceColumn> columns;
  for (const project::Feature& feature : view.features) {
    columns.push_back({&view, &feature, feature.name});
  }
  for (const int threads : {1, 2, 4}) {
    std::vector<std::unique_ptr<plugin::OnlineStore>> stores;
    std::vector<online::Reader> readers;
    for (int i = 0; i < threads; ++i) {
      stores.push_back(or_exit(host.online_store("lmdb", options)));
      readers.push_back(
          or_exit(online::Reader::open({columns, {}}, opened.project, *stores.back(), {})));
    }
    std::vector<double> core(static_cast<std::size_t>(threads));
    std::vector<std::thread> running;
    const auto start = Clock::now();
    for (int i = 0; i < threads; ++i) {
      running.emplace_back([&, i] {
        std::mt19937_64 random(static_cast<std::uint64_t>(i));
        online::ReadResult result;
        const double core_start = cpu_seconds();
        for (int read = 0; read < plan.reads; ++read) {
          const table::Value key = table::Value::of_integer(
              static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(plan.entities)));
          const std::span<const table::Value> keys[] = {std::span(&key, 1)};
          or_exit(readers[static_cast<std::size_t>(i)].read(
              {.keys = keys, .entities = 1, .time_us = plan.at_us}, {}, &result));
        }
        core[static_cast<std::size_t>(i)] = cpu_seconds() - core_start;
      });
    }
    for (std::thread& thread : running) thread.join();
    const double reads = static_cast<double>(plan.reads) * threads;
    std::printf("%d threads: %.0f reads/s, %.1f us of core time a read\n", threads,
                reads / seconds_since(start),
                std::accumulate(core.begin(), core.end(), 0.0) * 1e6 / reads);
  }
}

// Bytes of the members of all states of a view.
std::int64_t state_bytes(const OpenProject& opened, const project::FeatureView& view) {
  const std::string prefix = online::states_prefix(project::identity(opened.project, view));
  std::int64_t bytes = 0;
  std::string after;
  while (true) {
    const auto groups = or_exit(opened.store->scan(prefix, after, 4'096, {}));
    if (groups.empty()) return bytes;
    for (const auto& [group, members] : groups) {
      for (const auto& [member, value] : members) bytes += std::ssize(value);
    }
    after = groups.back().first;
  }
}

// All entities have 48 events of one day each; from nine days later on 1 % of them have more, as
// many as it takes to look at each entity once.
void fall_silent(const OpenProject& opened, const project::FeatureView& view,
                 std::int64_t entities) {
  constexpr std::int64_t kStart = 1'700'000'000 * kSecond;
  constexpr std::int64_t kEvents = 48;
  constexpr std::int64_t kEventsPerVisit = 64;
  constexpr std::int64_t kBatch = 48 * 1'024;
  const feature::Program program = compiled(opened.project, view);
  const auto name = online::stream_part(project::identity(opened.project, view), "payments", 0);
  auto writer = or_exit(online::PartWriter::open(program, kSchema, name, *opened.store, 1, {}, {}));
  std::vector<std::vector<table::Value>> inputs(kBatch);
  std::vector<table::Value> keys(kBatch);
  std::vector<online::KeyedEvent> batch(kBatch);
  std::int64_t offset = 0;
  const auto write = [&](std::int64_t watermark_us, const auto& event_of) {
    for (std::int64_t i = 0; i < kBatch; ++i, ++offset) {
      const auto at = static_cast<std::size_t>(i);
      const auto [entity, time_us] = event_of(offset);
      keys[at] = table::Value::of_integer(entity);
      inputs[at].clear();
      for (const table::Field& input : program.inputs) {
        inputs[at].push_back(input.name == "amount" ? table::Value::of_number(
                                                          static_cast<double>(offset % 9'973) / 100)
                                                    : table::Value::of_integer(offset % 10));
      }
      feature::Event event;
      event.time_us = time_us;
      event.id = table::Value::of_integer(offset);
      event.inputs = inputs[at];
      batch[at] = {std::span(&keys[at], 1), event, offset};
    }
    or_exit(writer.apply(batch, {}));
    online::BatchEnd end;
    end.next_offset = offset;
    end.max_event_us = end.watermark_us = watermark_us;
    end.trim_to_us = watermark_us - kDay;
    or_exit(writer.commit(end, {}));
  };
  const auto print = [&](const char* when) {
    const std::int64_t bytes = state_bytes(opened, view);
    std::printf("%lld entities, %s: %.1f MB of states, %.0f bytes an entity\n",
                static_cast<long long>(entities), when, static_cast<double>(bytes) / 1e6,
                static_cast<double>(bytes) / static_cast<double>(entities));
    std::fflush(stdout);
  };
  while (offset < entities * kEvents) {
    write(kStart + kDay, [&](std::int64_t at) {
      return std::pair(at / kEvents % entities, kStart + at % kEvents * 30 * kMinute + at % 1'000);
    });
  }
  print("each with 48 events of one day");
  const std::int64_t active = std::max<std::int64_t>(entities / 100, 1);
  const std::int64_t from = offset;
  while (offset < from + entities * (kEventsPerVisit + 2)) {
    const std::int64_t now_us = kStart + 9 * kDay + (offset - from) / active * kMinute;
    write(now_us, [&](std::int64_t at) {
      return std::pair((at - from) % active,
                       kStart + 9 * kDay + (at - from) / active * kMinute + at % 1'000);
    });
  }
  print("99 % of them idle for longer than any window");
}

void run_idle(const std::filesystem::path& plugins, std::int64_t entities) {
  const std::filesystem::path root = write_project();
  OpenProject opened{or_exit(project::Project::load(root, Environment())), nullptr};
  plugin::PluginHost host({plugins, {}});
  opened.store = or_exit(host.online_store("lmdb", {{"path", (root / "online").string()}}));
  fall_silent(opened, *or_exit(opened.project.find_view("three")), entities);
  std::filesystem::remove_all(root);
}

constexpr std::size_t kEventsAnEntity = 1'000;
constexpr std::int64_t kEventsLastUs = 29 * kDay;

// Entities of 1,000 retained events each, and reads of their fifty features.
ReadPlan fill_and_read(const OpenProject& opened, const project::FeatureView& fifty,
                       ReadPlan plan) {
  const feature::Program program = compiled(opened.project, fifty);
  const std::size_t count = kEventsAnEntity * static_cast<std::size_t>(plan.entities);
  const Events events(program, count, plan.entities,
                      kEventsLastUs / static_cast<std::int64_t>(count));
  write_events(opened, fifty, program, events, count / 25, 0);
  plan.at_us = events.all.back().event.time_us;
  read_values(opened, fifty, plan);
  return plan;
}

void run_reads(const std::filesystem::path& plugins, int reads, const std::string& type,
               const Json& options) {
  const std::filesystem::path root = write_project();
  OpenProject opened{or_exit(project::Project::load(root, Environment())), nullptr};
  plugin::PluginHost host({plugins, {}});
  opened.store = or_exit(host.online_store(type, options));
  const project::FeatureView& fifty = *or_exit(opened.project.find_view("fifty"));
  fill_and_read(opened, fifty, {.entities = 100, .reads = reads, .waits = true});
  std::filesystem::remove_all(root);
}

void run(const std::filesystem::path& plugins) {
  const std::filesystem::path root = write_project();
  OpenProject opened{or_exit(project::Project::load(root, Environment())), nullptr};
  plugin::PluginHost host({plugins, {}});
  const Json options = {{"path", (root / "online").string()}};
  opened.store = or_exit(host.online_store("lmdb", options));
  const project::FeatureView& three = *or_exit(opened.project.find_view("three"));
  const project::FeatureView& fifty = *or_exit(opened.project.find_view("fifty"));
  {
    const feature::Program program = compiled(opened.project, three);
    const Events events(program, 1'000'000, 5'000, 500'000);
    write_events(opened, three, program, events, 10'000, 0);
    write_events(opened, three, program, events, 100'000, 1);
  }
  const ReadPlan plan = fill_and_read(opened, fifty, {.entities = 500});
  read_from_threads(opened, host, options, fifty, plan);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace rtml

int main(int argc, char** argv) {
  if (argc == 2) {
    rtml::run(argv[1]);
  } else if (argc == 4 && std::string_view(argv[2]) == "idle") {
    rtml::run_idle(argv[1], std::atoll(argv[3]));
  } else if (argc == 5) {
    rtml::run_reads(argv[1], std::atoi(argv[2]), argv[3],
                    rtml::or_exit(rtml::parse_json(argv[4], "OPTIONS")));
  } else {
    std::fprintf(stderr, "usage: bench_online PLUGINS [idle ENTITIES | READS TYPE OPTIONS]\n");
    return 2;
  }
}
