#include "rtml/sdk/plugin.h"
#include "plugins/storage/postgres/postgres_store.h"

RTML_PLUGIN(rtml::postgres::PostgresStore);
