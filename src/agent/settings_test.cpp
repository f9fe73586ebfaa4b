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

}  // namespace
}  // namespace millwright::agent
