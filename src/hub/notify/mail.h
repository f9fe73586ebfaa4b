// An e-mail as it goes over the wire: RFC 5322 headers, a plain and an HTML part (RFC 2046).
#pragma once

#include <string>
#include <string_view>

#include "core/time.h"
#include "hub/notify/message.h"

namespace millwright::hub::notify {

struct Envelope {
  std::string id{};  // of the delivery
  std::string from{}, to{};
  Nanos date = 0;
};

/// "<id@domain of from>": the same for every attempt, so that a mail sent again after a kill is
/// known as the same one.
[[nodiscard]] std::string MessageIdOf(std::string_view id, std::string_view from);

/// Lines end with CR LF and are at most 78 characters; all is ASCII.
[[nodiscard]] std::string MimeOf(const Envelope& envelope, const Message& message);

/// RFC 2045: quoted-printable of UTF-8 text whose lines end with '\n'.
[[nodiscard]] std::string QuotedPrintable(std::string_view text);

/// RFC 2047: a header's value; plain ASCII stays as it is, control characters become blanks.
[[nodiscard]] std::string HeaderValue(std::string_view text);

}  // namespace millwright::hub::notify
