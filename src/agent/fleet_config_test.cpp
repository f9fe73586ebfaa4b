#include "agent/fleet_config.h"

#include <gtest/gtest.h>

#include "agent/testing/plant.h"

namespace millwright::agent {
namespace {

Settings Base() {
  std::string text = testing::ConfigText("/tmp/x", 2);
  text.replace(text.find("id = \"P-1\""), 10, "id = \"P-1\"\nclass = \"pump\"");
  return *ReadSettings(text, "agent.toml");
}

Result<Settings> Lay(const std::string& text, const Settings& places = Base()) {
  MW_TRY(const FleetConfig config, ReadFleetConfig(text, "config.toml"));
  return Overlay(config, Base(), places);
}

std::string FaultOf(const std::string& text) {
  const auto laid = Lay(text);
  return laid ? "" : laid.error().what;
}

TEST(FleetConfigTest, AClassComesFirstAndWhatIsSaidAboutOneMachineAfterIt) {
  const auto laid = Lay(R"([[class]]
name = "pump"
zone_c_mm_s = 4.5
zone_d_mm_s = 7.1
[[asset]]
id = "P-1"
zone_d_mm_s = 9.0
machine = { bpfo = 4.5 }
decision = { watch_from = 0.4, of = 20 }
)");
  ASSERT_TRUE(laid) << laid.error().what;
  const AssetSettings& first = laid->assets[0];
  EXPECT_EQ(first.zone_c_mm_s, 4.5);
  EXPECT_EQ(first.zone_d_mm_s, 9.0);
  EXPECT_EQ(first.machine.bpfo, 4.5);
  EXPECT_EQ(first.machine.shaft_hz, 25.0);
  EXPECT_TRUE(first.retuned);
  model::DecisionLimits limits;
  first.limits.ApplyTo(limits);
  EXPECT_EQ(limits.watch_from, 0.4);
  EXPECT_EQ(limits.of, 20);
  EXPECT_EQ(limits.act_from, model::DecisionLimits().act_from);
  EXPECT_EQ(laid->assets[1].zone_c_mm_s, 0);
  EXPECT_FALSE(laid->assets[1].retuned);
}

TEST(FleetConfigTest, ChannelsKeepTheirPlaces) {
  const auto first = Lay(R"([[asset]]
id = "P-1"
  [[asset.channel]]
  name = "pressure"
  unit = "bar"
  rate_hz = 2
  range = [0, 16]
  [[asset.channel]]
  name = "vib"
  rate_hz = 2000
)");
  ASSERT_TRUE(first) << first.error().what;
  const auto& channels = first->assets[0].channels;
  ASSERT_EQ(channels.size(), 3U);
  EXPECT_EQ(channels[0].spec.rate_hz, 2000);
  EXPECT_TRUE(channels[0].retuned);
  EXPECT_EQ(channels[2].spec.name, "pressure");
  EXPECT_EQ(channels[2].range->max, 16);
  // Another configuration without it, and with another: the index is not given twice.
  const auto second = Lay(R"([[asset]]
id = "P-1"
  [[asset.channel]]
  name = "flow"
  rate_hz = 1
)",
                          *first);
  ASSERT_TRUE(second) << second.error().what;
  ASSERT_EQ(second->assets[0].channels.size(), 4U);
  EXPECT_FALSE(second->assets[0].channels[2].used);
  EXPECT_EQ(second->assets[0].channels[3].spec.name, "flow");
  EXPECT_FALSE(second->assets[0].channels[0].retuned);
  EXPECT_NE(FaultOf("[[asset]]\nid = \"P-1\"\n[[asset.channel]]\nname = \"flow\"\n")
                .find("is new here, so it needs rate_hz"),
            std::string::npos);
}

TEST(FleetConfigTest, WhatBelongsToTheGatewayIsRefusedWithFileLineAndKey) {
  for (const char* section : {"device", "broker", "uplink", "paths", "model", "outbox", "decision",
                              "health", "delivery", "witness", "identity"}) {
    const std::string fault =
        FaultOf("[[asset]]\nid = \"P-1\"\n[" + std::string(section) + "]\nx = 1\n");
    EXPECT_NE(fault.find("config.toml:3:1: " + std::string(section) + ": belongs to the gateway"),
              std::string::npos)
        << fault;
  }
  const std::string area = FaultOf("[[asset]]\nid = \"P-1\"\narea = \"elsewhere\"\n");
  EXPECT_NE(area.find("config.toml:3:"), std::string::npos) << area;
  EXPECT_NE(area.find("asset.area: belongs to the gateway"), std::string::npos) << area;
}

TEST(FleetConfigTest, NamesEachFault) {
  struct Case {
    const char *text, *want;
  };
  const std::string head = "[[asset]]\nid = \"P-1\"\n";
  for (const Case& c :
       {Case{"zone_c = 1.0\n", "zone_c: unknown key"}, Case{"zone_c_mm_s = -1.0\n", "out of range"},
        Case{"zone_c_mm_s = 5.0\n", "zone_d_mm_s is below zone_c_mm_s"},
        Case{"decision = { watch_from = 2.0 }\n", "watch_from"},
        Case{"decision = { wach_from = 0.2 }\n", "did you mean \"watch_from\""},
        Case{"[[asset.channel]]\nname = \"vib\"\nrange = [0, 1]\n", "range is for readings"},
        Case{"[[asset.channel]]\nname = \"temperature\"\nrange = [9, 1]\n", "min below max"},
        Case{"[[asset.channel]]\nname = \"temperature\"\nkind = \"samples\"\n", "keeps its kind"},
        Case{"[[asset.channel]]\nname = \"a\"\n[[asset.channel]]\nname = \"a\"\n",
             "a second channel"},
        Case{"[[asset]]\nid = \"P-1\"\n", "is named twice"}}) {
    const std::string fault = FaultOf(head + c.text);
    EXPECT_NE(fault.find(c.want), std::string::npos) << c.text << ": " << fault;
  }
  EXPECT_NE(FaultOf("# nothing\n").find("it says nothing"), std::string::npos);
}

TEST(FleetConfigTest, MachinesOfOtherGatewaysAreNoFault) {
  const auto config = ReadFleetConfig("[[asset]]\nid = \"F-9\"\n[[class]]\nname = \"pump\"\n", "c");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(CountConcerned(*config, Base()), 1U);
  EXPECT_TRUE(Overlay(*config, Base(), Base()));
}

}  // namespace
}  // namespace millwright::agent
