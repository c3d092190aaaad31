// The stream capability of the file plugin: the lines of JSONL files as messages.
//
// One file is partition 0. Each file that a pattern matches is a partition whose number comes from
// a hash of the file's name, so that it stays when other files come and go. A message's offset is
// the byte at which its line starts. Blank lines are no messages. Options:
//   path    a path, a pattern, or "-" for standard input
//   follow  true: wait for lines to be appended and for files to appear, and never end; a last line
//           without its line end is not complete yet. false (the default): the stream ends where
//           the files end. A pipe ends when its writer closes it.

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
  sdk::Result<std::vector<sdk::Partition>> partitions(const std::string& options,
                                                      const sdk::Call& call) override;
  sdk::Result<std::unique_ptr<sdk::StreamReader>> open_reader(const std::string& options,
                                                              const sdk::Call& call) override;
};

}  // namespace rtml::file
