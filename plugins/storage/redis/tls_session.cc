#include "plugins/storage/redis/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>

namespace rtml::redis {
namespace {

// The oldest error of OpenSSL's queue as text; empties the queue.
std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason given" : reason;
}

sdk::Error bad_tls(const std::string& what, const std::string& value) {
  return sdk::fail(RTML_STATUS_INVALID_ARGUMENT,
                   what + ": " + value + " (" + openssl_reason() + ")");
}

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> buffer = {};
  return ::inet_pton(AF_INET, host.c_str(), buffer.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), buffer.data()) == 1;
}

}  // namespace

sdk::Result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsOptions& options) {
  ERR_clear_error();
  SSL_CTX* made = SSL_CTX_new(TLS_client_method());
  if (made == nullptr) return sdk::fail(RTML_STATUS_FAILED, "cannot start TLS");
  auto context = std::make_shared<TlsContext>(made, options.server_name);
  SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
  SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(made);
  } else if (SSL_CTX_load_verify_locations(made, options.ca_file.c_str(), nullptr) != 1) {
    return bad_tls("cannot read certificates of authorities", options.ca_file);
  }
  if (!options.cert_file.empty()) {
    if (SSL_CTX_use_certificate_chain_file(made, options.cert_file.c_str()) != 1) {
      return bad_tls("cannot read certificate", options.cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(made, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
      return bad_tls("cannot read the certificate's key", options.key_file);
    }
  }
  return context;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(static_cast<SSL_CTX*>(context_));
}

sdk::Result<std::unique_ptr<TlsSession>> TlsSession::make(const TlsContext& context,
                                                          const Address& address) {
  SSL* made = SSL_new(static_cast<SSL_CTX*>(context.context_));
  if (made == nullptr) return sdk::fail(RTML_STATUS_FAILED, "cannot start TLS");
  auto session = std::make_unique<TlsSession>(made);
  const std::string& name = context.server_name_.empty() ? address.host : context.server_name_;
  bool is_set = false;
  if (is_ip_address(name)) {
    is_set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(made), name.c_str()) == 1;
  } else {
    is_set =
        SSL_set1_host(made, name.c_str()) == 1 && SSL_set_tlsext_host_name(made, name.c_str()) == 1;
  }
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (!is_set || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return sdk::fail(RTML_STATUS_FAILED, "cannot start TLS with: " + address.text());
  }
  SSL_set_bio(made, in, out);
  SSL_set_connect_state(made);
  return session;
}

sdk::Result<bool> TlsSession::shake_hands() {
  ERR_clear_error();
  const int code = SSL_do_handshake(session_);
  if (code == 1) return true;
  const int error = SSL_get_error(session_, code);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
  const long verdict = SSL_get_verify_result(session_);
  if (verdict != X509_V_OK) {
    ERR_clear_error();
    return sdk::fail(RTML_STATUS_INVALID_ARGUMENT,
                     std::string("the server's certificate is not trusted (") +
                         X509_verify_cert_error_string(verdict) + ")",
                     "name the authority that signed it as tls.ca, and the name that it bears as "
                     "the host or tls.server_name");
  }
  return sdk::fail(RTML_STATUS_IO, "TLS handshake failed (" + openssl_reason() + ")",
                   "does the server speak TLS on this port, and does it want tls.cert?");
}

sdk::Status TlsSession::encrypt(std::string_view plain) {
  ERR_clear_error();
  // A memory BIO takes everything.
  if (plain.empty() || SSL_write(session_, plain.data(), static_cast<int>(plain.size())) > 0) {
    return {};
  }
  return sdk::fail(RTML_STATUS_IO, "TLS failed (" + openssl_reason() + ")");
}

sdk::Result<bool> TlsSession::decrypt(std::string_view encrypted, std::string* plain) {
  ERR_clear_error();
  if (!encrypted.empty()) {
    BIO_write(SSL_get_rbio(session_), encrypted.data(), static_cast<int>(encrypted.size()));
  }
  if (!SSL_is_init_finished(session_)) return false;
  bool has_any = false;
  std::array<char, 16'384> buffer;
  while (true) {
    const int count = SSL_read(session_, buffer.data(), static_cast<int>(buffer.size()));
    if (count > 0) {
      plain->append(buffer.data(), static_cast<std::size_t>(count));
      has_any = true;
      continue;
    }
    const int error = SSL_get_error(session_, count);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return has_any;
    if (has_any) return true;
    if (error == SSL_ERROR_ZERO_RETURN) {
      sdk::Error closed = sdk::fail(RTML_STATUS_IO, "the server closed it");
      closed.retryable = true;
      return closed;
    }
    return sdk::fail(RTML_STATUS_IO, "TLS failed (" + openssl_reason() + ")",
                     "does the server want a certificate (tls.cert, tls.key)?");
  }
}

void TlsSession::take_encrypted(std::string* out) {
  BIO* const waiting = SSL_get_wbio(session_);
  char* data = nullptr;
  const long size = BIO_get_mem_data(waiting, &data);
  if (size <= 0) return;
  out->append(data, static_cast<std::size_t>(size));
  BIO_reset(waiting);
}

}  // namespace rtml::redis
