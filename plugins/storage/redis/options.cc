#include "plugins/storage/redis/options.h"

#include <cstdlib>
#include <initializer_list>
#include <string_view>

#include "core/base/file_system.h"
#include "core/base/number.h"
#include "core/base/time.h"

namespace rtml::redis {
namespace {

constexpr std::int64_t kDatabaseMax = 65'535;
constexpr std::size_t kPasswordBytesMax = 4'096;

Error bad_option(const std::string& what, std::string help = {}) {
  Error error(ErrorCode::kBadValue, what);
  if (help.empty()) return error;
  return std::move(error).with_help(std::move(help));
}

// Removes an option and returns it; null where it is absent.
Json take(Json& options, const char* key) {
  const auto found = options.find(key);
  if (found == options.end()) return nullptr;
  Json value = std::move(*found);
  options.erase(found);
  return value;
}

Result<std::string> take_text(Json& options, const char* key) {
  const Json value = take(options, key);
  if (value.is_null()) return std::string();
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) {
    return value.get<std::string>();
  }
  return fail(bad_option(std::string("option of redis must be a text: ") + key));
}

Result<std::vector<Address>> take_addresses(Json& options) {
  const Json one = take(options, "address");
  Json several = take(options, "addresses");
  if (!one.is_null() && !several.is_null()) {
    return fail(bad_option("redis takes one of the options: address, addresses"));
  }
  if (!one.is_null()) several = Json::array({one});
  if (several.is_null()) several = Json::array({"127.0.0.1:6379"});
  if (!several.is_array() || several.empty()) {
    return fail(bad_option("option of redis must be a list of addresses: addresses"));
  }
  std::vector<Address> addresses;
  for (const Json& item : several) {
    if (!item.is_string()) {
      return fail(bad_option("option of redis must be a text such as \"127.0.0.1:6379\": address"));
    }
    RTML_TRY_ASSIGN(Address address, parse_address(item.get<std::string>()));
    addresses.push_back(std::move(address));
  }
  return addresses;
}

Result<std::optional<TlsOptions>> take_tls(Json& options) {
  Json value = take(options, "tls");
  if (value.is_null() || value == false) return std::optional<TlsOptions>();
  if (value == true) value = Json::object();
  if (!value.is_object()) {
    return fail(bad_option("option of redis must be true or {ca, cert, key, server_name}: tls"));
  }
  TlsOptions tls;
  RTML_TRY_ASSIGN(tls.ca_file, take_text(value, "ca"));
  RTML_TRY_ASSIGN(tls.cert_file, take_text(value, "cert"));
  RTML_TRY_ASSIGN(tls.key_file, take_text(value, "key"));
  RTML_TRY_ASSIGN(tls.server_name, take_text(value, "server_name"));
  if (!value.empty()) {
    return fail(bad_option("option of redis makes no sense: tls." + value.begin().key(),
                           "the keys of tls are: ca, cert, key, server_name"));
  }
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    return fail(bad_option("options of redis go together: tls.cert, tls.key"));
  }
  return std::optional<TlsOptions>(std::move(tls));
}

Result<std::string> take_password(Json& options) {
  RTML_TRY_ASSIGN(std::string given, take_text(options, "password"));
  RTML_TRY_ASSIGN(const std::string variable, take_text(options, "password_env"));
  RTML_TRY_ASSIGN(const std::string path, take_text(options, "password_file"));
  if (int{!given.empty()} + int{!variable.empty()} + int{!path.empty()} > 1) {
    return fail(
        bad_option("redis takes one of the options: password, password_env, password_file"));
  }
  if (!given.empty()) return given;
  if (!variable.empty()) {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr || *value == '\0') {
      return fail(bad_option("environment variable of redis' password is not set: " + variable));
    }
    return std::string(value);
  }
  if (path.empty()) return std::string();
  RTML_TRY_ASSIGN(std::string password, read_file(path, kPasswordBytesMax));
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
    password.pop_back();
  }
  if (password.empty()) return fail(bad_option("file of redis' password is empty: " + path));
  return password;
}

}  // namespace

std::string Address::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(const std::string& text) {
  const auto refuse = [&] {
    return fail(bad_option("address of redis makes no sense: " + text,
                           "write it as \"host:port\" or \"[ipv6]:port\""));
  };
  Address address;
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return refuse();
    address.host = rest.substr(1, end - 1);
    rest = rest.substr(end + 1);
  } else {
    const auto end = rest.find(':');
    address.host = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  }
  if (address.host.empty()) return refuse();
  if (rest.empty()) return address;
  int port = 0;
  if (rest.size() < 2 || rest.size() > 6 || rest.front() != ':') return refuse();
  for (const char digit : rest.substr(1)) {
    if (digit < '0' || digit > '9') return refuse();
    port = port * 10 + (digit - '0');
  }
  if (port < 1 || port > 65'535) return refuse();
  address.port = static_cast<std::uint16_t>(port);
  return address;
}

Result<ConnectionOptions> take_connection_options(Json& options) {
  ConnectionOptions taken;
  RTML_TRY_ASSIGN(taken.addresses, take_addresses(options));
  RTML_TRY_ASSIGN(taken.tls, take_tls(options));
  RTML_TRY_ASSIGN(taken.username, take_text(options, "username"));
  RTML_TRY_ASSIGN(taken.password, take_password(options));
  if (!taken.username.empty() && taken.password.empty()) {
    return fail(bad_option("redis needs a password for the user: " + taken.username,
                           "name where it is: password_env: VARIABLE, or password_file: PATH"));
  }
  if (const Json cluster = take(options, "cluster"); !cluster.is_null()) {
    if (!cluster.is_boolean()) {
      return fail(bad_option("option of redis must be true or false: cluster"));
    }
    taken.is_cluster = cluster.get<bool>();
  }
  if (const Json database = take(options, "database"); !database.is_null()) {
    if (!database.is_number_integer() || database < 0 || database > kDatabaseMax) {
      return fail(bad_option("option of redis must be a number from 0: database"));
    }
    taken.database = database.get<std::int64_t>();
    if (taken.database != 0 && taken.is_cluster) {
      return fail(bad_option("a Redis Cluster has only database 0: database"));
    }
  }
  RTML_TRY_ASSIGN(const std::string timeout, take_text(options, "timeout"));
  if (!timeout.empty()) {
    RTML_TRY_ASSIGN(taken.timeout_us, parse_duration(timeout));
    if (taken.timeout_us <= 0) return fail(bad_option("option of redis must be positive: timeout"));
  }
  return taken;
}

}  // namespace rtml::redis
