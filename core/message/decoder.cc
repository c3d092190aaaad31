#include "core/message/decoder.h"

#include "core/message/json_decoder.h"

namespace rtml::message {

Result<std::unique_ptr<Decoder>> make_decoder(const DecoderSettings& settings) {
  if (settings.format == "json") return make_json_decoder(settings);
  return fail(Error(ErrorCode::kUnsupported,
                    "no decoder for messages of this format: " + settings.format)
                  .with_help("formats of a stream: json"));
}

DecoderSettings decoder_settings(const project::Source& source, const table::Schema& wanted,
                                         const std::filesystem::path& root) {
  DecoderSettings settings;
  settings.format = source.stream->format;
  settings.nan_is_null = source.nan_is_null;
  settings.options = source.stream->options;
  settings.root = root;
  settings.max_message_bytes = source.stream->max_message_bytes;
  for (const table::Field& field : wanted.fields()) {
    WantedColumn column{.name = field.name, .from = field.name, .type = field.type};
    for (const project::SourceColumn& declared : source.columns) {
      if (declared.name == field.name) column.from = declared.from;
    }
    if (field.name == source.timestamp.column) {
      column.unit = source.timestamp.unit;
      column.is_required = true;
    } else if (source.created && field.name == source.created->column) {
      column.unit = source.created->unit;
    }
    settings.columns.push_back(std::move(column));
  }
  return settings;
}

}  // namespace rtml::message
