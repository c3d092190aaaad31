// The options of a Kafka stream, checked, and what librdkafka is configured with.
//
//   brokers       "host:port,…" or a list of them
//   topic         the name of one topic
//   group         the consumer group, whose readers share the partitions; without it a reader
//                 takes them all
//   instance_id   names this reader in its group for good (group.instance.id), so that a restart
//                 gives it its partitions back at once
//   follow        true (the default): wait for messages. false: end where the partitions end now
//   security_protocol  plaintext, ssl, sasl_plaintext, sasl_ssl
//   ssl_ca, ssl_certificate, ssl_key   PEM files
//   ssl_key_password_env, ssl_key_password_file
//   sasl_mechanism     PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, …
//   sasl_username
//   sasl_password_env, sasl_password_file   where the password is; sasl_password: the password
//   librdkafka    properties of librdkafka by their own names, but for those that would break
//                 what the stream promises or run something

#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace rtml::kafka {

struct KafkaSettings {
  std::string brokers;
  std::string topic;
  std::string group;  // Empty: all partitions are this reader's.
  std::string instance_id;
  bool follows = true;
  // Of librdkafka, later ones win.
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<std::string> secrets;  // Values that no message may show.
};

// Fails with kBadValue naming the option, kNotFound or kIo for a secret that cannot be read.
Result<KafkaSettings> read_settings(const std::string& options);

struct ConfigurationDeleter {
  void operator()(rd_kafka_conf_t* configuration) const { rd_kafka_conf_destroy(configuration); }
};
using Configuration = std::unique_ptr<rd_kafka_conf_t, ConfigurationDeleter>;

// Fails with kBadValue if librdkafka refuses a property.
Result<Configuration> make_configuration(const KafkaSettings& settings);

// `text` with each secret replaced.
std::string redacted(std::string text, const KafkaSettings& settings);

}  // namespace rtml::kafka
