#include "model/manifest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/testing/test_bundle.h"

namespace millwright::model {
namespace {

using Json = nlohmann::json;

// The manifest of a good bundle as JSON, to be damaged.
Json GoodJson() { return Json::parse(WriteManifest(MakeTestManifest())); }

Result<Manifest> Read(const Json& json) { return ReadManifest(os::AsBytes(json.dump())); }

TEST(ManifestTest, ReadsWhatItWrote) {
  const Manifest manifest = MakeTestManifest();
  const std::string text = WriteManifest(manifest);
  const auto read = ReadManifest(os::AsBytes(text));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(WriteManifest(*read), text);
  EXPECT_EQ(read->schema.step, manifest.schema.step);
  EXPECT_EQ(read->classes[1].code, manifest.classes[1].code);
  EXPECT_EQ(read->standardiser.mean, manifest.standardiser.mean);
  EXPECT_EQ(read->healthy_class(), 0);
}

TEST(ManifestTest, KeepsHowFeaturesAreMixedAndSquashed) {
  Manifest manifest = MakeTestManifest();
  manifest.schema.log_squash = true;
  manifest.standardiser.deviation_pooled.assign(manifest.schema.features.size(), 0.5F);
  const std::string text = WriteManifest(manifest);
  const auto read = ReadManifest(os::AsBytes(text));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_TRUE(read->schema.log_squash);
  EXPECT_EQ(read->standardiser.deviation_pooled, manifest.standardiser.deviation_pooled);
  manifest.standardiser.deviation_pooled.pop_back();
  EXPECT_FALSE(CheckManifest(manifest));
}

TEST(ManifestTest, FaultsNameFileAndKey) {
  struct Case {
    const char* pointer;  // JSON pointer to what is damaged
    Json value;
    const char* want;
  };
  const Case cases[] = {
      {"/name", 5, "name: not a string"},
      {"/created", "yesterday", "created: \"yesterday\""},
      {"/model/sha256", "abc", "model.sha256"},
      {"/model/file", "../model.tflite", "model.file"},
      {"/model/steps", 3, "model.steps"},
      {"/classes/1/healthy", true, "classes: 2 classes are healthy"},
      {"/classes/1/code", "healthy", "classes[1].code"},
      {"/schema/features/0/channel", "vibe",
       "schema.features[0].channel: no channel is named \"vibe\""},
      {"/schema/channels/0/kind", "waves", "schema.channels[0].kind"},
      {"/schema/channels/0/rate_hz", 0, "schema.channels[0].rate_hz"},
      {"/schema/steps", 1e12, "schema.steps"},
      {"/schema/step_ms", 1e300, "schema.step_ms"},
      {"/standardiser/mode", "fleet", "standardiser.mode"},
      {"/standardiser/mean", Json::array({1}), "standardiser.mean: 1 entries"},
      {"/standardiser/deviation/0", 0, "standardiser.deviation[0]"},
      {"/decision/watch_from", 2, "decision.watch_from"},
      {"/calibration/temperature", -1, "calibration.temperature"},
      {"/golden/count", 0, "golden.count"},
      {"/lineage/seed", -1, "lineage.seed"},
  };
  for (const Case& c : cases) {
    Json json = GoodJson();
    json[Json::json_pointer(c.pointer)] = c.value;
    const auto read = Read(json);
    ASSERT_FALSE(read) << c.pointer;
    EXPECT_NE(read.error().what.find(c.want), std::string::npos) << read.error().what;
    EXPECT_TRUE(read.error().what.starts_with("manifest.json: ")) << read.error().what;
  }
}

TEST(ManifestTest, EachMissingKeyIsNamed) {
  const Json good = GoodJson();
  for (const auto& [key, value] : good.items()) {
    Json json = good;
    json.erase(key);
    const auto read = Read(json);
    ASSERT_FALSE(read) << key;
    EXPECT_NE(read.error().what.find(key), std::string::npos) << read.error().what;
  }
}

TEST(ManifestTest, AnotherFormatIsUnsupportedNotInvalid) {
  Json json = GoodJson();
  json["format"] = 2;
  EXPECT_EQ(Read(json).error().code, Errc::kUnsupported);
}

TEST(ManifestTest, WrongTypesEverywhereGiveErrorsNotCrashes) {
  const Json junk[] = {nullptr, 1, -1.5, "x", true, Json::array(), Json::object()};
  const Json flat = GoodJson().flatten();
  for (const auto& [pointer, value] : flat.items()) {
    for (const Json& bad : junk) {
      Json json = GoodJson();
      json[Json::json_pointer(pointer)] = bad;
      const auto read = Read(json);
      EXPECT_TRUE(read || !read.error().what.empty());
    }
  }
  EXPECT_FALSE(ReadManifest(os::AsBytes("")));
  EXPECT_FALSE(ReadManifest(os::AsBytes("[]")));
  EXPECT_FALSE(ReadManifest(os::AsBytes(std::string(100'000, '['))));
}

TEST(BundleTest, LoadsAGoodBundle) {
  os::FakeFiles files;
  ASSERT_TRUE(WriteTestBundle(files, "b"));
  const auto bundle = LoadBundle(files, "b");
  ASSERT_TRUE(bundle) << bundle.error().what;
  const Manifest& m = bundle->manifest;
  EXPECT_EQ(bundle->golden_inputs.size(),
            static_cast<size_t>(m.golden.count * m.model.steps * m.model.features));
  EXPECT_EQ(bundle->golden_outputs.size(), static_cast<size_t>(m.golden.count) * m.classes.size());
}

TEST(BundleTest, ADamagedOrMissingFileIsNamed) {
  for (const char* name : {"model.tflite", "golden.bin", "report.html", "manifest.json"}) {
    const std::string path = std::string("b/") + name;
    os::FakeFiles files;
    ASSERT_TRUE(WriteTestBundle(files, "b"));
    os::Bytes bytes = files.Read(path, size_t{1} << 20).value();
    bytes[bytes.size() / 2] ^= std::byte{1};
    ASSERT_TRUE(files.WriteFast(path, bytes));
    const auto damaged = LoadBundle(files, "b");
    if (std::string_view(name) !=
        "manifest.json") {  // one flipped bit of it may well be another valid one
      ASSERT_FALSE(damaged) << name;
      EXPECT_NE(damaged.error().what.find(name), std::string::npos) << damaged.error().what;
    }
    ASSERT_TRUE(files.Remove(path));
    const auto missing = LoadBundle(files, "b");
    ASSERT_FALSE(missing) << name;
    EXPECT_NE(missing.error().what.find(name), std::string::npos) << missing.error().what;
  }
}

TEST(BundleTest, AModelOfAnotherShapeIsRefused) {
  os::FakeFiles files;
  Manifest manifest = MakeTestManifest();
  manifest.classes.push_back({.code = "extra", .name = "Extra"});
  ASSERT_TRUE(WriteTestBundle(files, "b", manifest, {.classes = 2}));
  const auto bundle = LoadBundle(files, "b");
  ASSERT_FALSE(bundle);
  EXPECT_NE(bundle.error().what.find("output"), std::string::npos) << bundle.error().what;
}

}  // namespace
}  // namespace millwright::model
