#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hub/retrain/loop.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub::retrain {
namespace {

constexpr Figures kBetter = {.live = 0.10,
                             .candidate = 0.05,
                             .t2 = 0.2,
                             .rms = 0.3,
                             .always = 0.5,
                             .runs = 4,
                             .runs_better = 3,
                             .runs_worse = 1,
                             .events = 4};

TEST(JudgementTest, OnlyWhatBeatsTheLiveModelAndTheSimpleMethodsIsPromoted) {
  EXPECT_TRUE(Judge(kBetter).promote);
  const auto refused = [](auto change) {
    Figures figures = kBetter;
    change(figures);
    const Judgement judged = Judge(figures);
    EXPECT_FALSE(judged.words.empty());
    return !judged.promote;
  };
  EXPECT_TRUE(refused([](Figures& f) { f.candidate = f.live; }));
  EXPECT_TRUE(refused([](Figures& f) { f.candidate = 0.4; }));
  EXPECT_TRUE(refused([](Figures& f) { f.t2 = 0.05; }));
  EXPECT_TRUE(refused([](Figures& f) { f.rms = 0.01; }));
  EXPECT_TRUE(refused([](Figures& f) { f.always = 0.04; }));
  EXPECT_TRUE(refused([](Figures& f) { f.runs_worse = 4; }));
  EXPECT_TRUE(refused([](Figures& f) { f.events = 0; }));
}

TEST(JudgementTest, FiguresThatAreMissingOrImpossibleAreNone) {
  nlohmann::json good = {{"live_error", 0.1}, {"candidate_error", 0.05}, {"t2_error", 0.2},
                         {"rms_error", 0.3},  {"always_error", 0.5},     {"runs", 4u},
                         {"runs_better", 3u}, {"runs_worse", 1u},        {"events_total", 4u}};
  EXPECT_TRUE(ReadFigures(good.dump()));
  for (const auto& [key, value] : good.items()) {
    nlohmann::json without = good;
    without.erase(key);
    EXPECT_FALSE(ReadFigures(without.dump())) << key;
  }
  good["live_error"] = 1.5;
  EXPECT_FALSE(ReadFigures(good.dump()));
  EXPECT_FALSE(ReadFigures("not json"));
}

class RetrainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = store::Database::Open(folder_.File("hub.db"));
    ASSERT_TRUE(database);
    ASSERT_TRUE(store::Migrate(**database));
    retrains_ = std::make_unique<Retrains>(std::move(*database), clock_);
    std::filesystem::create_directories(folder_.File("live"));
    std::ofstream(folder_.File("live/manifest.json")) << "{}";
    options_.folder = folder_.File("jobs");
    options_.live = folder_.File("live");
    options_.freeze = Shell("mkdir {data}; echo rows > {data}/run.csv");
    options_.train = Shell("mkdir {out}; echo {job} > {out}/manifest.json; echo trained {live}");
    options_.compare = Compare(0.05);
    options_.release = Shell("touch {folder}/released");
    options_.approval = false;
    options_.step_max = kSecond * 60;
    options_.code_version = "1";
  }
  static Template Shell(const std::string& line) { return {"/bin/sh", "-c", line}; }
  static Template Compare(double error) {
    return Shell(R"(echo '{"live_error":0.1,"candidate_error":)" + std::to_string(error) +
                 R"(,"t2_error":0.2,"rms_error":0.2,"always_error":0.5,"runs":2,)"
                 R"("runs_better":2,"runs_worse":0,"events_total":2}' > {report})");
  }
  std::unique_ptr<Loop> MakeLoop() {
    return std::make_unique<Loop>(
        *retrains_, clock_, options_, [this](const std::string& bundle) -> Result<std::string> {
          const auto job = retrains_->Next();
          if (!std::filesystem::exists(options_.folder + "/" + (*job)->id + "/released"))
            return Fail(Errc::kNotFound, "no release of " + bundle);
          promoted_.push_back(bundle);
          return "r-1";
        });
  }
  Retrain Ask() {
    const auto job = retrains_->Ask(kCausePerson, "ana", "monthly");
    EXPECT_TRUE(job);
    return *job;
  }
  // Until the job is in that state, or over.
  Retrain RunUntil(Loop& loop, const std::string& id, State state) {
    for (int i = 0; i < 4000; ++i) {
      EXPECT_TRUE(loop.Step());
      const auto job = retrains_->Find(id);
      if (job->state == state || IsOver(job->state)) return *job;
      os::RealClock().SleepFor(2 * kMillisecond);
    }
    return *retrains_->Find(id);
  }

  store::TestFolder folder_;
  os::FakeClock clock_;
  std::unique_ptr<Retrains> retrains_;
  Options options_;
  std::vector<std::string> promoted_;
};

TEST_F(RetrainTest, ABetterModelIsPromotedWithItsLineage) {
  const auto loop = MakeLoop();
  const Retrain job = RunUntil(*loop, Ask().id, State::kPromoted);
  ASSERT_EQ(job.state, State::kPromoted) << job.words;
  EXPECT_EQ(promoted_, std::vector<std::string>{job.bundle});
  EXPECT_EQ(job.rollout, "r-1");
  EXPECT_EQ(job.code_version, "1");
  EXPECT_EQ(job.data_sha256, *HashOfFolder(options_.folder + "/" + job.id + "/data"));
  EXPECT_EQ(job.parent.size(), 64U);
  EXPECT_TRUE(ReadFigures(job.figures));
  EXPECT_NE(TailOfLog(LogOf(options_, job.id), 1000).find("trained"), std::string::npos);
  const Retrain next = RunUntil(*loop, Ask().id, State::kPromoted);
  EXPECT_EQ(next.parent, job.bundle);
}

TEST_F(RetrainTest, AWorseModelIsNotPromotedAndSaysWhy) {
  options_.compare = Compare(0.3);
  const auto loop = MakeLoop();
  const Retrain job = RunUntil(*loop, Ask().id, State::kRefused);
  EXPECT_EQ(job.state, State::kRefused);
  EXPECT_NE(job.words.find("does not beat the live model"), std::string::npos) << job.words;
  EXPECT_TRUE(promoted_.empty());
}

TEST_F(RetrainTest, APersonLetsItOutWhereThatIsAsked) {
  options_.approval = true;
  const auto loop = MakeLoop();
  const Retrain job = RunUntil(*loop, Ask().id, State::kWaiting);
  ASSERT_EQ(job.state, State::kWaiting) << job.words;
  EXPECT_TRUE(loop->Step());
  EXPECT_TRUE(promoted_.empty());
  ASSERT_TRUE(retrains_->Approve(job.id, "ana"));
  EXPECT_FALSE(retrains_->Approve(job.id, "ana"));
  const Retrain done = RunUntil(*loop, job.id, State::kPromoted);
  EXPECT_EQ(done.state, State::kPromoted) << done.words;
  EXPECT_EQ(done.approved_by, "ana");
}

TEST_F(RetrainTest, WhatWasComparedWithAnotherLiveModelIsNotLetOut) {
  options_.approval = true;
  const auto loop = MakeLoop();
  const Retrain job = RunUntil(*loop, Ask().id, State::kWaiting);
  std::ofstream(folder_.File("live/manifest.json")) << "another";
  ASSERT_TRUE(retrains_->Approve(job.id, "ana"));
  EXPECT_EQ(RunUntil(*loop, job.id, State::kPromoted).state, State::kFailed);
  EXPECT_TRUE(promoted_.empty());
}

TEST_F(RetrainTest, ACommandThatFailsOrHangsEndsTheJob) {
  options_.train = Shell("echo no memory; exit 3");
  Retrain job = RunUntil(*MakeLoop(), Ask().id, State::kFailed);
  EXPECT_NE(job.words.find("training ended with status 3"), std::string::npos) << job.words;
  options_.train = Shell("sleep 600");
  const auto loop = MakeLoop();
  const std::string id = Ask().id;
  RunUntil(*loop, id, State::kTraining);
  EXPECT_TRUE(loop->Step());
  clock_.Advance(61 * kSecond);
  job = RunUntil(*loop, id, State::kFailed);
  EXPECT_NE(job.words.find("took too long"), std::string::npos) << job.words;
}

TEST_F(RetrainTest, ACancelledJobIsStoppedAndTheNextGoesOn) {
  options_.freeze = Shell("test -e {folder}/../go || sleep 600; mkdir {data}; echo 1 > {data}/x");
  const auto loop = MakeLoop();
  const std::string first = Ask().id, second = Ask().id;
  RunUntil(*loop, first, State::kFreezing);
  EXPECT_EQ(retrains_->Find(second)->state, State::kQueued);
  ASSERT_TRUE(retrains_->Cancel(first, "ana"));
  EXPECT_EQ(RunUntil(*loop, first, State::kCancelled).state, State::kCancelled);
  EXPECT_FALSE(retrains_->Cancel(first, "ana"));
  std::ofstream(options_.folder + "/go") << "1";
  EXPECT_EQ(RunUntil(*loop, second, State::kPromoted).state, State::kPromoted);
}

TEST_F(RetrainTest, AHubThatWasKilledBeginsTheStepAnewAndNotForEver) {
  options_.train = Shell("echo x > {out}.begun; sleep 600");
  const std::string id = Ask().id;
  RunUntil(*MakeLoop(), id, State::kTraining);
  for (int kills = 0; kills < Loop::kAttemptsMax; ++kills) EXPECT_TRUE(MakeLoop()->Step());
  EXPECT_EQ(retrains_->Find(id)->state, State::kTraining);
  EXPECT_TRUE(MakeLoop()->Step());
  EXPECT_EQ(retrains_->Find(id)->state, State::kFailed);
}

TEST_F(RetrainTest, DataThatChangedAfterTheyWereFrozenAreRefused) {
  options_.train = Shell("mkdir {out}; echo 1 > {out}/manifest.json; echo more >> {data}/run.csv");
  const Retrain job = RunUntil(*MakeLoop(), Ask().id, State::kFailed);
  EXPECT_NE(job.words.find("frozen data set has changed"), std::string::npos) << job.words;
}

TEST_F(RetrainTest, ItStartsByScheduleAndTheQueueHasALimit) {
  options_.every = 30 * 86'400 * kSecond;
  const auto loop = MakeLoop();
  EXPECT_TRUE(loop->Step());
  const auto job = retrains_->Next();
  ASSERT_TRUE(job && *job);
  EXPECT_EQ((*job)->cause, kCauseSchedule);
  EXPECT_TRUE(loop->Step());
  for (int64_t i = 1; i < Retrains::kOpenMax; ++i) Ask();
  const auto refused = retrains_->Ask(kCausePerson, "ana", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kExhausted);
}

TEST(ProgramTest, ALogKeepsTheNewestAndItsLimit) {
  const store::TestFolder folder;
  const std::string log = folder.File("log");
  const auto program = Program::Start(
      {.words = {"/bin/sh", "-c", "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done"},
       .log = log,
       .log_bytes_max = 8192});
  ASSERT_TRUE(program);
  std::optional<int> status;
  while (!(status = (*program)->Poll())) os::RealClock().SleepFor(kMillisecond);
  EXPECT_EQ(*status, 0);
  EXPECT_LE(std::filesystem::file_size(log) + std::filesystem::file_size(log + ".1"), 8192U);
  EXPECT_TRUE(TailOfLog(log, 100).ends_with("line 2999\n"));
}

TEST(ProgramTest, OneThatDoesNotExistEndsWithWordsInTheLog) {
  const store::TestFolder folder;
  const auto program = Program::Start({.words = {"/no/such/program"}, .log = folder.File("log")});
  ASSERT_TRUE(program);
  std::optional<int> status;
  while (!(status = (*program)->Poll())) os::RealClock().SleepFor(kMillisecond);
  EXPECT_EQ(*status, 127);
  EXPECT_NE(TailOfLog(folder.File("log"), 1000).find("No such file"), std::string::npos);
  EXPECT_FALSE(Program::Start({}));
}

}  // namespace
}  // namespace millwright::hub::retrain
