#include "core/message/decoder.h"

#include "core/message/avro_decoder.h"
#include "core/message/format_module.h"
#include "core/message/framing.h"
#include "core/message/json_decoder.h"

namespace rtml::message {
namespace {

Result<std::unique_ptr<Decoder>> make_unframed(const DecoderSettings& settings,
                                               const std::string& schema_path) {
  if (settings.format == "json") return make_json_decoder(settings);
  if (settings.format == "protobuf") {
    RTML_TRY_ASSIGN(const FormatModule* const module, load_format_module(settings.format));
    return module->make(settings, schema_path);
  }
  return make_avro_decoder(settings, schema_path);
}

Status check_format(const DecoderSettings& settings, const SchemaChoice& choice) {
  const bool has_schema = !choice.path.empty() || !choice.paths.empty();
  if (settings.format != "protobuf" && settings.options.contains("message")) {
    return fail(
        Error(ErrorCode::kBadValue,
              "only a Protobuf schema has message types to choose from, not: " + settings.format)
            .at(settings.location)
            .with_help("leave out \"message\", or say \"format: protobuf\""));
  }
  if (settings.format == "json") {
    if (!has_schema) return {};
    return fail(Error(ErrorCode::kBadValue, "messages in JSON are read without a schema")
                    .at(settings.location)
                    .with_help("leave out \"schema\", or say \"format: avro\""));
  }
  if (settings.format != "avro" && settings.format != "protobuf") {
    return fail(
        Error(ErrorCode::kUnsupported, "no decoder for messages of this format: " + settings.format)
            .at(settings.location)
            .with_help("formats of a stream: json, avro, protobuf"));
  }
  if (has_schema) return {};
  return fail(
      Error(ErrorCode::kBadValue, "messages of this format need a schema file: " + settings.format)
          .at(settings.location)
          .with_help("add \"schema: PATH\" to the stream, relative to the project"));
}

}  // namespace

Result<std::unique_ptr<Decoder>> make_decoder(const DecoderSettings& settings) {
  RTML_TRY_ASSIGN(const SchemaChoice choice, read_schema_choice(settings));
  RTML_TRY(check_format(settings, choice));
  if (choice.framing == Framing::kNone) return make_unframed(settings, choice.path);
  std::map<std::uint64_t, std::unique_ptr<Decoder>> decoders;
  for (const auto& [number, path] : choice.paths) {
    RTML_TRY_ASSIGN(decoders[number], make_unframed(settings, path));
  }
  if (decoders.empty()) {
    RTML_TRY_ASSIGN(decoders[kAnySchema], make_unframed(settings, choice.path));
  }
  return make_framed_decoder(std::move(decoders));
}

DecoderSettings decoder_settings(const project::Source& source, const table::Schema& wanted,
                                 const std::filesystem::path& root) {
  DecoderSettings settings;
  settings.format = source.stream->format;
  settings.nan_is_null = source.nan_is_null;
  settings.options = source.stream->options;
  settings.root = root;
  settings.location = source.stream->location;
  settings.max_message_bytes = source.stream->max_message_bytes;
  for (const table::Field& field : wanted.fields()) {
    WantedColumn column{.name = field.name, .from = field.name, .type = field.type};
    for (const project::SourceColumn& declared : source.columns) {
      if (declared.name != field.name) continue;
      column.from = declared.from;
      column.location = declared.location;
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
