#include "baseline_files.h"

#include <gtest/gtest.h>

namespace millwright::cli {
namespace {

nlohmann::json Answer(const std::string& file, int64_t learned_ms, const std::string& document) {
  return {
      {"baselines",
       {{{"asset", "P-1"}, {"file", file}, {"learned_ms", learned_ms}, {"document", document}}}}};
}

std::string Text(os::Files& files, const std::string& path) {
  const auto bytes = files.Read(path, 1000);
  return bytes ? std::string(os::AsText(*bytes)) : "";
}

TEST(BaselineFilesTest, GoWhereTheAgentLooksForThem) {
  os::FakeFiles files;
  const auto taken = TakeBaselines(files, "state", Answer("P-1.0123456789ab.json", 5, "{}"));
  ASSERT_TRUE(taken) << taken.error().what;
  EXPECT_EQ(*taken, 1U);
  EXPECT_EQ(Text(files, "state/baselines/P-1.0123456789ab.json"), "{}");
  EXPECT_EQ(*TakeBaselines(files, "state", nlohmann::json::object()), 0U);
}

TEST(BaselineFilesTest, WhatWasLearnedLaterStays) {
  os::FakeFiles files;
  const std::string own = R"({"learned_at":7000000})";
  ASSERT_TRUE(files.WriteDurably("state/baselines/P-1.json", os::AsBytes(own)));
  EXPECT_EQ(*TakeBaselines(files, "state", Answer("P-1.json", 6, "older")), 0U);
  EXPECT_EQ(Text(files, "state/baselines/P-1.json"), own);
  EXPECT_EQ(*TakeBaselines(files, "state", Answer("P-1.json", 8, "newer")), 1U);
  EXPECT_EQ(Text(files, "state/baselines/P-1.json"), "newer");
}

TEST(BaselineFilesTest, NothingLeavesTheFolder) {
  for (const char* name : {"", "../agent.toml", "/etc/passwd.json", "..json", "a/b.json", "x.toml",
                           "-x.json", "a\nb.json"}) {
    os::FakeFiles files;
    EXPECT_FALSE(TakeBaselines(files, "state", Answer(name, 1, "{}"))) << name;
    EXPECT_TRUE(files.List("state/baselines").value_or(std::vector<std::string>{}).empty()) << name;
  }
}

}  // namespace
}  // namespace millwright::cli
