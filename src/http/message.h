// One request and one answer, free of any library's types.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace millwright::http {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // "GET", "POST", ...; HEAD is answered as GET without its body
  std::string path;    // percent-decoded, without the query
  Pairs query;         // percent-decoded, in no particular order
  Pairs headers;       // names in lower case
  std::string body;    // at most ServerOptions::body_bytes_max
  Pairs path_values;   // "{site}" of the route -> its value
  std::string who;     // who asks, as the router's gate found out; empty where there is no gate

  /// The value of a route's placeholder; empty where the route has none of that name.
  [[nodiscard]] std::string_view PathValue(std::string_view name) const;
  [[nodiscard]] std::optional<std::string_view> Query(std::string_view name) const;
  /// `name` in lower case; empty where the header is missing.
  [[nodiscard]] std::string_view Header(std::string_view name) const;
  /// The value of a cookie; empty where it is missing.
  [[nodiscard]] std::string_view Cookie(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Pairs headers;
  std::string etag;  // with quotes; a matching If-None-Match is answered 304
  std::string cache_control = "no-store";
  bool body_is_gzip =
      false;            // the body is stored compressed; unpacked for a client that cannot read it
  bool stream = false;  // this connection becomes a client of the server's event stream
};

/// RFC 9457: application/problem+json with type, title, status, detail and code ("invalid",
/// "not_found", ...).
[[nodiscard]] Response Problem(int status, std::string_view code, std::string_view detail);
/// The problem an Error stands for: kInvalid 400, kNotFound 404, kConflict 409, kUnavailable 503,
/// ...
[[nodiscard]] Response Problem(const Error& error);
/// A 400 that names the parameter: {"parameter": "limit", ...}.
[[nodiscard]] Response BadParameter(std::string_view parameter, std::string_view detail);
/// The standard phrase of a status code.
[[nodiscard]] std::string_view ReasonPhrase(int status);

}  // namespace millwright::http
