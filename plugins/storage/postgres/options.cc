#include "plugins/storage/postgres/options.h"

#include "plugins/shared/server_options.h"

namespace rtml::postgres {
namespace {

constexpr const char* kStore = "postgres";
constexpr std::size_t kIdentifierBytesMax = 63;

using plugins::bad_option;

Result<std::string> take_text(Json& options, const char* key) {
  return plugins::take_text(options, key, kStore);
}

Status take_address(Json& json, Options* options) {
  RTML_TRY_ASSIGN(std::string address, take_text(json, "address"));
  if (address.empty()) address = "127.0.0.1:5432";
  options->server = address;
  std::string port = "5432";
  const auto colon = address.rfind(':');
  const bool is_socket = address.front() == '/';
  const bool has_port = colon != std::string::npos && address.find(']', colon) == std::string::npos;
  if (has_port) {
    port = address.substr(colon + 1);
    address.resize(colon);
  }
  if (!is_socket && address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  if (address.empty() || port.empty() ||
      port.find_first_not_of("0123456789") != std::string::npos || port.size() > 5) {
    return fail(bad_option("address of postgres makes no sense: " + options->server,
                           "write it as \"host:port\" or as the directory of a socket"));
  }
  options->connection["host"] = address;
  options->connection["port"] = port;
  return {};
}

Status take_tls(Json& json, Options* options) {
  const auto found = json.find("tls");
  if (found == json.end()) return {};
  Json tls = *found;
  json.erase(found);
  if (tls == false) return {};
  if (tls == true) tls = Json::object();
  if (!tls.is_object()) {
    return fail(bad_option("option of postgres must be true or {ca, cert, key}: tls"));
  }
  options->connection["sslmode"] = "verify-full";
  const std::pair<const char*, const char*> files[] = {
      {"ca", "sslrootcert"}, {"cert", "sslcert"}, {"key", "sslkey"}};
  for (const auto& [key, keyword] : files) {
    RTML_TRY_ASSIGN(std::string path, take_text(tls, key));
    if (!path.empty()) options->connection[keyword] = std::move(path);
  }
  if (!tls.empty()) {
    return fail(bad_option("option of postgres makes no sense: tls." + tls.begin().key(),
                           "the keys of tls are: ca, cert, key"));
  }
  return {};
}

// A name that needs no quoting beyond what is written around it.
bool is_identifier(const std::string& name) {
  return name.size() <= kIdentifierBytesMax && (name.front() < '0' || name.front() > '9') &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

}  // namespace

Result<Options> read_options(const std::string& text) {
  RTML_TRY_ASSIGN(Json json, parse_json(text, "options"));
  Options options;
  RTML_TRY(take_address(json, &options));
  RTML_TRY_ASSIGN(const std::string database, take_text(json, "database"));
  if (database.empty()) return fail(bad_option("postgres needs the option: database"));
  options.connection["dbname"] = database;
  options.server += "/" + database;
  RTML_TRY_ASSIGN(const std::string username, take_text(json, "username"));
  if (!username.empty()) options.connection["user"] = username;
  RTML_TRY_ASSIGN(const std::string password, plugins::take_password(json, kStore));
  if (!password.empty()) options.connection["password"] = password;
  RTML_TRY(take_tls(json, &options));
  RTML_TRY_ASSIGN(const std::string schema, take_text(json, "schema"));
  if (!schema.empty()) options.schema = schema;
  if (!is_identifier(options.schema)) {
    return fail(bad_option("option of postgres must be of a-z, 0-9 and _: schema"));
  }
  RTML_TRY_ASSIGN(options.timeout_us, plugins::take_timeout(json, kStore, options.timeout_us));
  if (!json.empty()) {
    return fail(bad_option("option of postgres makes no sense: " + json.begin().key(),
                           "the options are: address, database, password, password_env, "
                           "password_file, schema, timeout, tls, username"));
  }
  options.connection["application_name"] = "rtml";
  return options;
}

}  // namespace rtml::postgres
