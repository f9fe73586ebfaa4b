#include "http_fetcher.h"

#include <httplib.h>

#include "trust/names.h"

namespace millwright::tuf {
namespace {

constexpr int kConnectSeconds = 5;
constexpr int kReadSeconds = 15;

}  // namespace

struct HttpFetcher::Base {
  std::string server;  // http://HOST:PORT
  std::string folder;  // "/PATH/"
  httplib::Client client;
  explicit Base(std::string server_, std::string folder_)
      : server(std::move(server_)), folder(std::move(folder_)), client(server) {}

  static Result<std::unique_ptr<Base>> Make(const std::string& url) {
    const size_t scheme = url.find("://");
    if (scheme == std::string::npos || !(url.starts_with("http://") || url.starts_with("https://")))
      return Fail(Errc::kInvalid, "\"" + url + "\": expected http://HOST[:PORT][/PATH]");
    const size_t slash = url.find('/', scheme + 3);
    std::string folder = slash == std::string::npos ? "/" : url.substr(slash);
    if (!folder.ends_with('/')) folder += '/';
    auto base = std::make_unique<Base>(url.substr(0, slash), std::move(folder));
    if (!base->client.is_valid()) return Fail(Errc::kInvalid, "\"" + url + "\": no valid address");
    base->client.set_connection_timeout(kConnectSeconds);
    base->client.set_read_timeout(kReadSeconds);
    return base;
  }

  Result<os::Bytes> Get(const std::string& name, size_t limit_bytes) {
    os::Bytes bytes;
    int status = 0;
    bool too_long = false;
    const auto answer = client.Get(
        folder + name, httplib::Headers{},
        [&](const httplib::Response& head) {
          status = head.status;
          return status == 200;
        },
        [&](const char* data, size_t size) {
          too_long = size > limit_bytes - bytes.size();
          if (too_long) return false;
          const auto* from = reinterpret_cast<const std::byte*>(data);
          bytes.insert(bytes.end(), from, from + size);
          return true;
        });
    const std::string where = server + folder + name;
    if (status == 403 || status == 404)
      return Fail(Errc::kNotFound, where + ": HTTP status " + std::to_string(status));
    if (too_long)
      return Fail(Errc::kExhausted,
                  where + ": longer than the " + std::to_string(limit_bytes) + " bytes allowed");
    if (status != 200 && status != 0)
      return Fail(Errc::kUnavailable, where + ": HTTP status " + std::to_string(status));
    if (!answer) return Fail(Errc::kUnavailable, where + ": " + httplib::to_string(answer.error()));
    return bytes;
  }
};

HttpFetcher::HttpFetcher(std::unique_ptr<Base> metadata, std::unique_ptr<Base> targets)
    : metadata_(std::move(metadata)), targets_(std::move(targets)) {}
HttpFetcher::~HttpFetcher() = default;

Result<std::unique_ptr<HttpFetcher>> HttpFetcher::Make(const std::string& metadata_url,
                                                       const std::string& targets_url) {
  MW_TRY(auto metadata, Base::Make(metadata_url));
  std::unique_ptr<Base> targets;
  if (!targets_url.empty()) {
    MW_TRY(targets, Base::Make(targets_url));
  }
  return std::unique_ptr<HttpFetcher>(new HttpFetcher(std::move(metadata), std::move(targets)));
}

Result<os::Bytes> HttpFetcher::Metadata(const std::string& name, size_t limit_bytes) {
  return metadata_->Get(name, limit_bytes);
}

Result<os::Bytes> HttpFetcher::Target(const std::string& path, size_t limit_bytes) {
  if (targets_ == nullptr) return Fail(Errc::kInvalid, path + ": no address of targets was given");
  return targets_->Get(trust::QuotePath(path), limit_bytes);
}

}  // namespace millwright::tuf
