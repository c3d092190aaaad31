#include "plugins/storage/redis/stream_settings.h"

#include <set>

#include "plugins/shared/server_options.h"

namespace rtml::redis {
namespace {

using plugins::bad_option;

Result<std::string> take_text(Json& options, const char* key) {
  return plugins::take_text(options, key, "redis");
}

Result<std::vector<std::string>> take_streams(Json& options) {
  RTML_TRY_ASSIGN(const std::string one, take_text(options, "stream"));
  const auto several = options.find("streams");
  if (one.empty() == (several == options.end())) {
    return fail(bad_option("redis takes one of the options: stream, streams"));
  }
  if (!one.empty()) return std::vector<std::string>{one};
  std::vector<std::string> streams;
  std::set<std::string> seen;
  const Json list = *several;
  options.erase(several);
  for (const Json& item : list.is_array() ? list : Json::array()) {
    if (!item.is_string() || item.get_ref<const std::string&>().empty()) break;
    streams.push_back(item.get<std::string>());
    if (!seen.insert(streams.back()).second) {
      return fail(bad_option("option of redis names a stream twice: " + streams.back()));
    }
  }
  if (streams.empty() || streams.size() != list.size()) {
    return fail(bad_option("option of redis must be a list of keys: streams"));
  }
  return streams;
}

}  // namespace

Result<StreamSettings> read_stream_settings(const std::string& options) {
  RTML_TRY_ASSIGN(Json json, parse_json(options, "options"));
  StreamSettings settings;
  RTML_TRY_ASSIGN(settings.connection, take_connection_options(json));
  RTML_TRY_ASSIGN(settings.streams, take_streams(json));
  RTML_TRY_ASSIGN(settings.field, take_text(json, "field"));
  RTML_TRY_ASSIGN(settings.group, take_text(json, "group"));
  if (const auto follow = json.find("follow"); follow != json.end()) {
    if (!follow->is_boolean()) {
      return fail(bad_option("option of redis must be true or false: follow"));
    }
    settings.follows = follow->get<bool>();
    json.erase(follow);
  }
  if (json.empty()) return settings;
  return fail(bad_option("option of redis makes no sense: " + json.begin().key())
                  .with_help("the options are: address, addresses, cluster, database, field, "
                             "follow, group, password_env, password_file, stream, streams, "
                             "timeout, tls, username"));
}

}  // namespace rtml::redis
