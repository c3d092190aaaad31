#include "core/message/format_module.h"

#include <dlfcn.h>

#include "core/base/installation.h"

namespace rtml::message {

Result<const FormatModule*> load_format_module(const std::string& format) {
  const std::filesystem::path path =
      installation_prefix() / "lib" / "rtml" / "formats" / (format + ".so");
  // The loader knows a library that is loaded already.
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Error(ErrorCode::kUnsupported, "cannot load the reader of this format: " + format +
                                                   " (" + std::string(::dlerror()) + ")")
                    .with_help("install rtml whole, and the package libprotobuf32"));
  }
  const auto* const module = static_cast<const FormatModule*>(::dlsym(library, kModuleSymbol));
  if (module == nullptr || !(module->layout == ModuleLayout())) {
    return fail(Error(ErrorCode::kUnsupported,
                      "the reader of a format is of another build of rtml: " + path.string())
                    .with_help("install rtml whole, program and libraries of one build"));
  }
  return module;
}

}  // namespace rtml::message
