#include "agent/settings.h"

#include <gtest/gtest.h>

#include "agent/testing/plant.h"

namespace millwright::agent {
namespace {

TEST(SettingsTest, ReadsWhatIsRight) {
  const auto settings = ReadSettings(testing::ConfigText("/tmp/x", 2), "agent.toml");
  ASSERT_TRUE(settings) << settings.error().what;
  EXPECT_EQ(settings->assets.size(), 2U);
  EXPECT_EQ(settings->assets[1].channels[0].spec.rate_hz, 1000);
  EXPECT_EQ(settings->hash.size(), 64U);
}

TEST(SettingsTest, NamesFileLineKeyAndTheNearestValidKey) {
  struct Case {
    const char *from, *to, *want;
  };
  for (const Case& c : {Case{"rate_hz", "rate_hs", "rate_hz"}, Case{"[model]", "[modle]", "model"},
                        Case{"kind = \"samples\"", "kind = \"sampels\"", "samples"},
                        Case{"id = \"P-2\"", "id = \"P-1\"", "a second asset"},
                        Case{"id = \"gw-1\"", "id = \"gw/1\"", "device.id"},
                        Case{"rate_hz = 1000", "rate_hz = -1", "rate_hz"},
                        Case{"area = \"hall\"", "area = \"gateways\"", "gateways"}}) {
    std::string text = testing::ConfigText("/tmp/x", 2);
    text.replace(text.find(c.from), std::string(c.from).size(), c.to);
    const auto settings = ReadSettings(text, "agent.toml");
    ASSERT_FALSE(settings) << c.to;
    EXPECT_NE(settings.error().what.find("agent.toml:"), std::string::npos)
        << settings.error().what;
    EXPECT_NE(settings.error().what.find(c.want), std::string::npos) << settings.error().what;
  }
}

TEST(SettingsTest, DeliveryIsOffUnlessAskedForAndNeedsARoot) {
  const std::string text = testing::ConfigText("/tmp/x", 1);
  const auto off = ReadSettings(text, "agent.toml");
  ASSERT_TRUE(off);
  EXPECT_FALSE(off->delivery.enabled);
  const auto on = ReadSettings(
      text + "[delivery]\nenabled = true\nroot = \"/r.json\"\nlatency_budget_ms = 20\n", "f");
  ASSERT_TRUE(on) << on.error().what;
  EXPECT_TRUE(on->delivery.enabled);
  EXPECT_EQ(on->delivery.root_file, "/r.json");
  EXPECT_EQ(on->latency_budget, 20 * kMillisecond);
  for (const char* wrong : {"enabled = true", "prefix = \"a/+\"", "prefix = \"\"",
                            "block_bytes = 100", "alpha = 0", "windows_min = 0"}) {
    const auto settings = ReadSettings(text + "[delivery]\n" + wrong + "\n", "f");
    EXPECT_FALSE(settings) << wrong;
  }
}

}  // namespace
}  // namespace millwright::agent
