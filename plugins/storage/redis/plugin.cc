#include "rtml/sdk/plugin.h"
#include "plugins/storage/redis/redis_store.h"
#include "plugins/storage/redis/stream_store.h"

RTML_PLUGIN(rtml::redis::RedisStore, rtml::redis::RedisStreamStore);
