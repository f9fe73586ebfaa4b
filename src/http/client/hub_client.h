// Asks the hub's HTTP API (docs/formats/api.md). The one place that knows cpp-httplib.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright::http {

/// How a hub is recognised, and how we are.
struct HubTrust {
  std::string token{};    // access token; empty: none is sent
  std::string ca_file{};  // who vouches for an https hub; empty: whom this system trusts
  /// Asks without knowing who answers: only for what is checked by other means.
  bool blind = false;
};

class HubClient {
 public:
  /// `url` is http://HOST[:PORT] or https://HOST[:PORT]. kInvalid where it is not.
  [[nodiscard]] static Result<std::unique_ptr<HubClient>> Make(const std::string& url,
                                                               const HubTrust& trust = {});
  ~HubClient();

  /// The body of a 200 answer. kUnavailable: nobody answers, or the hub cannot now
  /// (429, 500, 502 to 504); kNotFound: 404;
  /// kInvalid: 400, with the problem's detail; otherwise kUnsupported.
  [[nodiscard]] Result<std::string> Get(const std::string& path);

  /// Sends JSON; the body of a 2xx answer. Also kConflict: 409.
  [[nodiscard]] Result<std::string> Post(const std::string& path, const std::string& body);

  /// Any thread: a request that waits for its answer ends with kUnavailable, later ones too.
  void Cancel();

  /// Reads server-sent events until the connection ends or `on_event(name, data)` returns false.
  [[nodiscard]] Result<void> Stream(
      const std::string& path,
      const std::function<bool(std::string_view, std::string_view)>& on_event);

 private:
  struct Impl;
  explicit HubClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace millwright::http
