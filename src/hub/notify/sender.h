// The way out: a mail server and webhooks. Tests have one that remembers.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/result.h"
#include "hub/notify/deliveries.h"
#include "hub/notify/options.h"
#include "os/files.h"

namespace millwright::hub::notify {

class Sender {
 public:
  virtual ~Sender() = default;
  /// Hands a mail (MimeOf) to the mail server. Blocks up to the timeout.
  [[nodiscard]] virtual Outcome Mail(const std::string& to, const std::string& mime) = 0;
  struct Post {
    std::string url{}, body{}, id{}, signature{};
  };
  /// Posts a webhook. Blocks up to the timeout.
  [[nodiscard]] virtual Outcome Webhook(const Post& post) = 0;
};

/// SMTP and HTTPS by libcurl. Follows no redirect, asks no proxy, reads no more than 64 KiB of an
/// answer. One thread at a time. Reads the password now: kNotFound or kIo where there is none.
[[nodiscard]] Result<std::unique_ptr<Sender>> MakeSender(const Options& options, os::Files& files);

/// A secret's file without the line's end; kInvalid where it is empty or beyond 4 KiB.
[[nodiscard]] Result<std::string> ReadSecret(os::Files& files, const std::string& path);

}  // namespace millwright::hub::notify
