#include "plugins/storage/redis/channel.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "plugins/storage/redis/tls_session.h"

namespace rtml::redis {
namespace {

constexpr std::size_t kReceiveBytes = 65'536;
constexpr std::size_t kEncryptBytesMax = 262'144;

sdk::Error away(const Address& address, const std::string& why) {
  sdk::Error error =
      sdk::fail(RTML_STATUS_IO, "cannot connect to redis: " + address.text() + " (" + why + ")",
                "is the server running, and is the address right?");
  error.retryable = true;
  return error;
}

// An open socket on the way to one address of a host, or nothing with the reason.
int start_connecting(const addrinfo& place, int* failure) {
  const int descriptor =
      ::socket(place.ai_family, place.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    *failure = errno;
    return -1;
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (::connect(descriptor, place.ai_addr, place.ai_addrlen) == 0 || errno == EINPROGRESS) {
    return descriptor;
  }
  *failure = errno;
  ::close(descriptor);
  return -1;
}

sdk::Result<int> open_socket(const Address& address, const Wait& wait) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (code != 0) return away(address, ::gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> places(found, &::freeaddrinfo);
  int failure = EHOSTUNREACH;
  for (const addrinfo* place = found; place != nullptr; place = place->ai_next) {
    const int descriptor = start_connecting(*place, &failure);
    if (descriptor < 0) continue;
    if (sdk::Status ready = wait.until_ready(descriptor, POLLOUT); !ready) {
      ::close(descriptor);
      sdk::Error error = std::move(ready.error());
      if (error.status == RTML_STATUS_TIMEOUT) {
        error.message = "no connection to redis in time: " + address.text();
      }
      return error;
    }
    socklen_t size = sizeof failure;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure == 0) return descriptor;
    ::close(descriptor);
  }
  return away(address, std::strerror(failure));
}

}  // namespace

sdk::Result<std::unique_ptr<Channel>> Channel::connect(const Address& address,
                                                       const TlsContext* tls, const Wait& wait) {
  RTML_SDK_TRY_ASSIGN(const int descriptor, open_socket(address, wait));
  auto channel = std::make_unique<Channel>(descriptor, address);
  if (tls != nullptr) RTML_SDK_TRY(channel->shake_hands(*tls, wait));
  return channel;
}

Channel::Channel(int descriptor, Address address)
    : descriptor_(descriptor), address_(std::move(address)) {}

Channel::~Channel() {
  ::close(descriptor_);
}

sdk::Error Channel::lost(const std::string& why) const {
  sdk::Error error = sdk::fail(
      RTML_STATUS_IO, "connection to redis was lost: " + address_.text() + " (" + why + ")");
  error.retryable = true;
  return error;
}

sdk::Status Channel::shake_hands(const TlsContext& tls, const Wait& wait) {
  RTML_SDK_TRY_ASSIGN(tls_, TlsSession::make(tls, address_));
  while (true) {
    auto is_done = tls_->shake_hands();
    // What it says to the other side, also when it gives up.
    RTML_SDK_TRY(flush_encrypted());
    if (!is_done) {
      is_done.error().message += ": " + address_.text();
      return std::move(is_done.error());
    }
    if (*is_done && encrypted_out_.empty()) return {};
    RTML_SDK_TRY(wait.until_ready(
        descriptor_, static_cast<short>(encrypted_out_.empty() ? POLLIN : POLLIN | POLLOUT)));
    RTML_SDK_TRY(receive_raw(&encrypted_in_));
    std::string early;
    RTML_SDK_TRY(tls_->decrypt(std::exchange(encrypted_in_, {}), &early));
  }
}

sdk::Result<std::size_t> Channel::send_raw(std::string_view bytes) {
  while (true) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
    if (errno != EINTR) return lost(std::strerror(errno));
  }
}

sdk::Result<bool> Channel::receive_raw(std::string* bytes) {
  const std::size_t before = bytes->size();
  bytes->resize(before + kReceiveBytes);
  while (true) {
    const ssize_t count = ::recv(descriptor_, bytes->data() + before, kReceiveBytes, 0);
    if (count < 0 && errno == EINTR) continue;
    bytes->resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count > 0) return true;
    if (count == 0) return lost("the server closed it");
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    return lost(std::strerror(errno));
  }
}

sdk::Status Channel::flush_encrypted() {
  tls_->take_encrypted(&encrypted_out_);
  while (encrypted_sent_ < encrypted_out_.size()) {
    RTML_SDK_TRY_ASSIGN(const std::size_t sent,
                        send_raw(std::string_view(encrypted_out_).substr(encrypted_sent_)));
    if (sent == 0) return {};
    encrypted_sent_ += sent;
  }
  encrypted_out_.clear();
  encrypted_sent_ = 0;
  return {};
}

sdk::Result<std::size_t> Channel::send(std::string_view bytes) {
  if (tls_ == nullptr) return send_raw(bytes);
  RTML_SDK_TRY(flush_encrypted());
  if (!encrypted_out_.empty()) return std::size_t{0};
  const std::string_view part = bytes.substr(0, kEncryptBytesMax);
  RTML_SDK_TRY(tls_->encrypt(part));
  RTML_SDK_TRY(flush_encrypted());
  return part.size();
}

sdk::Result<bool> Channel::receive(std::string* bytes) {
  if (tls_ == nullptr) return receive_raw(bytes);
  RTML_SDK_TRY_ASSIGN(const bool has_any, receive_raw(&encrypted_in_));
  if (!has_any) return false;
  sdk::Result<bool> decrypted = tls_->decrypt(std::exchange(encrypted_in_, {}), bytes);
  if (decrypted) return decrypted;
  sdk::Error error = lost(decrypted.error().message);
  error.help = decrypted.error().help;
  error.retryable = decrypted.error().retryable;
  return error;
}

sdk::Status Channel::wait(bool wants_to_send, const Wait& wait) {
  bool has_to_send = wants_to_send;
  if (tls_ != nullptr) {
    RTML_SDK_TRY(flush_encrypted());
    has_to_send = has_to_send || !encrypted_out_.empty();
  }
  return wait.until_ready(descriptor_, static_cast<short>(has_to_send ? POLLIN | POLLOUT : POLLIN));
}

}  // namespace rtml::redis
