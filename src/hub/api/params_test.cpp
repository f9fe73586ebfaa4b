#include "hub/api/params.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace millwright::hub {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

http::Request Asking(http::Pairs query) {
  http::Request request;
  request.query = std::move(query);
  return request;
}

// The problem's members; an empty object where there is none.
json ProblemOf(Params& params) {
  const auto problem = params.Finish();
  if (!problem) return json::object();
  EXPECT_EQ(problem->status, 400);
  EXPECT_EQ(problem->content_type, "application/problem+json");
  return json::parse(problem->body);
}

TEST(ParamsTest, MissingParametersGiveTheirFallbacksAndNoProblem) {
  const http::Request request = Asking({});
  Params params(request);
  EXPECT_EQ(params.Integer("limit", 50, 1, 500), 50);
  EXPECT_EQ(params.OneOf("state", "open", {"open", "all"}), "open");
  EXPECT_EQ(params.Text("cursor", "none", 4), "none");
  EXPECT_TRUE(params.List("signals", 2, 8).empty());
  EXPECT_FALSE(params.Finish().has_value());
}

TEST(ParamsTest, IntegerTakesItsLimitsAndNothingBeyondThem) {
  struct Case {
    std::string text;
    int64_t want;
    bool good;
  };
  const Case cases[] = {{.text = "1", .want = 1, .good = true},
                        {.text = "500", .want = 500, .good = true},
                        {.text = "0", .want = 50, .good = false},
                        {.text = "501", .want = 50, .good = false},
                        {.text = "-1", .want = 50, .good = false},
                        {.text = "", .want = 50, .good = false},
                        {.text = "+7", .want = 50, .good = false},
                        {.text = " 7", .want = 50, .good = false},
                        {.text = "7 ", .want = 50, .good = false},
                        {.text = "7.5", .want = 50, .good = false},
                        {.text = "0x7", .want = 50, .good = false},
                        {.text = "99999999999999999999", .want = 50, .good = false}};
  for (const Case& c : cases) {
    const http::Request request = Asking({{"limit", c.text}});
    Params params(request);
    EXPECT_EQ(params.Integer("limit", 50, 1, 500), c.want) << "'" << c.text << "'";
    EXPECT_EQ(ProblemOf(params).empty(), c.good) << "'" << c.text << "'";
  }
}

TEST(ParamsTest, ProblemHasTheMembersOfRfc9457AndNamesTheParameterAndItsLimits) {
  const http::Request request = Asking({{"limit", "501"}});
  Params params(request);
  EXPECT_EQ(params.Integer("limit", 50, 1, 500), 50);
  const json problem = ProblemOf(params);
  EXPECT_EQ(problem["type"], "about:blank");
  EXPECT_EQ(problem["title"], "Bad Request");
  EXPECT_EQ(problem["status"], 400);
  EXPECT_EQ(problem["detail"], "limit must be a whole number from 1 to 500");
  EXPECT_EQ(problem["code"], "invalid_parameter");
  EXPECT_EQ(problem["parameter"], "limit");
}

TEST(ParamsTest, OneOfTellsWhatIsAllowed) {
  const http::Request request = Asking({{"state", "Open"}});
  Params params(request);
  EXPECT_EQ(params.OneOf("state", "all", {"open", "all"}), "all");
  EXPECT_EQ(ProblemOf(params)["detail"], "state must be one of open, all");
}

TEST(ParamsTest, TextMayBeAsLongAsItsLimit) {
  const http::Request request = Asking({{"good", "1234"}, {"long", "12345"}});
  Params params(request);
  EXPECT_EQ(params.Text("good", "", 4), "1234");
  EXPECT_EQ(params.Text("long", "", 4), "");
  EXPECT_EQ(ProblemOf(params)["parameter"], "long");
}

TEST(ParamsTest, ListSplitsAtCommasWithinItsLimits) {
  const http::Request request =
      Asking({{"two", "score,vib"}, {"many", "a,b,c"}, {"hole", "a,,b"}, {"long", "abcdefghi"}});
  Params good(request);
  EXPECT_EQ(good.List("two", 2, 8), (Names{"score", "vib"}));
  for (const char* name : {"many", "hole", "long"}) {
    Params params(request);
    EXPECT_TRUE(params.List(name, 2, 8).empty()) << name;
    EXPECT_EQ(ProblemOf(params)["parameter"], name);
  }
}

TEST(ParamsTest, FirstFaultIsTheOneTold) {
  const http::Request request = Asking({{"points", "x"}, {"limit", "x"}, {"odd", "1"}});
  Params params(request);
  EXPECT_EQ(params.Integer("limit", 1, 1, 2), 1);
  EXPECT_EQ(params.Integer("points", 1, 1, 2), 1);
  params.Fault("from_ms", "must lie before to_ms");
  EXPECT_EQ(ProblemOf(params)["parameter"], "limit");
}

TEST(ParamsTest, MisspeltParameterIsNotIgnored) {
  const http::Request request = Asking({{"limit", "2"}, {"lmit", "1"}});
  Params params(request);
  EXPECT_EQ(params.Integer("limit", 1, 1, 2), 2);
  EXPECT_EQ(ProblemOf(params)["detail"], "lmit is no parameter of this route");
}

}  // namespace
}  // namespace millwright::hub
