#include "plugins/storage/postgres/options.h"

#include <cstdlib>

#include "core/base/file_system.h"
#include "core/base/json.h"
#include "core/base/time.h"

namespace rtml::postgres {
namespace {

constexpr std::size_t kPasswordBytesMax = 4'096;
constexpr std::size_t kIdentifierBytesMax = 63;

Error bad_option(const std::string& what, std::string help = {}) {
  Error error(ErrorCode::kBadValue, what);
  if (help.empty()) return error;
  return std::move(error).with_help(std::move(help));
}

// Removes an option and returns it; "" where it is absent.
Result<std::string> take_text(Json& options, const std::string& key) {
  const auto found = options.find(key);
  if (found == options.end()) return std::string();
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
    return fail(bad_option("option of postgres must be a text: " + key));
  }
  std::string text = found->get<std::string>();
  options.erase(found);
  return text;
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

Status take_password(Json& json, Options* options) {
  RTML_TRY_ASSIGN(std::string password, take_text(json, "password"));
  RTML_TRY_ASSIGN(const std::string variable, take_text(json, "password_env"));
  RTML_TRY_ASSIGN(const std::string path, take_text(json, "password_file"));
  if (int{!password.empty()} + int{!variable.empty()} + int{!path.empty()} > 1) {
    return fail(
        bad_option("postgres takes one of the options: password, password_env, password_file"));
  }
  if (!variable.empty()) {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr || *value == '\0') {
      return fail(bad_option("environment variable of postgres' password is not set: " + variable));
    }
    password = value;
  } else if (!path.empty()) {
    RTML_TRY_ASSIGN(password, read_file(path, kPasswordBytesMax));
    while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
      password.pop_back();
    }
    if (password.empty()) return fail(bad_option("file of postgres' password is empty: " + path));
  }
  if (!password.empty()) options->connection["password"] = password;
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
  RTML_TRY(take_password(json, &options));
  RTML_TRY(take_tls(json, &options));
  RTML_TRY_ASSIGN(const std::string schema, take_text(json, "schema"));
  if (!schema.empty()) options.schema = schema;
  if (!is_identifier(options.schema)) {
    return fail(bad_option("option of postgres must be of a-z, 0-9 and _: schema"));
  }
  RTML_TRY_ASSIGN(const std::string timeout, take_text(json, "timeout"));
  if (!timeout.empty()) {
    RTML_TRY_ASSIGN(options.timeout_us, parse_duration(timeout));
    if (options.timeout_us <= 0) {
      return fail(bad_option("option of postgres must be positive: timeout"));
    }
  }
  if (!json.empty()) {
    return fail(bad_option("option of postgres makes no sense: " + json.begin().key(),
                           "the options are: address, database, password, password_env, "
                           "password_file, schema, timeout, tls, username"));
  }
  options.connection["application_name"] = "rtml";
  return options;
}

}  // namespace rtml::postgres
