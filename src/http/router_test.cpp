#include "http/router.h"

#include <gtest/gtest.h>

namespace millwright::http {
namespace {

Router MakeRouter() {
  Router router;
  const auto echo = [](const Request& request) {
    Response response;
    response.body =
        std::string(request.PathValue("site")) + "|" + std::string(request.PathValue("asset"));
    return response;
  };
  router.Add("GET", "/m/{site}/{asset}", echo);
  router.Add("GET", "/m/{site}/{asset}/series", echo);
  router.Add("POST", "/m/{site}/{asset}", echo);
  return router;
}

Router::Answer Ask(const Router& router, std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return router.Handle(request);
}

TEST(RouterTest, FillsPlaceholdersAndNamesTheRoute) {
  const Router router = MakeRouter();
  const auto answer = Ask(router, "GET", "/m/alder/P-102");
  EXPECT_EQ(answer.response.body, "alder|P-102");
  EXPECT_EQ(answer.route, "/m/{site}/{asset}");
}

TEST(RouterTest, HeadIsAnsweredAsGet) {
  EXPECT_EQ(Ask(MakeRouter(), "HEAD", "/m/a/b").response.status, 200);
}

TEST(RouterTest, TheGateRefusesOrSaysWhoAsks) {
  Router router;
  router.Add("GET", "/who", [](const Request& request) {
    Response response;
    response.body = request.who;
    return response;
  });
  router.SetFallback([](const Request&) { return Response{}; });
  router.SetGate([](Request& request, std::string_view route) -> std::optional<Response> {
    if (request.Header("name").empty()) return Problem(401, "unauthorized", route);
    request.who = request.Header("name");
    return std::nullopt;
  });
  EXPECT_EQ(Ask(router, "GET", "/who").response.status, 401);
  EXPECT_EQ(Ask(router, "GET", "/page").response.status, 200);  // the console's files are open
  Request request;
  request.method = "GET";
  request.path = "/who";
  request.headers = {{"name", "ana"}};
  EXPECT_EQ(router.Handle(request).response.body, "ana");
}

TEST(RequestTest, ReadsCookies) {
  Request request;
  request.headers = {{"cookie", "a=1; mw_session=x=y;b="}};
  EXPECT_EQ(request.Cookie("a"), "1");
  EXPECT_EQ(request.Cookie("mw_session"), "x=y");
  EXPECT_EQ(request.Cookie("b"), "");
  EXPECT_EQ(request.Cookie("session"), "");
}

TEST(RouterTest, UnknownPathIs404AndOtherMethod405WithAllow) {
  const Router router = MakeRouter();
  for (const char* path : {"/", "/m", "/m/a", "/m//b", "/m/a/b/c", "/m/a/b/", ""})
    EXPECT_EQ(Ask(router, "GET", path).response.status, 404) << path;
  const auto answer = Ask(router, "DELETE", "/m/a/b");
  EXPECT_EQ(answer.response.status, 405);
  EXPECT_EQ(answer.route, "none");
  ASSERT_EQ(answer.response.headers.size(), 1u);
  EXPECT_EQ(answer.response.headers[0].second, "GET, POST");
}

}  // namespace
}  // namespace millwright::http
