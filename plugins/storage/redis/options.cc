#include "plugins/storage/redis/options.h"

#include <string_view>

#include "plugins/shared/server_options.h"

namespace rtml::redis {
namespace {

constexpr const char* kStore = "redis";
constexpr std::int64_t kDatabaseMax = 65'535;

using plugins::bad_option;
using plugins::take;

Result<std::string> take_text(Json& options, const char* key) {
  return plugins::take_text(options, key, kStore);
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
  RTML_TRY_ASSIGN(taken.password, plugins::take_password(options, kStore));
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
  RTML_TRY_ASSIGN(taken.timeout_us, plugins::take_timeout(options, kStore, taken.timeout_us));
  return taken;
}

}  // namespace rtml::redis
