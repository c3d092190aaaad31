// Bytes to and from one server over TCP, through TLS where it is asked for. The socket never
// blocks; whoever uses the channel waits for it. Used by one thread at a time.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "plugins/shared/wait.h"
#include "plugins/storage/redis/options.h"
#include "rtml/sdk/result.h"

namespace rtml::redis {

using plugins::Wait;

class TlsSession;

// Certificates and the like, read once for all connections of a store.
class TlsContext {
 public:
  static sdk::Result<std::shared_ptr<TlsContext>> make(const TlsOptions& options);
  explicit TlsContext(void* context, std::string server_name)
      : context_(context), server_name_(std::move(server_name)) {}
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

 private:
  friend class TlsSession;
  void* context_;  // SSL_CTX
  std::string server_name_;
};

class Channel {
 public:
  // Connects, and shakes hands where `tls` is not null. Fails retryably with RTML_STATUS_IO if the
  // server is away, RTML_STATUS_TIMEOUT, or RTML_STATUS_INVALID_ARGUMENT if its certificate is not
  // trusted.
  static sdk::Result<std::unique_ptr<Channel>> connect(const Address& address,
                                                       const TlsContext* tls, const Wait& wait);
  Channel(int descriptor, Address address);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  // Sends what it can now; returns how many bytes that were, 0 if none can be taken now.
  sdk::Result<std::size_t> send(std::string_view bytes);
  // Appends what has come to `bytes`; returns false if there is nothing now.
  sdk::Result<bool> receive(std::string* bytes);
  // Waits until receive() may find something, or also send() if `wants_to_send`.
  sdk::Status wait(bool wants_to_send, const Wait& wait);

  const Address& address() const { return address_; }

 private:
  sdk::Status shake_hands(const TlsContext& tls, const Wait& wait);
  // The same on the socket itself.
  sdk::Result<std::size_t> send_raw(std::string_view bytes);
  sdk::Result<bool> receive_raw(std::string* bytes);
  // Moves encrypted bytes that wait in the session to the socket.
  sdk::Status flush_encrypted();
  sdk::Error lost(const std::string& why) const;

  int descriptor_;
  Address address_;
  std::unique_ptr<TlsSession> tls_;
  std::string encrypted_out_;
  std::size_t encrypted_sent_ = 0;
  std::string encrypted_in_;
};

}  // namespace rtml::redis
