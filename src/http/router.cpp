#include "http/router.h"

namespace millwright::http {
namespace {

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> out;
  size_t begin = path.starts_with('/') ? 1 : 0;
  while (true) {
    const size_t slash = path.find('/', begin);
    out.emplace_back(path.substr(begin, slash - begin));
    if (slash == std::string_view::npos) return out;
    begin = slash + 1;
  }
}

bool IsPlaceholder(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// Fills `values` where the path fits.
bool Match(const std::vector<std::string>& route, const std::vector<std::string>& path,
           Pairs& values) {
  if (route.size() != path.size()) return false;
  values.clear();
  for (size_t i = 0; i < route.size(); ++i) {
    if (IsPlaceholder(route[i])) {
      if (path[i].empty()) return false;
      values.emplace_back(route[i].substr(1, route[i].size() - 2), path[i]);
    } else if (route[i] != path[i]) {
      return false;
    }
  }
  return true;
}

Response NotAllowed(const std::string& allowed) {
  Response response = Problem(405, "method_not_allowed", "this path answers " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace

void Router::Add(std::string_view method, std::string_view path, Handler handler) {
  routes_.push_back({std::string(method), std::string(path), Segments(path), std::move(handler)});
}

Router::Answer Router::Handle(Request& request) const {
  const std::vector<std::string> path = Segments(request.path);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::string allowed;
  for (const Route& route : routes_) {
    Pairs values;
    if (!Match(route.segments, path, values)) continue;
    if (route.method == method) {
      request.path_values = std::move(values);
      if (gate_)
        if (auto refused = gate_(request, route.path)) return {std::move(*refused), route.path};
      return {route.handler(request), route.path};
    }
    allowed += (allowed.empty() ? "" : ", ") + route.method;
  }
  if (!allowed.empty()) return {NotAllowed(allowed), "none"};
  if (fallback_ && method == "GET") return {fallback_(request), "fallback"};
  return {Problem(404, "not_found", "there is no " + request.path), "none"};
}

std::vector<Router::RouteName> Router::Routes() const {
  std::vector<RouteName> out;
  for (const Route& route : routes_) out.push_back({route.method, route.path});
  return out;
}

}  // namespace millwright::http
