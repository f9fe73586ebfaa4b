#include "evaluation/honesty.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "evaluation/read_tep.h"
#include "evaluation/studies.h"

namespace millwright::evaluation {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("mw-honesty-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }
  void Write(const std::string& name, size_t rows, size_t columns) const {
    std::ofstream out(path_ / name);
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) out << ' ' << r << '.' << c;
      out << '\n';
    }
  }

 private:
  fs::path path_;
};

TEST(AtLeastByChance, IsTheBinomialTail) {
  EXPECT_NEAR(AtLeastByChance(0, 12), 1, 1e-12);
  EXPECT_NEAR(AtLeastByChance(12, 12), 1 / 4096.0, 1e-12);
  EXPECT_NEAR(AtLeastByChance(10, 12), 79 / 4096.0, 1e-12);
}

TEST(ReadTep, ReadsRunsAsTheyAreAndTransposed) {
  const Folder folder;
  folder.Write("d00.dat", kTepVariables, 60);
  folder.Write("d04.dat", 48, kTepVariables);
  folder.Write("d04_te.dat", 200, kTepVariables);
  const auto runs = ReadTep(folder.path());
  ASSERT_TRUE(runs) << runs.error().what;
  ASSERT_EQ(runs->size(), 3U);
  EXPECT_EQ((*runs)[0].rows.rows(), 60U);
  EXPECT_NEAR((*runs)[0].rows.At(59, 3), 3.59F, 1e-4);
  EXPECT_EQ((*runs)[1].onset, 0U);
  EXPECT_EQ((*runs)[2].state, 4);
  EXPECT_EQ((*runs)[2].onset, kTepOnset);
}

TEST(ReadTep, NamesWhatIsNoRun) {
  const Folder folder;
  const auto none = ReadTep(folder.path());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::kNotFound);
  folder.Write("d02.dat", 10, 7);
  const auto narrow = ReadTep(folder.path());
  ASSERT_FALSE(narrow);
  EXPECT_NE(narrow.error().what.find("d02.dat: 7 columns"), std::string::npos);
}

TEST(StudyHonesty, TakesNoOtherFolder) {
  const StudyOptions options{.train = "/"};
  const trainer::Learner learner;
  const Say say;
  const StudyContext context{.options = options, .learner = learner, .say = say};
  const auto outcome = StudyHonesty(context);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::kInvalid);
}

// A learner that learns nothing: class 0 whatever it sees.
Result<trainer::Learned> LearnNothing(const trainer::WindowSet&, const trainer::WindowSet&,
                                      const trainer::LearnOptions& o,
                                      const std::function<void(const trainer::Progress&)>&) {
  const auto units = static_cast<size_t>(o.units), inputs = static_cast<size_t>(o.features);
  trainer::LstmLayer layer{.inputs = o.features, .units = o.units};
  for (size_t g = 0; g < model::kGates; ++g) {
    layer.input_weights[g].assign(units * inputs, 0.01F);
    layer.recurrent_weights[g].assign(units * units, 0.01F);
    layer.biases[g].assign(units, 0);
  }
  trainer::Learned out;
  out.net = {.steps = o.steps, .features = o.features, .classes = o.classes};
  out.net.layers.push_back(std::move(layer));
  out.net.dense_weights.assign(static_cast<size_t>(o.classes) * units, 0.01F);
  out.net.dense_biases = {2, -2};
  return out;
}

// One folder of series without an anomaly, one with: here the same flat series.
void WriteSeries(const Folder& folder) {
  for (const char* kind : {"artificialNoAnomaly", "artificialWithAnomaly"}) {
    fs::create_directories(folder.path() / "nab" / kind);
    std::ofstream out(folder.path() / "nab" / kind / "flat.csv");
    out << "timestamp,value\n";
    for (int i = 0; i < 3000; ++i) out << "t," << 40 + i % 7 << "\n";
  }
}

// A net that gives made departures no more than healthy windows alarms: the study must tell.
TEST(JudgeSilence, FailsWhereNothingIsLearned) {
  const Folder folder;
  WriteSeries(folder);
  const StudyOptions options{.data = folder.path(), .seeds = 1};
  const trainer::Learner learner = LearnNothing;
  const Say say;
  Outcome outcome;
  const auto judged = JudgeSilence({.options = options, .learner = learner, .say = say}, outcome);
  ASSERT_TRUE(judged) << judged.error().what;
  EXPECT_EQ(outcome.Number("honesty_nab_alarms"), 1);
  EXPECT_FALSE(outcome.ok());
}

TEST(Judges, NameWhatIsMissing) {
  const Folder folder;
  fs::create_directories(folder.path() / "cnc_mill");
  fs::create_directories(folder.path() / "gearbox_gfd");
  const StudyOptions options{.data = folder.path()};
  const trainer::Learner learner = LearnNothing;
  const Say say;
  const StudyContext context{.options = options, .learner = learner, .say = say};
  Outcome outcome;
  const auto mill = JudgeMill(context, outcome);
  ASSERT_FALSE(mill);
  EXPECT_NE(mill.error().what.find("cnc_mill"), std::string::npos);
  const auto gearbox = JudgeGearbox(context, outcome);
  ASSERT_FALSE(gearbox);
  EXPECT_NE(gearbox.error().what.find("h30hz0.csv"), std::string::npos);
  EXPECT_FALSE(JudgeSilence(context, outcome));
}

}  // namespace
}  // namespace millwright::evaluation
