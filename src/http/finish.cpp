#include "http/finish.h"

#include <httplib.h>

#include <memory>

#include "http/gzip.h"

namespace millwright::http {
namespace {

constexpr size_t kGzipFrom = 1024;  // below it the header costs more than it saves

// The console is served from this origin only, carries no inline code, and is never framed.
constexpr std::pair<const char*, const char*> kSecurityHeaders[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
     "'self'; "
     "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
     "frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

bool TakesGzip(const Request& request) {
  return request.Header("accept-encoding").find("gzip") != std::string_view::npos;
}

bool Compressible(std::string_view type) {
  return type.starts_with("application/") || type.starts_with("text/");
}

// Brings body and Content-Encoding together; a body that cannot be unpacked is our own fault: 500.
void Encode(const Request& request, Response& response) {
  const bool takes_gzip = TakesGzip(request);
  if (response.body_is_gzip && !takes_gzip) {
    Result<std::string> plain = Gunzip(response.body);
    if (!plain) {
      response = Problem(plain.error());
      return;
    }
    response.body = std::move(*plain);
    response.body_is_gzip = false;
  } else if (!response.body_is_gzip && takes_gzip && response.body.size() >= kGzipFrom &&
             Compressible(response.content_type)) {
    Result<std::string> packed = Gzip(response.body);
    if (packed) response.body = std::move(*packed);
    response.body_is_gzip = packed.has_value();
  }
  if (response.body_is_gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  response.headers.emplace_back("Vary", "Accept-Encoding");
}

bool ClientHasIt(const Request& request, const Response& response) {
  if (response.etag.empty() || response.status != 200) return false;
  const std::string_view known = request.Header("if-none-match");
  return known == "*" || known.find(response.etag) != std::string_view::npos;
}

}  // namespace

int ToLibrary(const Request& request, Response response, httplib::Response& to) {
  if (ClientHasIt(request, response)) {
    response.status = 304;
    response.body.clear();
  } else {
    Encode(request, response);
  }
  to.status = response.status;
  for (const auto& [name, value] : kSecurityHeaders) to.set_header(name, value);
  to.set_header("Cache-Control", response.cache_control);
  if (!response.etag.empty()) to.set_header("ETag", response.etag);
  for (const auto& [name, value] : response.headers) to.set_header(name, value);
  if (response.status == 304) return 304;
  if (response.body.empty()) {
    to.set_content(response.body, response.content_type);
    return response.status;
  }
  // As a content, the library would pack it once more, and not every client unpacks twice.
  const auto body = std::make_shared<const std::string>(std::move(response.body));
  to.set_content_provider(body->size(), response.content_type,
                          [body](size_t offset, size_t length, httplib::DataSink& sink) {
                            return sink.write(body->data() + offset, length);
                          });
  return response.status;
}

std::string StreamHead(const Response& response) {
  std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Accel-Buffering: no\r\nConnection: close\r\n";
  for (const auto& [name, value] : kSecurityHeaders)
    head.append(name).append(": ").append(value).append("\r\n");
  return head.append("\r\n").append(response.body);
}

}  // namespace millwright::http
