#include "core/stream/medium.h"

#include "core/message/decoder.h"
#include "core/plugin/defaults.h"

namespace rtml::stream {
namespace {

constexpr std::string_view kStandardInput = "stdin";

// Names of streams that are not those of their plugin.
struct StreamName {
  std::string_view type;
  std::string_view plugin;
};
constexpr StreamName kStreamNames[] = {{"redis_stream", "redis"}};

Json options_of(const project::StreamInput& stream) {
  Json options = stream.options;
  for (const std::string_view key : message::kDecoderKeys) options.erase(std::string(key));
  return options;
}

}  // namespace

bool reads_standard_input(const project::Source& source, bool is_standard_input) {
  return is_standard_input || source.stream->type == kStandardInput;
}

Medium medium_of(const project::Source& source, const std::filesystem::path& root,
                 bool is_standard_input) {
  if (reads_standard_input(source, is_standard_input)) {
    return {std::string(plugin::kLineStream), {{"path", "-"}}};
  }
  Medium medium{source.stream->type, options_of(*source.stream)};
  for (const StreamName& name : kStreamNames) {
    if (medium.type == name.type) medium.type = name.plugin;
  }
  const auto path = medium.options.find("path");
  if (path != medium.options.end() && path->is_string() && *path != "-") {
    *path = (root / path->get<std::string>()).string();
  }
  // A version of a source is read beside the source: as a member of one group each would get a part
  // of the messages.
  const auto group = medium.options.find("group");
  if (source.version != 0 && group != medium.options.end() && group->is_string()) {
    *group = group->get<std::string>() + ".v" + std::to_string(source.version);
  }
  return medium;
}

Status check_media(std::span<const SourceViews> sources, bool is_standard_input,
                   bool from_beginning) {
  const project::Source* reader_of_input = nullptr;
  for (const SourceViews& views : sources) {
    const project::Source& source = *views.source;
    const project::StreamInput& stream = *source.stream;
    const auto wrong = [&](ErrorCode code, std::string message, std::string help) {
      return fail(Error(code, std::move(message)).at(stream.location).with_help(std::move(help)));
    };
    const bool is_input = reads_standard_input(source, is_standard_input);
    if ((is_input || stream.type == plugin::kLineStream) && stream.format != "json") {
      return wrong(ErrorCode::kBadValue,
                   "lines of text cannot carry messages of this format: " + stream.format,
                   "read them from a broker: \"type: kafka\" or \"type: redis_stream\"");
    }
    if (!is_input) continue;
    const Json options = options_of(stream);
    if (stream.type == kStandardInput && !options.empty()) {
      return wrong(ErrorCode::kBadValue,
                   "standard input takes no such key: " + options.begin().key(),
                   "for a file: \"stream: {type: file, path: …}\"");
    }
    if (from_beginning) {
      return wrong(ErrorCode::kUnsupported, "standard input cannot be read from its beginning",
                   "run without --from-beginning");
    }
    if (std::exchange(reader_of_input, &source) != nullptr && !is_standard_input) {
      return wrong(ErrorCode::kUnsupported,
                   "a second source wants to read standard input: " + source.name,
                   "run the views of one source at a time");
    }
  }
  return {};
}

}  // namespace rtml::stream
