// Rows of files that "feature materialize" wrote, a random sample. Internal to core/verify.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/dataset/training_set.h"
#include "core/feature/program.h"
#include "core/table/value.h"
#include "core/table/value_memory.h"

namespace rtml::verify {

struct FileRow {
  std::vector<table::Value> key;  // In the order of Program::keys, none null.
  std::int64_t time_us = 0;
  std::vector<table::Value> values;  // In the order of Program::outputs.
};

// Returns `count` rows with a key, each as likely as any other, or all where there are fewer; their
// texts and lists live in `memory`. Reads every file once. Fails with kDataMissingColumn if a file
// lacks a column of the program, and as reading them does.
Result<std::vector<FileRow>> sample_rows(const std::vector<std::filesystem::path>& files,
                                         const feature::Program& program, std::int64_t count,
                                         std::uint64_t seed, const dataset::BuildContext& context,
                                         table::ValueMemory& memory);

}  // namespace rtml::verify
