// A repository behind HTTP. The one place of this program that knows cpp-httplib.
#pragma once

#include <memory>
#include <string>

#include "trust/fetcher.h"

namespace millwright::tuf {

class HttpFetcher : public trust::Fetcher {
 public:
  /// Addresses are http(s)://HOST[:PORT][/PATH]. kInvalid where one is not. An empty
  /// `targets_url` is allowed: Target then fails.
  [[nodiscard]] static Result<std::unique_ptr<HttpFetcher>> Make(const std::string& metadata_url,
                                                                 const std::string& targets_url);
  ~HttpFetcher() override;

  /// 403 and 404 are kNotFound, any other status but 200 and any failure on the way kUnavailable.
  [[nodiscard]] Result<os::Bytes> Metadata(const std::string& name, size_t limit_bytes) override;
  [[nodiscard]] Result<os::Bytes> Target(const std::string& path, size_t limit_bytes) override;

 private:
  struct Base;
  HttpFetcher(std::unique_ptr<Base> metadata, std::unique_ptr<Base> targets);
  std::unique_ptr<Base> metadata_;
  std::unique_ptr<Base> targets_;
};

}  // namespace millwright::tuf
