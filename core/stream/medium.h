// Which plugin reads a source's stream, and with which options.

#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/project/definitions.h"
#include "core/stream/streamed_view.h"

namespace rtml::stream {

struct Medium {
  std::string type;  // Of the storage plugin.
  Json options = Json::object();
};

// Whether the source's messages are the lines of standard input: its stream says so, or
// `is_standard_input` puts them in the place of every stream. Their offsets are counted on from run
// to run and have parts of their own. REQUIRES: source.stream.
bool reads_standard_input(const project::Source& source, bool is_standard_input);

// Paths among the options start from `root`. REQUIRES: source.stream.
Medium medium_of(const project::Source& source, const std::filesystem::path& root,
                 bool is_standard_input);

// Fails with kBadValue at a stream's place where its medium cannot carry its messages or does not
// know its keys, and with kUnsupported where two sources would share standard input or one is to be
// read from its beginning.
Status check_media(std::span<const SourceViews> sources, bool is_standard_input,
                   bool from_beginning);

}  // namespace rtml::stream
