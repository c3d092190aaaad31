// The stream capability of the file plugin: the lines of JSONL files as messages.
//
// Each file that the glob matches is a partition, numbered in the order of the files' names. A
// message's offset is the byte at which its line starts, so that reading goes on from any offset
// without counting lines. Blank lines are no messages. Options:
//   path    a path or glob
//   follow  true: wait for lines to be appended and never end; a last line without its line end is
//           not complete yet. false (the default): the stream ends where the files end.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rtml/sdk/storage.h"

namespace rtml::file {

class JsonlStreamStore : public sdk::StreamStore {
 public:
  static sdk::Result<std::unique_ptr<JsonlStreamStore>> open(const std::string& options,
                                                             const sdk::Call& call);
  sdk::Result<std::unique_ptr<sdk::StreamReader>> open_reader(
      const std::string& options, const std::vector<rtml_partition_offset>& offsets,
      const sdk::Call& call) override;
};

}  // namespace rtml::file
