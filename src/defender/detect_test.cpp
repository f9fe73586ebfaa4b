#include "defender/detect.h"

#include <gtest/gtest.h>

#include "defender/address.h"

namespace millwright::defender {
namespace {

constexpr Nanos kMinute = 60 * kSecond;
const std::vector<std::string> kProfiles = {"p"};

MetricValues Number(const char* metric, double value, Kind kind = Kind::kNumber) {
  return {{metric, {.kind = kind, .number = value}}};
}

std::vector<Behavior> Behaviors(const std::string& json) {
  auto read = ReadBehaviors(json);
  EXPECT_TRUE(read) << read.error().what;
  return read.value_or(std::vector<Behavior>());
}

Behavior Rule(const std::string& comparison, const std::string& value) {
  return Behaviors(R"([{"name":"b","metric":"m","criteria":{"comparisonOperator":")" + comparison +
                   R"(","value":)" + value + "}}]")
      .at(0);
}

TEST(BehaviorTest, JudgesEachComparison) {
  struct Case {
    const char *comparison, *value;
    MetricValue good, bad;
  };
  const auto number = [](double n) { return MetricValue{.kind = Kind::kNumber, .number = n}; };
  const auto ports = [](std::vector<double> n) {
    return MetricValue{.kind = Kind::kPorts, .numbers = std::move(n)};
  };
  const auto cidrs = [](std::vector<std::string> s) {
    return MetricValue{.kind = Kind::kCidrs, .strings = std::move(s)};
  };
  const auto strings = [](std::vector<std::string> s) {
    return MetricValue{.kind = Kind::kStrings, .strings = std::move(s)};
  };
  const Case cases[] = {
      {"less-than", R"({"number":5})", number(4), number(5)},
      {"less-than-equals", R"({"number":5})", number(5), number(6)},
      {"greater-than", R"({"count":5})", number(6), number(5)},
      {"greater-than-equals", R"({"number":5})", number(5), number(4)},
      {"in-port-set", R"({"ports":[22,443]})", ports({22}), ports({22, 23})},
      {"not-in-port-set", R"({"ports":[23]})", ports({22}), ports({22, 23})},
      {"in-cidr-set", R"({"cidrs":["10.0.0.0/8"]})", cidrs({"10.1.2.3"}),
       cidrs({"10.1.2.3", "11.0.0.1"})},
      {"not-in-cidr-set", R"({"cidrs":["fd00::/8"]})", cidrs({"10.1.2.3"}), cidrs({"fd00::1"})},
      {"in-set", R"({"strings":["a","b"]})", strings({"a"}), strings({"a", "c"})},
      {"not-in-set", R"({"numbers":[1,2]})", number(3), number(2)},
  };
  for (const Case& c : cases) {
    const Behavior rule = Rule(c.comparison, c.value);
    EXPECT_TRUE(Conforms(rule, c.good)) << c.comparison;
    EXPECT_FALSE(Conforms(rule, c.bad)) << c.comparison;
  }
  EXPECT_TRUE(Conforms(Rule("in-port-set", R"({"ports":[22]})"), ports({})))
      << "an empty list always conforms";
}

TEST(BehaviorTest, RefusesWhatAwsRefuses) {
  const auto of = [](const std::string& metric, const std::string& text) {
    return R"([{"name":"b","metric":")" + metric + R"(","criteria":)" + text + "}]";
  };
  const auto criteria = [&](const std::string& text) { return of("m", text); };
  const std::string cases[] = {
      R"([{"name":"a b","metric":"m"}])",
      R"([{"name":"b"}])",
      R"([{"name":"b","metric":"aws:no-such-metric"}])",
      R"([{"name":"b","metric":"m"},{"name":"b","metric":"m"}])",
      criteria(R"({"comparisonOperator":"near","value":{"count":1}})"),
      criteria(R"({"comparisonOperator":"less-than"})"),
      criteria(R"({"comparisonOperator":"less-than","value":{"ports":[1]}})"),
      criteria(R"({"comparisonOperator":"less-than","value":{"count":-1}})"),
      criteria(R"({"comparisonOperator":"less-than","value":{"count":1},"durationSeconds":301})"),
      criteria(R"({"comparisonOperator":"in-port-set","value":{"ports":[65536]}})"),
      criteria(R"({"comparisonOperator":"in-cidr-set","value":{"cidrs":["10.0.0.0/33"]}})"),
      criteria(
          R"({"comparisonOperator":"less-than","value":{"count":1},"consecutiveDatapointsToAlarm":11})"),
      criteria(R"({"comparisonOperator":"less-than","statisticalThreshold":{"statistic":"p90"}})"),
      of("aws:all-bytes-in", R"({"comparisonOperator":"in-port-set","value":{"ports":[1]}})"),
      R"({"no":"list"})",
  };
  for (const std::string& text : cases) {
    EXPECT_FALSE(ReadBehaviors(text)) << text;
    EXPECT_FALSE(FaultsOf(text).empty()) << text;
  }
  const auto ml = ReadBehaviors(criteria(R"({"mlDetectionConfig":{"confidenceLevel":"HIGH"}})"));
  ASSERT_FALSE(ml);
  EXPECT_EQ(ml.error().code, Errc::kUnsupported);
}

TEST(AddressTest, KnowsNetworksAndEndpoints) {
  EXPECT_TRUE(Contains(*ParseNetwork("10.0.0.0/9"), *ParseNetwork("10.127.0.1")));
  EXPECT_FALSE(Contains(*ParseNetwork("10.0.0.0/9"), *ParseNetwork("10.128.0.1")));
  EXPECT_TRUE(Contains(*ParseNetwork("0.0.0.0/0"), *ParseNetwork("1.2.3.4")));
  EXPECT_FALSE(Contains(*ParseNetwork("0.0.0.0/0"), *ParseNetwork("::1")));
  EXPECT_EQ(AddressOf("[fd00::1]:443"), "fd00::1");
  EXPECT_EQ(AddressOf("10.0.0.1:443"), "10.0.0.1");
  for (const char* wrong : {"", "host:1", "10.0.0.1:70000", "[fd00::1", "10.0.0.0/8"})
    EXPECT_FALSE(AddressOf(wrong)) << wrong;
}

TEST(DetectTest, AlarmsAndClearsAfterAsManyDatapointsAsTheBehaviourSays) {
  Detect detect;
  detect.SetProfile(
      "p", Behaviors(R"([{"name":"b","metric":"m","criteria":{"comparisonOperator":"less-than",)"
                     R"("value":{"number":10},"consecutiveDatapointsToAlarm":3,)"
                     R"("consecutiveDatapointsToClear":2}}])"));
  const std::vector<std::pair<double, int>> steps = {{11, 0}, {12, 0}, {1, 0},  {11, 0},
                                                     {12, 0}, {13, 1}, {14, 0}, {1, 0},
                                                     {15, 0}, {1, 0},  {2, -1}, {3, 0}};
  Nanos now = kMinute;
  for (const auto& [value, want] : steps) {
    const auto changes = detect.Take("gw", now += kMinute, Number("m", value), kProfiles);
    ASSERT_TRUE(changes);
    ASSERT_EQ(changes->size(), want == 0 ? 0U : 1U) << value;
    if (want != 0) {
      EXPECT_EQ((*changes)[0].change, want > 0 ? Change::kInAlarm : Change::kCleared);
      EXPECT_EQ((*changes)[0].value.number, value);
    }
  }
}

TEST(DetectTest, SumsCountersOverTheDuration) {
  Detect detect;
  detect.SetProfile("p", Behaviors(R"([{"name":"b","metric":"aws:all-bytes-out","criteria":{)"
                                   R"("comparisonOperator":"less-than","value":{"count":100},)"
                                   R"("durationSeconds":600}}])"));
  const auto take = [&](Nanos at, double bytes) {
    return detect.Take("gw", at, Number("aws:all-bytes-out", bytes, Kind::kCount), kProfiles)
        ->size();
  };
  EXPECT_EQ(take(300 * kSecond, 60), 0U);
  EXPECT_EQ(take(600 * kSecond, 60), 1U) << "120 within ten minutes";
  EXPECT_EQ(take(1800 * kSecond, 60), 1U) << "60 again: cleared";
}

TEST(DetectTest, ComparesWithAPercentileOfTheFleet) {
  Detect detect(DetectLimits{.fleet_points_min = 10});
  detect.SetProfile("p", Behaviors(R"([{"name":"b","metric":"m","criteria":{"comparisonOperator":)"
                                   R"("less-than-equals","statisticalThreshold":{"statistic":)"
                                   R"("p90"},"durationSeconds":300}}])"));
  Nanos now = 1000 * kSecond;
  EXPECT_TRUE(detect.Take("loud", now, Number("m", 999), kProfiles)->empty())
      << "nothing to compare with yet";
  for (int i = 0; i < 30; ++i)
    (void)detect.Take("gw" + std::to_string(i), now, Number("m", i % 7), kProfiles);
  const auto changes = detect.Take("loud", now + kSecond, Number("m", 1000), kProfiles);
  ASSERT_EQ(changes->size(), 1U);
  EXPECT_EQ((*changes)[0].thing, "loud");
}

TEST(DetectTest, InvalidatesAfterTwoDaysWithoutAReportAndForgets) {
  Detect detect;
  detect.SetProfile("p", {Rule("less-than", R"({"number":5})")});
  EXPECT_EQ(detect.Take("gw", kMinute, Number("m", 9), kProfiles)->size(), 1U);
  EXPECT_TRUE(detect.Forget(86'400 * kSecond).empty());
  const auto gone = detect.Forget(kMinute + 2LL * 86'400 * kSecond);
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].change, Change::kInvalidated);
  EXPECT_EQ(detect.states(), 0U);
}

TEST(DetectTest, RestoresWhatWasInAlarmWithoutTellingAgain) {
  Detect detect;
  detect.SetProfile("p", {Rule("less-than", R"({"number":5})")});
  detect.Restore("gw", "p", "b", kMinute);
  EXPECT_TRUE(detect.Take("gw", 2 * kMinute, Number("m", 9), kProfiles)->empty());
  const auto cleared = detect.Take("gw", 3 * kMinute, Number("m", 1), kProfiles);
  ASSERT_EQ(cleared->size(), 1U);
  EXPECT_EQ((*cleared)[0].change, Change::kCleared);
}

TEST(DetectTest, BoundsItsMemoryAndStillJudgesWhomItKnows) {
  Detect detect(DetectLimits{.states_max = 2});
  detect.SetProfile("p", {Rule("less-than", R"({"number":5})")});
  EXPECT_TRUE(detect.Take("a", kMinute, Number("m", 1), kProfiles));
  EXPECT_TRUE(detect.Take("b", kMinute, Number("m", 1), kProfiles));
  const auto third = detect.Take("c", kMinute, Number("m", 9), kProfiles);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Errc::kExhausted);
  EXPECT_EQ(detect.Take("a", 2 * kMinute, Number("m", 9), kProfiles)->size(), 1U);
  EXPECT_EQ(detect.states(), 2U);
}

TEST(DetectTest, ABehaviourThatStaysKeepsItsStandingAndAChangedOneBeginsAnew) {
  Detect detect;
  detect.SetProfile("p", {Rule("less-than", R"({"number":5})")});
  EXPECT_EQ(detect.Take("gw", kMinute, Number("m", 9), kProfiles)->size(), 1U);
  detect.SetProfile("p", {Rule("less-than", R"({"number":5})")});
  EXPECT_TRUE(detect.Take("gw", 2 * kMinute, Number("m", 9), kProfiles)->empty());
  detect.SetProfile("p", {Rule("less-than", R"({"number":6})")});
  EXPECT_EQ(detect.Take("gw", 3 * kMinute, Number("m", 9), kProfiles)->size(), 1U);
  detect.DropProfile("p");
  EXPECT_EQ(detect.states(), 0U);
}

TEST(DetectTest, AnOlderReportIsNotJudged) {
  Detect detect;
  detect.SetProfile("p", {Rule("less-than", R"({"number":5})")});
  EXPECT_TRUE(detect.Take("gw", 2 * kMinute, Number("m", 1), kProfiles)->empty());
  EXPECT_TRUE(detect.Take("gw", kMinute, Number("m", 9), kProfiles)->empty());
}

}  // namespace
}  // namespace millwright::defender
