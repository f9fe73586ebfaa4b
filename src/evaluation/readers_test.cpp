// Readers of public sets, on files that are written here; and what projections promise.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "evaluation/posterior_net.h"
#include "evaluation/read_cmapss.h"
#include "evaluation/read_hydraulic.h"
#include "evaluation/read_skab.h"
#include "evaluation/read_table.h"
#include "evaluation/studies.h"
#include "evaluation/study.h"

namespace millwright::evaluation {
namespace {

namespace fs = std::filesystem;

class ReadersTest : public ::testing::Test {
 protected:
  ReadersTest() {
    folder_ = fs::temp_directory_path() / ("mw-readers-" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  ~ReadersTest() override { fs::remove_all(folder_); }
  fs::path Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  fs::path folder_;
};

TEST_F(ReadersTest, ATableOfBlanksTabsAndAbsentCells) {
  const auto table = ReadTable(Write("t.txt", " 1\t2.5  3\n\n4 nan 6\r\n"), {});
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(table->rows(), 2U);
  EXPECT_EQ(table->At(1, 2), 6);
  EXPECT_TRUE(std::isnan(table->At(1, 1)));
}

TEST_F(ReadersTest, FaultsNameFileLineAndColumn) {
  const auto word = ReadTable(Write("a.txt", "1 2\n3 Bad\n"), {});
  EXPECT_NE(word.error().what.find("a.txt:2: column 2: \"Bad\" is no number"), std::string::npos);
  const auto wide = ReadTable(Write("b.txt", "1 2\n3 4 5\n"), {});
  EXPECT_NE(wide.error().what.find("b.txt:2: 3 columns where 2"), std::string::npos);
  EXPECT_FALSE(ReadTable(Write("c.txt", "\n"), {}));
  EXPECT_EQ(ReadTable(Write("d.txt", "1 2 3"), {.values_max = 2}).error().code, Errc::kExhausted);
  EXPECT_EQ(FindFile(folder_, "none.txt").error().code, Errc::kNotFound);
}

TEST_F(ReadersTest, SkabRunsInSubfoldersAndTheOneWithoutLabels) {
  Write("valve/1.csv",
        "datetime;A;anomaly;changepoint\n2020-01-01 00:00:00;1.5;0.0;0.0\n"
        "2020-01-01 00:00:01;2.5;1.0;1.0\n");
  Write("free.csv", "datetime;A\n2020-01-01 00:00:00;1.5\n");
  const auto runs = ReadSkab(folder_);
  ASSERT_TRUE(runs) << runs.error().what;
  ASSERT_EQ(runs->size(), 2U);
  EXPECT_FALSE((*runs)[0].labelled);
  EXPECT_EQ((*runs)[1].name, "valve/1.csv");
  EXPECT_EQ((*runs)[1].anomalous, (std::vector<int>{0, 1}));
}

TEST_F(ReadersTest, HydraulicFilesMustHaveAsManyCycles) {
  Write("profile.txt", "3\t100\t0\t130\t1\n20\t100\t0\t130\t0\n3\t100\t0\t130\t0\n");
  for (const char* sensor : kHydraulicSensors)
    Write(std::string(sensor) + ".txt", "1 2\n3 4\n5 6\n");
  const auto cycles = ReadHydraulic(folder_);
  ASSERT_TRUE(cycles) << cycles.error().what;
  EXPECT_EQ(cycles->combination, (std::vector<int>{0, 1, 0}));
  EXPECT_EQ(cycles->settled, (std::vector<bool>{false, true, true}));
  Write("SE.txt", "1 2\n");
  EXPECT_NE(ReadHydraulic(folder_).error().what.find("SE.txt: 1 cycles"), std::string::npos);
}

TEST_F(ReadersTest, CmapssEnginesAndWhatTheyHadLeft) {
  const auto row = [](int unit, int cycle, const std::string& last) {
    std::string out = std::to_string(unit) + " " + std::to_string(cycle);
    for (size_t c = 1; c < kCmapssWidth; ++c) out += " 1.5";
    return out + " " + last + "  \n";
  };
  Write("test_FD001.txt", row(1, 1, "7") + row(1, 2, "8") + row(2, 1, "9"));
  Write("RUL_FD001.txt", "112\n98\n");
  const auto engines = ReadCmapssTest(folder_, "FD001");
  ASSERT_TRUE(engines) << engines.error().what;
  ASSERT_EQ(engines->size(), 2U);
  EXPECT_EQ((*engines)[0].cycles(), 2U);
  EXPECT_EQ((*engines)[0].values.back(), 8);
  EXPECT_EQ((*engines)[1].left, 98);
  Write("RUL_FD001.txt", "112\n");
  EXPECT_NE(ReadCmapssTest(folder_, "FD001").error().what.find("RUL_FD001.txt: 1 rows where"),
            std::string::npos);
  EXPECT_EQ(ReadCmapssTrain(folder_, "FD001").error().code, Errc::kNotFound);
  Write("train_FD001.txt", row(1, 1, "7") + row(1, 3, "8"));
  EXPECT_NE(ReadCmapssTrain(folder_, "FD001").error().what.find("train_FD001.txt: row 2: this is"),
            std::string::npos);
  Write("train_FD001.txt", row(1, 1, "nan"));
  EXPECT_NE(ReadCmapssTrain(folder_, "FD001").error().what.find("row 1: a value is absent"),
            std::string::npos);
}

TEST_F(ReadersTest, StudiesSayWhichFolderIsMissing) {
  const StudyOptions options{.data = folder_};
  const trainer::Learner none;
  const Say quiet;
  for (const Study& study : AllStudies()) {
    if (std::string(study.name) == "bearing") continue;  // simulates what it learns from
    const auto outcome = study.run({.options = options, .learner = none, .say = quiet});
    ASSERT_FALSE(outcome) << study.name;
    EXPECT_EQ(outcome.error().code, Errc::kNotFound) << study.name;
    EXPECT_NE(outcome.error().what.find("is not at"), std::string::npos) << study.name;
  }
}

// What a study of the robot's arm says of a folder, with a learner that is never asked.
class RobotFolderTest : public ReadersTest {
 protected:
  std::string Fault(const std::string& train, const std::string& test = "") {
    fs::remove_all(folder_);
    StudyOptions options{.train = Write("train/lp1.data.txt", train).parent_path()};
    if (!test.empty()) options.test = Write("test/lp4.data", test).parent_path();
    const trainer::Learner learner = [](const auto&, const auto&, const auto&, const auto&) {
      return Result<trainer::Learned>(Fail(Errc::kInternal, "the learner was asked"));
    };
    const auto outcome = StudyRobot({.options = options, .learner = learner, .say = {}});
    return outcome ? "" : outcome.error().what;
  }
  static std::string Instances(const std::string& name, int count, int rows = 15) {
    std::string out;
    for (int i = 0; i < count; ++i) {
      out += name + "\n";
      for (int r = 0; r < rows; ++r) out += "\t1\t-2\t3\t4\t5\t" + std::to_string(r * i) + "\n";
      out += "\n\n";
    }
    return out;
  }
};

TEST_F(RobotFolderTest, FaultsNameFileAndLine) {
  EXPECT_NE(Fault(Instances("normal", 1, 14)).find("the last instance has 14 rows"),
            std::string::npos);
  EXPECT_NE(Fault("normal\n\t1\t2\n").find("lp1.data.txt:2: wanted a class"), std::string::npos);
  EXPECT_NE(Fault("\t1\t2\t3\t4\t5\t6\n").find("belongs to no instance"), std::string::npos);
  EXPECT_NE(Fault("normal\n\t1\t2\t3\t4\t5\tx\n").find("\"x\" is no number"), std::string::npos);
}

TEST_F(RobotFolderTest, AnotherTaskMustShareTwoClasses) {
  const std::string train = Instances("normal", 9) + Instances("collision", 9);
  EXPECT_NE(
      Fault(train, Instances("normal", 3) + Instances("lost", 3)).find("fewer than two classes"),
      std::string::npos);
  EXPECT_EQ(Fault(train), "the learner was asked");
}

// Two classes that the second column tells apart, from the second step on.
Table TwoSteps(uint32_t seed, int n) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise;
  Table t{.columns = 2};
  for (int i = 0; i < n; ++i) {
    t.labels.push_back(i % 2);
    t.values.push_back(noise(random));
    t.values.push_back(static_cast<float>(i % 2) * 6 + noise(random));
  }
  return t;
}

TEST(Projection, AStepSeesWhatIsThereByThen) {
  const StepColumns columns{.steps = 2, .step_of = {0, 1}};
  const Table train = TwoSteps(1, 200), test = TwoSteps(2, 200);
  const auto projection = Projection::Learn(train, columns, 2, 1e-3);
  ASSERT_TRUE(projection);
  const std::vector<float> steps = projection->Steps(test);
  std::array<int, 2> right{};
  for (size_t i = 0; i < test.size(); ++i)
    for (size_t s = 0; s < 2; ++s) {
      const float* at = steps.data() + (i * 2 + s) * 2;
      right[s] += (at[1] > at[0] ? 1 : 0) == test.labels[i] ? 1 : 0;
    }
  EXPECT_LT(right[0], 130);
  EXPECT_GT(right[1], 190);
}

TEST(Projection, CrossFittedScoresAreNotThoseOfRowsThatWereSeen) {
  // Labels that mean nothing: seen rows would be told apart, unseen ones are not.
  std::mt19937 random(3);
  Table t{.columns = 60};
  std::vector<int> groups;
  for (int i = 0; i < 120; ++i) {
    t.labels.push_back(static_cast<int>(random() % 2));
    groups.push_back(i);
    for (int c = 0; c < 60; ++c) t.values.push_back(static_cast<float>(random() % 1000));
  }
  const StepColumns columns{.steps = 1, .step_of = std::vector<int>(60)};
  const auto count = [&](const std::vector<float>& scores) {
    int right = 0;
    for (size_t i = 0; i < t.size(); ++i)
      right += (scores[2 * i + 1] > scores[2 * i] ? 1 : 0) == t.labels[i] ? 1 : 0;
    return right;
  };
  const auto seen = Projection::Learn(t, columns, 2, 1e-6);
  const auto crossed = CrossFitSteps(t, groups, columns, 2, 1e-6, 6, 1);
  ASSERT_TRUE(seen && crossed);
  EXPECT_GT(count(seen->Steps(t)), 85);
  EXPECT_LT(count(*crossed), 80);
}

TEST(Posteriors, LieBetweenMinusTwoAndTwo) {
  std::vector<float> scores{5, -5, -30, 30};
  const std::vector<int> labels{0, 1};
  Posteriors::Learn(scores, labels, 1, 2).Apply(scores);
  EXPECT_GT(scores[0], 1.5F);
  EXPECT_NEAR(scores[0] + scores[1], 0, 1e-5);
  EXPECT_NEAR(scores[3], 2, 1e-3);
}

}  // namespace
}  // namespace millwright::evaluation
