// Writes late events and dead letters of the store into files, at least once each.
//
// A record leaves the store after its line is durable in the file; whoever is killed in between
// writes the line once more, under the same origin. Used by one thread.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/online/part_writer.h"
#include "core/plugin/backends.h"
#include "core/project/definitions.h"

namespace rtml::stream {

// The file of a view's late events or dead letters: <directory>/<view>.jsonl.
std::filesystem::path letter_path(const std::filesystem::path& root,
                                  const project::StreamInput& stream, online::RecordKind kind,
                                  const std::string& view);

// Appends what the store holds of `part` to its file and removes it from the store. `epoch` is that
// of the part's writer. Returns how many there were. Fails with kIo if the file cannot be written;
// the records stay in the store then.
Result<std::int64_t> export_letters(const online::PartName& part, online::RecordKind kind,
                                    const std::filesystem::path& path, std::uint64_t epoch,
                                    plugin::OnlineStore& store, const plugin::CallOptions& call);

}  // namespace rtml::stream
