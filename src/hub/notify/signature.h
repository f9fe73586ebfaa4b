// The seal of a webhook (docs/formats/notify.md): HMAC-SHA256 over "<seconds>.<body>".
#pragma once

#include <string>
#include <string_view>

#include "core/time.h"

namespace millwright::hub::notify {

/// The value of the header Millwright-Signature: "t=1795000000,v1=<64 hex digits>".
[[nodiscard]] std::string SignatureOf(std::string_view secret, Nanos now, std::string_view body);

}  // namespace millwright::hub::notify
