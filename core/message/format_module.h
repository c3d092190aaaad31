// A format whose library is too costly for every start of rtml lives in a shared object of its own,
// lib/rtml/formats/<format>.so, which is loaded when a stream is first read in that format.
//
// Such a module is a part of rtml and no plugin: it is built from the same tree, shares the types
// of this folder and is refused if it was built otherwise. It is never unloaded.

#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "core/message/decoder.h"

namespace rtml::message {

// What both sides must agree on to hand these types to each other.
struct ModuleLayout {
  std::string_view compiler = __VERSION__;
  std::array<std::size_t, 6> sizes = {sizeof(DecoderSettings), sizeof(WantedColumn),
                                      sizeof(TextArena),       sizeof(table::Value),
                                      sizeof(Error),           sizeof(Json)};
  friend bool operator==(const ModuleLayout&, const ModuleLayout&) = default;
};

// What a module exports as `rtml_format_module`.
struct FormatModule {
  ModuleLayout layout;
  Result<std::unique_ptr<Decoder>> (*make)(const DecoderSettings& settings,
                                           const std::string& schema_path);
};
inline constexpr const char* kModuleSymbol = "rtml_format_module";

// The module of a format. Fails with kUnsupported, saying what to do, if it cannot be loaded.
Result<const FormatModule*> load_format_module(const std::string& format);

}  // namespace rtml::message
