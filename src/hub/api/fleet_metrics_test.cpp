// The fleet's aggregates: what is counted, and that their number does not grow with the fleet.
#include "hub/api/fleet_metrics.h"

#include <algorithm>

#include "hub/ingest/test_hub.h"

namespace millwright::hub {
namespace {

class FleetMetricsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(hub_.Boot());
    auto pool = store::ReaderPool::Open(hub_.path(), 1);
    ASSERT_TRUE(pool);
    readers_ = std::move(*pool);
    context_ = std::make_unique<ApiContext>(ApiContext{*readers_, hub_.clock, {}, "1"});
    fleet_ = std::make_unique<FleetMetrics>(registry_, *context_);
  }
  std::string Scrape() {
    const auto done = fleet_->Refresh(*hub_.database);
    EXPECT_TRUE(done) << done.error().what;
    return registry_.Text();
  }
  void AddGateways(int count, int sites) {
    ASSERT_TRUE(hub_.database->Execute("BEGIN"));
    for (int i = 0; i < count; ++i) {
      wire::Health health;
      health.set_decision_ms_p99(static_cast<float>(i % 100));
      health.set_outbox_records(static_cast<uint64_t>(i));
      const std::string bytes = health.SerializeAsString();
      ASSERT_TRUE(hub_.database->Run(
          "INSERT INTO devices (device, site, online, online_since_ns, last_seen_ns, version, "
          "model_name, model_hash, health_ns, health) VALUES ($1, $2, 1, 0, $3, '1', $4, '', 0, "
          "$5)",
          {"gw-" + std::to_string(i), "site-" + std::to_string(i % sites), hub_.clock.Utc(),
           "model-" + std::to_string(i % 40), os::AsBytes(bytes)}));
    }
    ASSERT_TRUE(hub_.database->Execute("COMMIT"));
  }

  TestHub hub_;
  metrics::Registry registry_;
  std::unique_ptr<store::ReaderPool> readers_;
  std::unique_ptr<ApiContext> context_;
  std::unique_ptr<FleetMetrics> fleet_;
};

TEST_F(FleetMetricsTest, CountsMachinesAlarmsAndGateways) {
  hub_.SendRaw("mw/v1/gw-1/status", R"({"online":true,"site":"alder","version":"1"})");
  hub_.Send(BatchOf({FeaturesEvent(1, kTestStart, 3, 0.9F)}), "telemetry");
  hub_.Send(BatchOf({AlarmEvent(1, kTestStart, wire::Alarm::RAISED, wire::LEVEL_ACT)}));
  const std::string text = Scrape();
  for (const char* line : {"millwright_fleet_gateways{site=\"alder\",state=\"online\"} 1",
                           "millwright_fleet_machines{site=\"alder\",state=\"act\"} 1",
                           "millwright_fleet_machines{site=\"alder\",state=\"healthy\"} 0",
                           "millwright_fleet_alarms_open{level=\"act\",site=\"alder\"} 1",
                           "millwright_fleet_alarms_open{level=\"watch\",site=\"alder\"} 0",
                           "millwright_inbox_alarms{view=\"judge\"} 1"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST_F(FleetMetricsTest, WhatIsGoneBecomesNothing) {
  hub_.SendRaw("mw/v1/gw-1/status", R"({"online":true,"site":"alder","version":"1"})");
  EXPECT_NE(Scrape().find("state=\"online\"} 1"), std::string::npos);
  ASSERT_TRUE(hub_.database->Execute("DELETE FROM devices"));
  EXPECT_NE(Scrape().find("state=\"online\"} 0"), std::string::npos);
}

TEST_F(FleetMetricsTest, SeriesDoNotGrowWithTheFleet) {
  AddGateways(5000, 300);
  const std::string text = Scrape();
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_LE(lines, 5000);
  EXPECT_NE(text.find("millwright_fleet_sites_truncated 200"), std::string::npos);
  EXPECT_NE(text.find("site=\"other\""), std::string::npos);
  EXPECT_NE(text.find("millwright_fleet_models{model=\"other\"} 3750"), std::string::npos);
  EXPECT_NE(text.find("millwright_fleet_decision_p99_seconds{site=\"other\",stat=\"max\""),
            std::string::npos);
}

}  // namespace
}  // namespace millwright::hub
