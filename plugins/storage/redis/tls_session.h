// TLS as a filter between bytes and bytes: it touches no socket, so that sending stays in one
// place, where a broken connection raises no SIGPIPE.

#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "plugins/storage/redis/channel.h"

namespace rtml::redis {

class TlsSession {
 public:
  static sdk::Result<std::unique_ptr<TlsSession>> make(const TlsContext& context,
                                                       const Address& address);
  explicit TlsSession(SSL* session) : session_(session) {}
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession() { SSL_free(session_); }

  // Goes on with the handshake; true once it is done.
  sdk::Result<bool> shake_hands();
  // Encrypts; the bytes to send wait in take_encrypted().
  sdk::Status encrypt(std::string_view plain);
  // Gives what came from the socket and appends what is readable to `plain`; false if nothing is.
  sdk::Result<bool> decrypt(std::string_view encrypted, std::string* plain);
  // Appends what is to be sent.
  void take_encrypted(std::string* out);

 private:
  SSL* session_;
};

}  // namespace rtml::redis
