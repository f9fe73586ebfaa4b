#include "config/config.h"

#include <gtest/gtest.h>

namespace millwright::config {
namespace {

std::string FaultsOf(std::string_view text, void (*read)(Table&)) {
  auto file = File::Parse(text, "a.toml");
  if (!file) return file.error().what;
  Table root = file->root();
  read(root);
  const auto finished = file->Finish();
  return finished ? "" : finished.error().what;
}

void ReadBroker(Table& root) {
  Table broker = root.Section("broker");
  (void)broker.String("host");
  (void)broker.Integer("port", {.fallback = 1883, .min = 1, .max = 65535});
  for (Table& asset : root.List("asset")) {
    (void)asset.Id("id");
    (void)asset.OneOf("kind", {"samples", "reading"}, "reading");
    (void)asset.Number("rate_hz", {.fallback = 1, .min = 0.001});
    if (asset.Has("commissioning_s")) (void)asset.Number("commissioning_s");
  }
}

struct Case {
  const char* name;
  const char* text;
  const char* want;
};

class ConfigTest : public testing::TestWithParam<Case> {};

TEST_P(ConfigTest, NamesFileLineAndKey) {
  EXPECT_EQ(FaultsOf(GetParam().text, ReadBroker), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, ConfigTest,
    testing::Values(
        Case{"right", "[broker]\nhost = \"h\"\n", ""},
        Case{"missing_section", "", "a.toml:1:1: broker: is missing"},
        Case{"missing_key", "[broker]\nport = 1\n", "a.toml:1:1: broker.host: is missing"},
        Case{"near_key", "[broker]\nhost = \"h\"\nprot = 5\n",
             "a.toml:3:1: broker.prot: unknown key; did you mean \"port\"?"},
        Case{"near_key_that_was_only_asked_for",
             "[broker]\nhost = \"h\"\n[[asset]]\nid = \"a\"\ncomissioning_s = 5\n",
             "a.toml:5:1: asset.comissioning_s: unknown key; did you mean \"commissioning_s\"?"},
        Case{"range", "[broker]\nhost = \"h\"\nport = 70000\n",
             "a.toml:3:8: broker.port: 70000 is out of range, allowed is 1 to 65535"},
        Case{"type", "[broker]\nhost = 5\n",
             "a.toml:2:8: broker.host: must be a string, not an integer"},
        Case{"choice", "[broker]\nhost = \"h\"\n[[asset]]\nid = \"a\"\nkind = \"sample\"\n",
             "a.toml:5:8: asset.kind: \"sample\" is not one of samples, reading; did you mean "
             "\"samples\"?"},
        Case{
            "id", "[broker]\nhost = \"h\"\n[[asset]]\nid = \"a b\"\n",
            "a.toml:4:6: asset.id: id \"a b\": only letters, digits, '_', '.' and '-' are allowed"},
        Case{"not_a_number", "[broker]\nhost = \"h\"\n[[asset]]\nid = \"a\"\nrate_hz = nan\n",
             "a.toml:5:11: asset.rate_hz: nan is out of range, allowed is 0.001 or more"}),
    [](const auto& info) { return info.param.name; });

TEST(ConfigFileTest, SyntaxErrorNamesItsPlace) {
  const auto file = File::Parse("[broker\n", "a.toml");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().what.substr(0, 9), "a.toml:1:");
}

TEST(ConfigFileTest, AllFaultsComeInOneGoInFileOrder) {
  const std::string faults = FaultsOf("zzzzz = 1\n[broker]\nport = 0\n", ReadBroker);
  EXPECT_EQ(std::count(faults.begin(), faults.end(), '\n'), 2);
  EXPECT_LT(faults.find("zzzzz"), faults.find("broker.host"));
}

TEST(NearestTest, FindsSwappedLettersAndRefusesStrangers) {
  EXPECT_EQ(Nearest("prot", {"host", "port"}), "port");
  EXPECT_EQ(Nearest("xyzzy", {"host", "port"}), std::nullopt);
}

}  // namespace
}  // namespace millwright::config
