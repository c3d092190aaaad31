// A disk that is full in the middle of the work: a clear error, nothing half there, and the next
// run goes on once there is room.

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/file_system.h"
#include "core/dataset/materialize_intervals.h"
#include "core/dataset/online_fill.h"
#include "core/online/open_store.h"
#include "tests/unit/dataset/backfill_fixture.h"

namespace rtml::dataset {
namespace {

using test::BackfillProject;

// A file system of its own size at a directory, as long as the object lives.
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path path, const std::string& size) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    is_mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    if (!is_mounted_) MESSAGE("skipped: cannot mount a small disk (", std::strerror(errno), ")");
  }
  ~SmallDisk() {
    if (is_mounted_) ::umount(path_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }
  void resize(const std::string& size) {
    REQUIRE(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0);
  }

 private:
  std::filesystem::path path_;
  bool is_mounted_ = false;
};

bool has_files(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with("spill")) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("spilling: a full disk is told, and nothing is left") {
  BackfillProject project;
  project.write(test::random_payments(31, 20'000, 500, false));
  SmallDisk disk(project.path() / ".rtml/spill", "128k");
  if (!disk.is_mounted()) return;
  const BuildContext context = project.context(2, 1);
  const auto features = project.features("all_cards");
  const auto check = [&](const Error& error) {
    CHECK(error.code() == ErrorCode::kIo);
    CHECK(error.message().find(".rtml/spill (No space left on device)") != std::string::npos);
    CHECK(error.help().find("--memory-limit") != std::string::npos);
    CHECK(!has_files(project.path() / ".rtml/spill"));
    CHECK(std::filesystem::space(project.path() / ".rtml/spill").available > 0);
  };
  const auto rows = materialize(features, {}, context);
  REQUIRE(!rows);
  check(rows.error());
  const auto schedule = materialize(features, {.every_us = kDay}, context);
  REQUIRE(!schedule);
  check(schedule.error());
  const auto store = online::open_store(project.project(), context.plugins).value();
  const std::vector<const project::FeatureView*> views = {features.front().view};
  const auto filled = fill_online(views, {.cutover_us = 9 * kDay, .epoch = 5}, *store, context);
  REQUIRE(!filled);
  check(filled.error());
  CHECK(store->scan("", "", 100, {}).value().empty());
}

// Interrupts the work in the middle of reading.
class Interruption : public NoProgress {
 public:
  explicit Interruption(CancelFlag& cancel) : cancel_(cancel) {}
  void begin(std::string_view activity, std::int64_t, std::string_view) override {
    if (activity == "compute features") cancel_.set();
  }

 private:
  CancelFlag& cancel_;
};

TEST_CASE("spilling: an interruption leaves nothing") {
  BackfillProject project;
  project.write(test::random_payments(33, 2'000, 500, false));
  CancelFlag cancel;
  Interruption interruption(cancel);
  const BuildContext whole = project.context();
  BuildContext context{whole.project, whole.plugins, interruption, cancel};
  context.memory_limit_bytes = 1;
  const auto rows = materialize(project.features("all_cards"), {}, context);
  REQUIRE(!rows);
  CHECK(rows.error().code() == ErrorCode::kInterrupted);
  CHECK(std::filesystem::is_empty(project.path() / ".rtml/spill"));
}

TEST_CASE("materialize_intervals: goes on when a full disk has room again") {
  BackfillProject project;
  project.write(test::random_payments(32, 20'000, 500, false));
  const auto features = project.features("all_cards");
  const BuildContext context = project.context(2);
  IntervalOptions options{.directory = project.path() / "whole",
                          .kind = "service",
                          .name = "all_cards",
                          .interval_us = kDay,
                          .now_us = 20 * kDay};
  REQUIRE(materialize_intervals(features, options, context));
  const std::filesystem::path whole = options.directory;
  options.directory = project.path() / "small";
  SmallDisk disk(options.directory, "400k");
  if (!disk.is_mounted()) return;
  const auto refused = materialize_intervals(features, options, context);
  REQUIRE(!refused);
  CHECK(refused.error().code() == ErrorCode::kIo);
  CHECK(refused.error().message().find("No space left on device") != std::string::npos);
  const std::string text = read_file(options.directory / kIntervalManifest).value();
  const IntervalManifest manifest = parse_interval_manifest(text, "the manifest").value();
  CHECK(manifest.files.size() >= 1);
  CHECK(manifest.files.size() < 10);
  for (const auto& [from_us, file] : manifest.files) {
    CHECK(read_file(options.directory / file.file).value() == read_file(whole / file.file).value());
  }
  disk.resize("8m");
  const auto rest = materialize_intervals(features, options, context);
  REQUIRE(rest);
  CHECK(rest->kept == std::ssize(manifest.files));
  for (const auto& entry : std::filesystem::directory_iterator(whole)) {
    CHECK(read_file(options.directory / entry.path().filename()).value() ==
          read_file(entry.path()).value());
  }
}

}  // namespace rtml::dataset
