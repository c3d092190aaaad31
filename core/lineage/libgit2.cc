#include "core/lineage/libgit2.h"

#include <dlfcn.h>

namespace rtml::lineage {
namespace {

Result<Libgit2> load() {
  // Never closed: the library keeps threads' state of its own.
  void* library = ::dlopen(RTML_LIBGIT2_SONAME, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Error(ErrorCode::kUnsupported, std::string("cannot load libgit2: ") + ::dlerror())
                    .with_help("install the package libgit2-1.5"));
  }
  Libgit2 functions;
#define RTML_FIND(name)                                                                 \
  functions.name = reinterpret_cast<decltype(functions.name)>(::dlsym(library, #name)); \
  if (functions.name == nullptr) {                                                      \
    return fail(ErrorCode::kUnsupported, "libgit2 lacks a function: " #name);           \
  }
  RTML_LIBGIT2_FUNCTIONS(RTML_FIND)
#undef RTML_FIND
  functions.git_libgit2_init();
  return functions;
}

}  // namespace

Result<const Libgit2*> libgit2() {
  static const Result<Libgit2> library = load();
  if (!library) return fail(library.error());
  return &*library;
}

}  // namespace rtml::lineage
