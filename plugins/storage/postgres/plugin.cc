#include "plugins/storage/postgres/postgres_store.h"
#include "rtml/sdk/plugin.h"

RTML_PLUGIN(rtml::postgres::PostgresStore);
