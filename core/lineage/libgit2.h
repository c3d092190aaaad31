// The functions of libgit2 that lineage calls, found at run time.
//
// Internal to core/lineage. Linking libgit2 costs every command 1.5 ms at start; most need no
// lineage. The types are those of the library's own headers.

#pragma once

#include <git2.h>

#include "core/base/result.h"

namespace rtml::lineage {

#define RTML_LIBGIT2_FUNCTIONS(X)        \
  X(git_commit_free)                     \
  X(git_commit_tree)                     \
  X(git_diff_free)                       \
  X(git_diff_get_delta)                  \
  X(git_diff_num_deltas)                 \
  X(git_diff_options_init)               \
  X(git_diff_tree_to_workdir_with_index) \
  X(git_error_last)                      \
  X(git_ignore_path_is_ignored)          \
  X(git_libgit2_init)                    \
  X(git_object_id)                       \
  X(git_oid_tostr)                       \
  X(git_reference_free)                  \
  X(git_reference_is_branch)             \
  X(git_reference_peel)                  \
  X(git_reference_shorthand)             \
  X(git_reference_lookup)                \
  X(git_reference_symbolic_target)       \
  X(git_repository_free)                 \
  X(git_repository_head)                 \
  X(git_repository_open_ext)             \
  X(git_repository_workdir)              \
  X(git_tree_free)

struct Libgit2 {
#define RTML_DECLARE(name) decltype(&::name) name = nullptr;
  RTML_LIBGIT2_FUNCTIONS(RTML_DECLARE)
#undef RTML_DECLARE
};

// Loads and initialises the library on the first call. Fails with kUnsupported if it is not there.
Result<const Libgit2*> libgit2();

}  // namespace rtml::lineage
