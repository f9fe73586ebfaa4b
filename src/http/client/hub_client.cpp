#include "http/client/hub_client.h"

#include <httplib.h>

#include <nlohmann/json.hpp>

#include "http/client/event_stream.h"

namespace millwright::http {

namespace {

constexpr int kConnectSeconds = 3;
constexpr int kAnswerSeconds = 15;

}  // namespace

struct HubClient::Impl {
  std::string url;
  httplib::Client client;
  explicit Impl(const std::string& hub) : url(hub), client(hub) {}
};

namespace {

// The detail of an RFC 9457 problem, or the status alone.
std::string DetailOf(const httplib::Response& response) {
  const auto problem = nlohmann::json::parse(response.body, nullptr, false);
  if (problem.is_object()) {
    for (const char* key : {"detail", "title"}) {
      if (problem.contains(key) && problem[key].is_string()) return problem[key];
    }
  }
  return "HTTP status " + std::to_string(response.status);
}

Errc CodeOf(int status) {
  if (status == 404) return Errc::kNotFound;
  if (status == 409) return Errc::kConflict;
  if (status == 429 || (status >= 500 && status != 501)) return Errc::kUnavailable;
  return status == 400 ? Errc::kInvalid : Errc::kUnsupported;
}

Error Refused(const std::string& path, const httplib::Response& response) {
  // A refused question says itself which parameter it means.
  const std::string where =
      response.status == 400 || response.status == 409 ? "hub: " : "hub: " + path + ": ";
  return {CodeOf(response.status), where + DetailOf(response)};
}

std::string Words(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "cannot connect";
    case httplib::Error::ConnectionTimeout:
      return "no connection within " + std::to_string(kConnectSeconds) + " s";
    case httplib::Error::SSLConnection:
      return "no TLS connection";
    case httplib::Error::SSLLoadingCerts:
      return "the certificates to check it by cannot be read";
    case httplib::Error::SSLServerVerification:
      return "its certificate is not to be trusted";
    case httplib::Error::Read:
      return "no answer within " + std::to_string(kAnswerSeconds) + " s, or one that broke off";
    default:
      return "the connection failed (" + httplib::to_string(error) + ")";
  }
}

}  // namespace

HubClient::HubClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HubClient::~HubClient() = default;

Result<std::unique_ptr<HubClient>> HubClient::Make(const std::string& url, const HubTrust& trust) {
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  if (!base.starts_with("http://") && !base.starts_with("https://"))
    return Fail(Errc::kInvalid,
                "hub address \"" + url + "\": expected http://HOST:PORT or https://HOST:PORT");
  auto impl = std::make_unique<Impl>(base);
  if (!impl->client.is_valid())
    return Fail(Errc::kInvalid, "hub address \"" + url + "\": not a valid address");
  impl->client.set_connection_timeout(kConnectSeconds);
  impl->client.set_read_timeout(kAnswerSeconds);
  if (!trust.ca_file.empty()) impl->client.set_ca_cert_path(trust.ca_file);
  impl->client.enable_server_certificate_verification(!trust.blind);
  if (!trust.token.empty()) impl->client.set_bearer_token_auth(trust.token);
  return std::unique_ptr<HubClient>(new HubClient(std::move(impl)));
}

Result<std::string> HubClient::Get(const std::string& path) {
  const auto answer = impl_->client.Get(path);
  if (!answer) {
    return Fail(Errc::kUnavailable,
                "hub " + impl_->url + " does not answer: " + Words(answer.error()));
  }
  if (answer->status != 200) return tl::unexpected(Refused(path, *answer));
  return answer->body;
}

Result<std::string> HubClient::Post(const std::string& path, const std::string& body) {
  const auto answer = impl_->client.Post(path, body, "application/json");
  if (!answer) {
    return Fail(Errc::kUnavailable,
                "hub " + impl_->url + " does not answer: " + Words(answer.error()));
  }
  if (answer->status < 200 || answer->status > 299) return tl::unexpected(Refused(path, *answer));
  return answer->body;
}

void HubClient::Cancel() { impl_->client.stop(); }

Result<void> HubClient::Stream(
    const std::string& path,
    const std::function<bool(std::string_view, std::string_view)>& on_event) {
  bool stopped = false;
  EventStreamParser parser([&](std::string_view name, std::string_view data) {
    stopped = !on_event(name, data);
    return !stopped;
  });
  const auto answer = impl_->client.Get(
      path, httplib::Headers{{"Accept", "text/event-stream"}},
      [&](const char* data, size_t size) { return parser.Push(std::string_view(data, size)); });
  if (stopped) return {};
  if (!answer) {
    return Fail(Errc::kUnavailable,
                "hub " + impl_->url + " ended the stream: " + Words(answer.error()));
  }
  if (answer->status != 200) return tl::unexpected(Refused(path, *answer));
  return Fail(Errc::kUnavailable, "hub " + impl_->url + " ended the stream");
}

}  // namespace millwright::http
