// The plugin "file": tables and streams in files.

#include "plugins/storage/file/file_store.h"
#include "plugins/storage/file/jsonl_stream.h"
#include "rtml/sdk/plugin.h"

RTML_PLUGIN(rtml::file::FileTableStore, rtml::file::JsonlStreamStore);
