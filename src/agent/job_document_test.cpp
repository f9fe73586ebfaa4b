#include "agent/job_document.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace millwright::agent {
namespace {

using nlohmann::json;

json Good() {
  return {{"operation", "millwright.install"},
          {"format", 1},
          {"target", "pump/2.tar"},
          {"bundle", {{"digest", std::string(64, 'a')}, {"name", "pump"}, {"version", "2"}}},
          {"metadata_stream", "mw-tuf"},
          {"pack_stream", "mw-pack-0f3a"},
          {"pack_file", 0},
          {"trial", {{"windows_min", 500}, {"time_min_s", 60}}}};
}

TEST(JobDocumentTest, ReadsAnInstallation) {
  const auto read = ReadJobDocument(Good().dump());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->target, "pump/2.tar");
  EXPECT_EQ(read->bundle.digest, std::string(64, 'a'));
  EXPECT_EQ(read->bundle.version, "2");
  EXPECT_EQ(read->pack_stream, "mw-pack-0f3a");
  EXPECT_EQ(read->windows_min, 500);
  EXPECT_EQ(read->time_min, 60 * kSecond);
}

TEST(JobDocumentTest, SaysWhichSlotsItIsAbout) {
  json document = Good();
  EXPECT_EQ(ReadJobDocument(document.dump())->kind, model::BundleKind::kModel);
  document["bundle"]["kind"] = "config";
  EXPECT_EQ(ReadJobDocument(document.dump())->kind, model::BundleKind::kConfig);
  const json undo = {
      {"operation", "millwright.undo"}, {"format", 1}, {"bundle", {{"kind", "config"}}}};
  EXPECT_EQ(ReadJobDocument(undo.dump())->kind, model::BundleKind::kConfig);
  document["bundle"]["kind"] = "firmware";
  const auto read = ReadJobDocument(document.dump());
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().what.find("\"bundle.kind\""), std::string::npos) << read.error().what;
}

TEST(JobDocumentTest, AJobMayLengthenATrialAndNeverShortenIt) {
  const auto read = ReadJobDocument(Good().dump());
  ASSERT_TRUE(read);
  const slots::TrialOptions trial = TrialOf(*read, {.windows_min = 400, .time_min = 600 * kSecond});
  EXPECT_EQ(trial.windows_min, 500);
  EXPECT_EQ(trial.time_min, 600 * kSecond);
}

TEST(JobDocumentTest, ReadsAnUndo) {
  const auto read =
      ReadJobDocument(R"({"operation":"millwright.undo","format":1,"reason":"reversed"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->operation, JobDocument::Operation::kUndo);
  EXPECT_EQ(read->reason, "reversed");
}

struct WrongCase {
  const char* name;
  const char* patch;  // JSON merge patch
  const char* says;
  Errc code = Errc::kInvalid;
};

class WrongDocument : public ::testing::TestWithParam<WrongCase> {};

TEST_P(WrongDocument, IsRefusedByName) {
  json document = Good();
  document.merge_patch(json::parse(GetParam().patch));
  const auto read = ReadJobDocument(document.dump());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, GetParam().code);
  EXPECT_NE(read.error().what.find(GetParam().says), std::string::npos) << read.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongDocument,
    ::testing::Values(WrongCase{"format", R"({"format":2})", "format", Errc::kUnsupported},
                      WrongCase{"operation", R"({"operation":"x"})", "\"x\"", Errc::kUnsupported},
                      WrongCase{"no_target", R"({"target":null})", "target"},
                      WrongCase{"digest", R"({"bundle":{"digest":"12"}})", "bundle.digest"},
                      WrongCase{"bundle", R"({"bundle":7})", "bundle"},
                      WrongCase{"stream", R"({"pack_stream":"../x"})", "pack_stream"},
                      WrongCase{"file", R"({"pack_file":-1})", "pack_file"},
                      WrongCase{"windows", R"({"trial":{"windows_min":"many"}})", "windows_min"},
                      WrongCase{"time", R"({"trial":{"time_min_s":-1}})", "time_min_s"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(JobDocumentTest, WhatIsNoObjectIsRefused) {
  for (const char* text : {"", "7", "[]", "{", "\"x\""}) EXPECT_FALSE(ReadJobDocument(text));
}

}  // namespace
}  // namespace millwright::agent
