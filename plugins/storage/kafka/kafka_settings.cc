#include "plugins/storage/kafka/kafka_settings.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/base/file_system.h"
#include "core/base/json.h"

namespace rtml::kafka {
namespace {

// Options that are properties of librdkafka under another name.
struct NamedProperty {
  std::string_view option;
  const char* property;
};
constexpr NamedProperty kNamedProperties[] = {
    {"security_protocol", "security.protocol"},      {"ssl_ca", "ssl.ca.location"},
    {"ssl_certificate", "ssl.certificate.location"}, {"ssl_key", "ssl.key.location"},
    {"sasl_mechanism", "sasl.mechanisms"},           {"sasl_username", "sasl.username"},
};

struct SecretProperty {
  std::string_view option;  // As it is; with "_env" and "_file" where it is.
  const char* property;
};
constexpr SecretProperty kSecretProperties[] = {
    {"sasl_password", "sasl.password"},
    {"ssl_key_password", "ssl.key.password"},
};

// What the map "librdkafka" may not set, by the beginning of the name.
struct RefusedProperty {
  std::string_view prefix;
  std::string_view reason;
};
constexpr RefusedProperty kRefusedProperties[] = {
    {"plugin.", "it loads a library"},
    {"ssl.engine.", "it loads a library"},
    {"sasl.kerberos.kinit.cmd", "it runs a program"},
    {"sasl.password", "write sasl_password_env or sasl_password_file"},
    {"sasl.oauthbearer.client.secret", "secrets have no place in a project file"},
    {"ssl.key.password", "write ssl_key_password_env or ssl_key_password_file"},
    {"ssl.keystore.password", "secrets have no place in a project file"},
    {"ssl.key.pem", "write ssl_key, the name of a file"},
    {"bootstrap.servers", "write brokers"},
    {"metadata.broker.list", "write brokers"},
    {"group.id", "write group"},
    {"group.instance.id", "write instance_id"},
    {"enable.auto.commit", "rtml keeps the offsets"},
    {"enable.auto.offset.store", "rtml keeps the offsets"},
    {"auto.offset.reset", "offsets that are gone are never skipped in silence"},
    {"isolation.level", "messages of aborted transactions are never read"},
    {"enable.partition.eof", "rtml needs it"},
    {"partition.assignment.strategy", "rtml needs all partitions revoked before they are divided"},
    {"allow.auto.create.topics", "reading makes no topics"},
    {"debug", "it writes to standard error"},
};

// What a stream runs with unless the map says otherwise. The queue is bounded by bytes alone: at a
// bound by messages librdkafka 2.0 pauses fetching for a second.
constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"queued.max.messages.kbytes", "65536"},
    {"queued.min.messages", "1000000"},
    {"fetch.wait.max.ms", "100"},
    {"socket.nagle.disable", "true"},
    {"topic.metadata.refresh.interval.ms", "10000"},
    {"reconnect.backoff.ms", "100"},
    {"reconnect.backoff.max.ms", "2000"},
    {"client.id", "rtml"},
};

constexpr std::pair<const char*, const char*> kFixed[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"},
    {"isolation.level", "read_committed"},
    {"enable.partition.eof", "true"},
    // Eager: a partition has no two owners at any moment, and each assignment is told whole.
    {"partition.assignment.strategy", "range"},
    {"allow.auto.create.topics", "false"},
    {"log_level", "0"},
};

Error bad_option(const std::string& option, std::string_view wanted) {
  return Error(ErrorCode::kBadValue, "option of a Kafka stream makes no sense: " + option)
      .with_help("it takes " + std::string(wanted));
}

Result<std::string> text_of(const std::string& option, const Json& value) {
  if (value.is_string() && !value.get<std::string>().empty()) return value.get<std::string>();
  return fail(bad_option(option, "a text"));
}

Result<std::string> brokers_of(const Json& value) {
  if (value.is_string()) return text_of("brokers", value);
  std::string brokers;
  if (!value.is_array()) return fail(bad_option("brokers", "\"host:port\" or a list of them"));
  for (const Json& broker : value) {
    RTML_TRY_ASSIGN(const std::string one, text_of("brokers", broker));
    brokers += (brokers.empty() ? "" : ",") + one;
  }
  return brokers;
}

// A value of the map as librdkafka reads it.
Result<std::string> property_text(const std::string& name, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number_integer()) return to_json_text(value);
  return fail(bad_option("librdkafka: " + name, "a text, an integer, true or false"));
}

Status read_properties(const Json& map, KafkaSettings* settings) {
  if (!map.is_object()) return fail(bad_option("librdkafka", "a map of properties"));
  for (const auto& [name, value] : map.items()) {
    for (const RefusedProperty& refused : kRefusedProperties) {
      if (!std::string_view(name).starts_with(refused.prefix)) continue;
      return fail(Error(ErrorCode::kBadValue, "property of librdkafka is not to be set: " + name)
                      .with_help(std::string(refused.reason)));
    }
    RTML_TRY_ASSIGN(std::string text, property_text(name, value));
    settings->properties.emplace_back(name, std::move(text));
  }
  return {};
}

Result<std::string> read_secret(const std::string& option, std::string_view suffix,
                                const std::string& value) {
  if (suffix == "_env") {
    const char* secret = std::getenv(value.c_str());
    if (secret != nullptr && *secret != '\0') return std::string(secret);
    return fail(ErrorCode::kNotFound, option + ": environment variable is not set: " + value);
  }
  if (suffix == "_file") {
    RTML_TRY_ASSIGN(std::string secret, read_file(value));
    // An editor's line end is no part of a password.
    while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
    return secret;
  }
  return value;
}

// True if the option was one of a secret.
Result<bool> read_secret_option(const std::string& option, const Json& value,
                                KafkaSettings* settings) {
  for (const SecretProperty& property : kSecretProperties) {
    if (!std::string_view(option).starts_with(property.option)) continue;
    const std::string_view suffix = std::string_view(option).substr(property.option.size());
    if (!suffix.empty() && suffix != "_env" && suffix != "_file") continue;
    RTML_TRY_ASSIGN(const std::string text, text_of(option, value));
    RTML_TRY_ASSIGN(std::string secret, read_secret(option, suffix, text));
    settings->properties.emplace_back(property.property, secret);
    settings->secrets.push_back(std::move(secret));
    return true;
  }
  return false;
}

Status read_option(const std::string& option, const Json& value, KafkaSettings* settings) {
  struct TextOption {
    std::string_view option;
    std::string KafkaSettings::*member;
  };
  constexpr TextOption kTexts[] = {{"topic", &KafkaSettings::topic},
                                   {"group", &KafkaSettings::group},
                                   {"instance_id", &KafkaSettings::instance_id}};
  for (const TextOption& text : kTexts) {
    if (option != text.option) continue;
    RTML_TRY_ASSIGN(settings->*text.member, text_of(option, value));
    return {};
  }
  for (const NamedProperty& property : kNamedProperties) {
    if (option != property.option) continue;
    RTML_TRY_ASSIGN(std::string text, text_of(option, value));
    settings->properties.emplace_back(property.property, std::move(text));
    return {};
  }
  if (option == "brokers") {
    RTML_TRY_ASSIGN(settings->brokers, brokers_of(value));
    return {};
  }
  if (option == "follow") {
    if (!value.is_boolean()) return fail(bad_option(option, "true or false"));
    settings->follows = value.get<bool>();
    return {};
  }
  if (option == "librdkafka") return read_properties(value, settings);
  RTML_TRY_ASSIGN(const bool is_secret, read_secret_option(option, value, settings));
  if (is_secret) return {};
  return fail(
      Error(ErrorCode::kBadValue, "a Kafka stream has no such option: " + option)
          .with_help("the options are: brokers, topic, group, instance_id, follow, "
                     "security_protocol, ssl_ca, ssl_certificate, ssl_key, ssl_key_password_env, "
                     "ssl_key_password_file, sasl_mechanism, sasl_username, sasl_password_env, "
                     "sasl_password_file, librdkafka"));
}

Status set(rd_kafka_conf_t* configuration, const std::string& name, const std::string& value,
           const KafkaSettings& settings) {
  char problem[512] = {};
  if (rd_kafka_conf_set(configuration, name.c_str(), value.c_str(), problem, sizeof problem) ==
      RD_KAFKA_CONF_OK) {
    return {};
  }
  return fail(ErrorCode::kBadValue,
              "librdkafka refuses a property: " + name + " (" + redacted(problem, settings) + ")");
}

}  // namespace

Result<KafkaSettings> read_settings(const std::string& options_text) {
  RTML_TRY_ASSIGN(const Json options, parse_json(options_text, "options"));
  KafkaSettings settings;
  for (const auto& [option, value] : options.items()) {
    RTML_TRY(read_option(option, value, &settings));
  }
  for (const auto& [option, text] :
       {std::pair("brokers", &settings.brokers), std::pair("topic", &settings.topic)}) {
    if (!text->empty()) continue;
    return fail(ErrorCode::kBadValue, std::string("a Kafka stream needs the option: ") + option);
  }
  if (!settings.instance_id.empty() && settings.group.empty()) {
    return fail(Error(ErrorCode::kBadValue, "instance_id without group: " + settings.instance_id)
                    .with_help("a reader has a name in a group only; add group"));
  }
  return settings;
}

Result<Configuration> make_configuration(const KafkaSettings& settings) {
  Configuration configuration(rd_kafka_conf_new());
  for (const auto& [name, value] : kDefaults) {
    RTML_TRY(set(configuration.get(), name, value, settings));
  }
  // A reader that was killed is missed after this time; one with a name of its own comes back.
  RTML_TRY(set(configuration.get(), "session.timeout.ms",
               settings.instance_id.empty() ? "10000" : "45000", settings));
  for (const auto& [name, value] : settings.properties) {
    RTML_TRY(set(configuration.get(), name, value, settings));
  }
  for (const auto& [name, value] : kFixed) {
    RTML_TRY(set(configuration.get(), name, value, settings));
  }
  RTML_TRY(set(configuration.get(), "bootstrap.servers", settings.brokers, settings));
  // librdkafka wants a name even where no group is joined.
  RTML_TRY(set(configuration.get(), "group.id", settings.group.empty() ? "rtml" : settings.group,
               settings));
  if (!settings.instance_id.empty()) {
    RTML_TRY(set(configuration.get(), "group.instance.id", settings.instance_id, settings));
  }
  return configuration;
}

std::string redacted(std::string text, const KafkaSettings& settings) {
  for (const std::string& secret : settings.secrets) {
    if (secret.empty()) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "***");
      at += 3;
    }
  }
  return text;
}

}  // namespace rtml::kafka
