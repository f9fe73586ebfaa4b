// The door, the routes behind it, and bodies that are wrong.
#include "hub/api/identity_routes.h"

#include <nlohmann/json.hpp>

#include "crypto/hex.h"
#include "hub/api/body.h"
#include "hub/identity/test_identity.h"

namespace millwright::hub {
namespace {

using nlohmann::json;

class IdentityRoutesTest : public IdentityTest {
 protected:
  IdentityRoutesTest() : failures_(clock_) {
    router_.Add("GET", "/api/v1/board", [](const http::Request& request) {
      http::Response response;
      response.body = request.who;
      return response;
    });
    router_.Add("POST", "/api/v1/rollouts", [](const http::Request&) { return http::Response{}; });
    router_.Add("GET", "/healthz", [](const http::Request&) { return http::Response{}; });
    people_ = std::make_unique<People>(Open(), clock_);
    const IdentityParts parts{.enrolment = enrolment_.get(),
                              .access = access_.get(),
                              .people = people_.get(),
                              .failures = failures_};
    AddEnrolmentRoutes(router_, parts);
    AddAccessRoutes(router_, parts);
    AddPeopleRoutes(router_, parts);
    router_.SetGate(AccessGate(access_.get(), failures_));
  }
  http::Response Ask(const std::string& method, const std::string& path, const json& body = {},
                     http::Pairs headers = {}) {
    http::Request request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    if (!body.is_null()) request.body = body.dump();
    return router_.Handle(request).response;
  }
  http::Response AskAs(Role role, const std::string& method, const std::string& path,
                       const json& body = {}) {
    return Ask(method, path, body, {{"authorization", "Bearer " + TokenOf(role)}});
  }
  std::string TokenOf(Role role) {
    return access_->Add({.name = std::string(Name(role)), .role = role, .who = "test"})->secret;
  }

  FailureLimit failures_;
  std::unique_ptr<People> people_;
  http::Router router_;
};

TEST_F(IdentityRoutesTest, APersonLogsInAndIsWhoTheyAre) {
  const json person = {{"name", "ana"},
                       {"display", "Ana"},
                       {"password", "a long enough word"},
                       {"roles", {"alder=operator", "*=viewer"}}};
  EXPECT_EQ(AskAs(Role::kOperator, "POST", "/api/v1/people", person).status, 403);
  const auto added = AskAs(Role::kAdmin, "POST", "/api/v1/people", person);
  ASSERT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(Ask("POST", "/api/v1/session", {{"name", "ana"}, {"password", "wrong"}}).status, 401);
  EXPECT_EQ(Ask("POST", "/api/v1/session", {{"name", "ana"}, {"token", "x"}}).status, 400);
  const auto opened =
      Ask("POST", "/api/v1/session", {{"name", "ana"}, {"password", "a long enough word"}});
  ASSERT_EQ(opened.status, 204) << opened.body;
  const std::string& set = opened.headers.at(0).second;
  http::Request request;
  request.method = "GET";
  request.path = "/api/v1/me";
  request.headers = {{"cookie", set.substr(0, set.find(';'))}};
  const json me = json::parse(router_.Handle(request).response.body);
  EXPECT_EQ(me["name"], "ana");
  EXPECT_TRUE(me["person"].get<bool>());
  EXPECT_FALSE(RefuseAt(access_.get(), request, {"alder"}, Role::kOperator));
  EXPECT_EQ(RefuseAt(access_.get(), request, {"alder", "birch"}, Role::kOperator)->status, 403);
  EXPECT_EQ(RefuseAt(access_.get(), {}, {"alder"}, Role::kOperator)->status, 401);
  EXPECT_FALSE(RefuseAt(nullptr, {}, {"alder"}, Role::kOperator));
  EXPECT_EQ(AskAs(Role::kAdmin, "POST", "/api/v1/people/ana/disable").status, 200);
  EXPECT_EQ(router_.Handle(request).response.status, 401);
}

TEST_F(IdentityRoutesTest, EachRoleReachesItsRoutes) {
  struct Case {
    const char* method;
    const char* path;
    Role needed;
  };
  const Case cases[] = {{"GET", "/api/v1/board", Role::kViewer},
                        {"POST", "/api/v1/rollouts", Role::kOperator},
                        {"GET", "/api/v1/access", Role::kAdmin},
                        {"GET", "/api/v1/identity/certificates", Role::kAdmin}};
  for (const Case& one : cases) {
    EXPECT_EQ(Ask(one.method, one.path).status, 401) << one.path;
    for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin})
      EXPECT_EQ(AskAs(role, one.method, one.path).status, role < one.needed ? 403 : 200)
          << one.path << " as " << Name(role);
  }
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  EXPECT_EQ(AskAs(Role::kViewer, "GET", "/api/v1/board").body, "viewer");
}

TEST_F(IdentityRoutesTest, OpenAccessSaysAnyone) {
  router_.SetGate(AccessGate(nullptr, failures_));
  EXPECT_EQ(Ask("GET", "/api/v1/board").body, "anyone");
}

TEST_F(IdentityRoutesTest, ASessionReadsAndChangesOnlyWithTheHeader) {
  const auto opened = Ask("POST", "/api/v1/session", {{"token", TokenOf(Role::kOperator)}});
  ASSERT_EQ(opened.status, 204);
  const std::string& set = opened.headers.at(0).second;
  EXPECT_NE(set.find("HttpOnly; SameSite=Strict"), std::string::npos);
  const std::string cookie = set.substr(0, set.find(';'));
  EXPECT_EQ(Ask("GET", "/api/v1/board", {}, {{"cookie", cookie}}).status, 200);
  EXPECT_EQ(Ask("POST", "/api/v1/rollouts", {}, {{"cookie", cookie}}).status, 403);
  EXPECT_EQ(Ask("POST", "/api/v1/rollouts", {}, {{"cookie", cookie}, {"x-millwright", "1"}}).status,
            200);
  EXPECT_EQ(Ask("DELETE", "/api/v1/session", {}, {{"cookie", cookie}}).status, 204);
  EXPECT_EQ(Ask("GET", "/api/v1/board", {}, {{"cookie", cookie}}).status, 401);
}

TEST_F(IdentityRoutesTest, WrongTriesAreLimitedAndRightOnesAreNot) {
  const std::string good = TokenOf(Role::kViewer);
  int refused = 0, limited = 0;
  for (int i = 0; i < 50; ++i) {
    const int status =
        Ask("GET", "/api/v1/board", {}, {{"authorization", "Bearer mwa1.00"}}).status;
    refused += status == 401 ? 1 : 0;
    limited += status == 429 ? 1 : 0;
  }
  EXPECT_EQ(refused, 20);
  EXPECT_EQ(limited, 30);
  EXPECT_EQ(Ask("POST", "/api/v1/session", {{"token", "mwa1.00"}}).status, 429);
  EXPECT_EQ(Ask("GET", "/api/v1/board", {}, {{"authorization", "Bearer " + good}}).status, 200);
  clock_.Advance(2 * kSecond);
  EXPECT_EQ(Ask("POST", "/api/v1/session", {{"token", "mwa1.00"}}).status, 401);
}

TEST_F(IdentityRoutesTest, AGatewayEnrolsAndRenews) {
  const auto made = AskAs(Role::kAdmin, "POST", "/api/v1/identity/tokens", {{"device", "gw-1"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const auto token = TokenText::Parse(json::parse(made.body)["token"].get<std::string>());
  ASSERT_TRUE(token);
  const TestKey key, fresh;
  const auto given =
      Ask("POST", "/api/v1/enroll", {{"token", token->secret}, {"request", key.request}});
  ASSERT_EQ(given.status, 200) << given.body;
  const json answer = json::parse(given.body);
  const auto authority = crypto::Certificate::FromPem(answer["authority"].get<std::string>());
  EXPECT_EQ(authority->Fingerprint(), token->authority);
  const auto renewal = RenewalOf(answer["certificate"], key, fresh);
  const auto renewed = Ask("POST", "/api/v1/renew",
                           {{"certificate", renewal.certificate},
                            {"request", renewal.request},
                            {"proof", crypto::ToHex(renewal.proof)},
                            {"force", true}});
  ASSERT_EQ(renewed.status, 200) << renewed.body;
  EXPECT_TRUE(json::parse(renewed.body)["due"].get<bool>());
  EXPECT_EQ(
      Ask("POST", "/api/v1/enroll", {{"token", token->secret}, {"request", fresh.request}}).status,
      404);
}

TEST_F(IdentityRoutesTest, TokensAreAddedListedAndRevoked) {
  const auto made =
      AskAs(Role::kAdmin, "POST", "/api/v1/access", {{"name", "ana"}, {"role", "viewer"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const json token = json::parse(made.body);
  const std::string path = "/api/v1/access/" + token["id"].get<std::string>() + "/revoke";
  EXPECT_NE(AskAs(Role::kAdmin, "GET", "/api/v1/access").body.find("\"ana\""), std::string::npos);
  EXPECT_EQ(AskAs(Role::kAdmin, "POST", path).status, 200);
  EXPECT_EQ(AskAs(Role::kAdmin, "POST", path).status, 404);
  EXPECT_EQ(AskAs(Role::kAdmin, "POST", "/api/v1/access", {{"name", "x"}, {"role", "root"}}).status,
            400);
}

TEST_F(IdentityRoutesTest, AHubWithoutASettingSaysWhichOne) {
  http::Router bare;
  AddEnrolmentRoutes(bare, {.failures = failures_});
  AddAccessRoutes(bare, {.failures = failures_});
  http::Request request;
  request.method = "GET";
  request.path = "/api/v1/authority";
  EXPECT_NE(bare.Handle(request).response.body.find("identity.folder"), std::string::npos);
  request.path = "/api/v1/access";
  EXPECT_NE(bare.Handle(request).response.body.find("access.required"), std::string::npos);
}

TEST(BodyTest, NamesTheFirstKeyThatIsWrong) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {{"[]", "no JSON object"},
                        {"{\"a\":1,\"n\":2}", "a is no text"},
                        {"{\"a\":\"123456\"}", "a is too long"},
                        {"{}", "a is missing"},
                        {"{\"a\":\"x\",\"n\":99}", "n must be a whole number from 1 to 10"},
                        {"{\"a\":\"x\",\"n\":1.5}", "n must be"},
                        {"{\"a\":\"x\",\"f\":1}", "f must be true or false"},
                        {"{\"a\":\"x\",\"b\":1}", "b is no key"}};
  for (const Case& one : cases) {
    Body body(one.text);
    (void)body.Text("a", 5);
    (void)body.Integer("n", 1, 1, 10);
    (void)body.Flag("f", false);
    const auto done = body.Finish();
    ASSERT_FALSE(done) << one.text;
    EXPECT_NE(done.error().what.find(one.want), std::string::npos) << done.error().what;
  }
}

}  // namespace
}  // namespace millwright::hub
