// The figures of a run as Prometheus reads them from a text file (exposition format 0.0.4).

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/stream/snapshot.h"

namespace rtml::stream {

// `now_us` is what the delay of watermarks is measured against.
std::string metrics_text(std::span<const PartSnapshot> parts, std::int64_t now_us);

// Replaces the file as a whole.
Status write_metrics(const std::filesystem::path& path, std::span<const PartSnapshot> parts,
                     std::int64_t now_us);

}  // namespace rtml::stream
