// Which function answers which path.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace millwright::http {

using Handler = std::function<Response(const Request&)>;
/// Decides whether a request reaches its handler: an answer refuses it. May set `who`. `route` is
/// the route's own path.
using Gate = std::function<std::optional<Response>(Request& request, std::string_view route)>;

/// Routes are added at start-up; answering is then safe on any thread.
class Router {
 public:
  /// `path` may hold whole-segment placeholders: "/api/v1/machines/{site}/{asset}".
  void Add(std::string_view method, std::string_view path, Handler handler);
  /// Answers every GET that no route matches (the console's files).
  void SetFallback(Handler handler) { fallback_ = std::move(handler); }
  /// Asked before every route's handler; the fallback is open to all.
  void SetGate(Gate gate) { gate_ = std::move(gate); }

  struct Answer {
    Response response;
    std::string_view
        route;  // the route's path, "fallback" or "none": a metric label of bounded variety
  };
  /// 404 where no route matches, 405 with Allow where one matches by another method.
  [[nodiscard]] Answer Handle(Request& request) const;

  struct RouteName {
    std::string method, path;
  };
  [[nodiscard]] std::vector<RouteName> Routes() const;

 private:
  struct Route {
    std::string method, path;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
  Handler fallback_;
  Gate gate_;
};

}  // namespace millwright::http
