#include "http/message.h"

#include <algorithm>

#include "http/json_writer.h"

namespace millwright::http {
namespace {

std::optional<std::string_view> Find(const Pairs& pairs, std::string_view name) {
  const auto found =
      std::find_if(pairs.begin(), pairs.end(), [&](const auto& p) { return p.first == name; });
  if (found == pairs.end()) return std::nullopt;
  return found->second;
}

int StatusOf(Errc code) {
  switch (code) {
    case Errc::kInvalid:
      return 400;
    case Errc::kUnsupported:
      return 501;
    case Errc::kNotFound:
      return 404;
    case Errc::kConflict:
      return 409;
    case Errc::kExhausted:
      return 507;
    case Errc::kUnavailable:
      return 503;
    case Errc::kIo:
    case Errc::kInternal:
      return 500;
  }
  return 500;
}

Response MakeProblem(int status, std::string_view code, std::string_view detail,
                     std::string_view parameter) {
  JsonWriter json;
  json.BeginObject();
  json.Field("type", "about:blank").Field("title", ReasonPhrase(status)).Field("status", status);
  json.Field("detail", detail).Field("code", code);
  if (!parameter.empty()) json.Field("parameter", parameter);
  json.EndObject();
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = json.Take();
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

std::string_view Request::PathValue(std::string_view name) const {
  return Find(path_values, name).value_or("");
}
std::optional<std::string_view> Request::Query(std::string_view name) const {
  return Find(query, name);
}
std::string_view Request::Header(std::string_view name) const {
  return Find(headers, name).value_or("");
}

std::string_view Request::Cookie(std::string_view name) const {
  std::string_view rest = Header("cookie");
  while (!rest.empty()) {
    const size_t end = rest.find(';');
    std::string_view one = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=')
      return one.substr(name.size() + 1);
  }
  return {};
}

Response Problem(int status, std::string_view code, std::string_view detail) {
  return MakeProblem(status, code, detail, "");
}
Response Problem(const Error& error) {
  return MakeProblem(StatusOf(error.code), Name(error.code), error.what, "");
}
Response BadParameter(std::string_view parameter, std::string_view detail) {
  return MakeProblem(400, "invalid_parameter", detail, parameter);
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return "Error";
  }
}

}  // namespace millwright::http
