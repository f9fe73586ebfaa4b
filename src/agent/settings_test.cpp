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

TEST(SettingsTest, TheUplinkUsesTheIdentityThatIsKept) {
  const std::string text = testing::ConfigText("/tmp/x", 1);
  const auto none = ReadSettings(text, "f");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->identity.hub.empty());
  const std::string identity = "[identity]\nfolder = \"/i\"\nhub = \"https://hub:8443\"\n";
  const auto kept = ReadSettings(text + identity, "f");
  ASSERT_TRUE(kept) << kept.error().what;
  EXPECT_EQ(kept->uplink.cert_file, "/i/identity.pem");
  EXPECT_EQ(kept->uplink.key_file, "/i/identity.pem");
  EXPECT_EQ(kept->uplink.ca_file, "/i/ca.pem");
  EXPECT_EQ(kept->identity.ca_file, "/i/ca.pem");
  const auto plain =
      ReadSettings(text + "[identity]\nfolder = \"/i\"\nhub = \"http://hub:80\"\n", "f");
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().what.find("https://"), std::string::npos) << plain.error().what;
  std::string other = text + identity;
  const std::string uplink = "[uplink]\n";
  other.insert(other.find(uplink) + uplink.size(),
               "ca_file = \"/c\"\ncert_file = \"/x.pem\"\nkey_file = \"/x.pem\"\n");
  EXPECT_FALSE(ReadSettings(other, "f")) << "what is renewed is not what is used";
}

}  // namespace
}  // namespace millwright::agent
