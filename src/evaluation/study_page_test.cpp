#include "evaluation/study_page.h"

#include <gtest/gtest.h>

namespace millwright::evaluation {
namespace {

Outcome Sample() {
  Outcome out;
  out.SetSeeds("some_accuracy", std::vector<double>{0.8, 0.9});
  out.Set("some_alarms", 3);
  out.Set("some_flag", false);
  out.Set("some_names", std::vector<std::string>{"a", "b<c>"});
  out.AtLeast("some_accuracy", 0.9);
  out.AtMost("some_alarms", 5);
  out.MustHold("some_flag");
  out.Note("left out: <script>alert(1)</script> & more");
  const auto add = [&](const char* truth, const char* guess, double p) {
    out.predictions.push_back({.place = {.recording = "run \"7\"", .start_s = 1, .end_s = 3},
                               .truth = truth,
                               .guess = guess,
                               .probability = p});
  };
  add("healthy", "healthy", 0.95);
  add("healthy", "outer<b>", 0.65);
  add("outer<b>", "outer<b>", 0.55);
  add("", "healthy", 0.7);  // truth not known: in no figure
  return out;
}

const PageAbout kAbout{
    .name = "some", .what = "A set & its study", .data = "data/some", .seeds = 2};

TEST(StudyPage, TellsBarsFiguresAndExamples) {
  const std::string page = StudyPage(kAbout, Sample());
  for (const char* text :
       {"Not all bars hold", "some_accuracy", "0.85", "0.8 to 0.9", "&gt;= 0.9", "not held",
        "&lt;= 5", ">held<", "some_alarms", "Which for which", "Calibration",
        "Wrong, and surest of it", "0.65", "Right, and least sure of it", "a, b&lt;c&gt;"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
  // What stands in a column of its own, or among the bars, is not told twice.
  EXPECT_EQ(page.find("some_accuracy_min"), std::string::npos);
  EXPECT_EQ(page.find("some_accuracy", page.find("All figures")), std::string::npos);
}

TEST(StudyPage, FetchesNothingRunsNothingAndEscapes) {
  const std::string page = StudyPage(kAbout, Sample());
  for (const char* text : {"<script", "http://", "https://", "url(", "outer<b>", "run \"7\""})
    EXPECT_EQ(page.find(text), std::string::npos) << text;
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
}

TEST(StudyPage, ShowsValuesAlongTheTruth) {
  Outcome out;
  for (int i = 0; i < 100; ++i)
    out.predictions.push_back({.place = {},
                               .truth = std::to_string(i),
                               .guess = std::to_string(i + 2),
                               .probability = 1});
  const std::string page = StudyPage(kAbout, out);
  EXPECT_NE(page.find("Root mean square error 2,"), std::string::npos);
  EXPECT_EQ(page.find("Calibration"), std::string::npos);
  EXPECT_NE(page.find("All bars hold"), std::string::npos);
}

TEST(StudyPage, ManyClassesAreNoMatrix) {
  Outcome out;
  for (int i = 0; i < 100; ++i)
    out.predictions.push_back(
        {.place = {}, .truth = "c" + std::to_string(i), .guess = "c1", .probability = 0.5});
  const std::string page = StudyPage(kAbout, out);
  EXPECT_EQ(page.find("Which for which"), std::string::npos);
  EXPECT_NE(page.find("Calibration"), std::string::npos);
}

TEST(StudyPage, AnEmptyOutcomeIsAPageToo) {
  EXPECT_NE(StudyPage(kAbout, {}).find("</html>"), std::string::npos);
}

TEST(Outcome, KeepsTheLastModelOfAName) {
  Outcome out;
  const std::vector<std::byte> one(4), two(7);
  out.Ship("net", one);
  out.Ship("other", one);
  out.Ship("net", two);
  ASSERT_EQ(out.models().size(), 2U);
  EXPECT_EQ(out.models()[0].tflite.size(), 7U);
  // A file that is none is left out of the page.
  EXPECT_EQ(StudyPage(kAbout, out).find("What would ship"), std::string::npos);
}

}  // namespace
}  // namespace millwright::evaluation
