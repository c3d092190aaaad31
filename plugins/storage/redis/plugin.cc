#include "plugins/storage/redis/redis_store.h"
#include "rtml/sdk/plugin.h"

RTML_PLUGIN(rtml::redis::RedisStore);
