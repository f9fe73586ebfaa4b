#include "model/config_bundle.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"
#include "model/any_bundle.h"
#include "model/manifest.h"
#include "model/pack.h"
#include "model/testing/test_bundle.h"

namespace millwright::model {
namespace {

constexpr std::string_view kText = "[[asset]]\nid = \"P-1\"\n";

class ConfigBundleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteConfigBundle(files_, "/c", manifest_, os::AsBytes(kText)));
  }
  std::string Fault(std::string_view from, std::string_view to) {
    const auto bytes = files_.Read("/c/manifest.json", 1 << 20);
    std::string text(os::AsText(*bytes));
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    EXPECT_TRUE(files_.WriteFast("/c/manifest.json", os::AsBytes(text)));
    const auto loaded = LoadConfigBundle(files_, "/c");
    SetUp();
    return loaded ? "" : loaded.error().what;
  }
  os::FakeFiles files_;
  const ConfigManifest manifest_{.name = "pumps", .version = "3", .created = 60 * kSecond};
};

TEST_F(ConfigBundleTest, ComesBackAsItWasWritten) {
  const auto bundle = LoadConfigBundle(files_, "/c");
  ASSERT_TRUE(bundle) << bundle.error().what;
  EXPECT_EQ(os::AsText(bundle->text), kText);
  EXPECT_EQ(bundle->manifest.name, "pumps");
  EXPECT_EQ(bundle->manifest.version, "3");
  EXPECT_EQ(bundle->manifest.created, 60 * kSecond);
}

TEST_F(ConfigBundleTest, EqualContentsGiveEqualPacksThatTellTheirKind) {
  const auto pack = PackBundle(files_, "/c");
  ASSERT_TRUE(pack) << pack.error().what;
  ASSERT_TRUE(WriteConfigBundle(files_, "/d", manifest_, os::AsBytes(kText)));
  EXPECT_EQ(*PackBundle(files_, "/d"), *pack);
  const auto packed = ReadPack(*pack);
  ASSERT_TRUE(packed);
  ASSERT_EQ(packed->size(), 2U);
  const auto facts = ReadFacts(packed->front().bytes);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->kind, BundleKind::kConfig);
  EXPECT_EQ(facts->version, "3");
  EXPECT_EQ(facts->model_sha256, "");
}

TEST_F(ConfigBundleTest, AManifestWithoutAKindIsAModels) {
  ASSERT_TRUE(WriteTestBundle(files_, "/m"));
  const auto facts = CheckBundle(files_, "/m");
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->kind, BundleKind::kModel);
  EXPECT_FALSE(facts->model_sha256.empty());
}

TEST_F(ConfigBundleTest, NamesWhatIsWrong) {
  EXPECT_NE(Fault("\"config\",", "\"model\",").find("kind"), std::string::npos);
  EXPECT_NE(Fault("\"format\": 1", "\"format\": 2").find("format"), std::string::npos);
  EXPECT_NE(Fault("pumps", "").find("name: empty"), std::string::npos);
  EXPECT_NE(Fault("config.toml", "../passwd").find("config.file"), std::string::npos);
  EXPECT_NE(Fault("\"bytes\": ", "\"bytes\": 9").find("config.bytes says"), std::string::npos);
  EXPECT_NE(Fault("{", "[").find("not an object"), std::string::npos);
}

TEST_F(ConfigBundleTest, ATextThatWasChangedIsSeen) {
  ASSERT_TRUE(files_.WriteFast("/c/config.toml", os::AsBytes("[[asset]]\nid = \"P-2\"\n")));
  const auto loaded = CheckBundle(files_, "/c");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().what.find("config.sha256"), std::string::npos) << loaded.error().what;
}

}  // namespace
}  // namespace millwright::model
