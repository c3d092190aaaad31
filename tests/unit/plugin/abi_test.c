/* Compiles the ABI as C11 and fixes the layout that both sides rely on. */

#include "rtml/rtml_plugin.h"

_Static_assert(offsetof(struct rtml_plugin, struct_size) == 0, "the size comes first");
_Static_assert(offsetof(struct rtml_plugin, abi_version) == sizeof(size_t),
               "the version is read before anything else is known");
_Static_assert(offsetof(struct rtml_table_store, struct_size) == 0, "the size comes first");
_Static_assert(offsetof(struct rtml_online_store, struct_size) == 0, "the size comes first");
_Static_assert(offsetof(struct rtml_stream_store, struct_size) == 0, "the size comes first");
_Static_assert(offsetof(struct rtml_blob_store, struct_size) == 0, "the size comes first");
_Static_assert(offsetof(struct rtml_model_backend, struct_size) == 0, "the size comes first");
_Static_assert(offsetof(struct rtml_orchestrator, struct_size) == 0, "the size comes first");
/* The host walks a table as a size followed by function pointers. */
_Static_assert(sizeof(struct rtml_table_store) == sizeof(size_t) + 6 * sizeof(void (*)(void)),
               "a table holds nothing but functions");

int rtml_abi_version_in_c(void);
int rtml_abi_version_in_c(void) {
  return RTML_PLUGIN_ABI_VERSION;
}
