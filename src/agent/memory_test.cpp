#include "agent/memory.h"

#include <gtest/gtest.h>

#include "agent/testing/plant.h"

namespace millwright::agent {
namespace {

class MemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    plan_ = testing::MakeTestPlan(files_, folder_.path(), 2);
    ASSERT_TRUE(files_.MakeFolders(plan_->settings.state_folder));
  }
  [[nodiscard]] std::string BaselinePath() const {
    return plan_->settings.state_folder + "/baselines/P-1." + plan_->schema_hash.substr(0, 12) +
           ".json";
  }
  [[nodiscard]] const AssetSettings& asset() const { return *plan_->assets[0].settings; }
  [[nodiscard]] std::unique_ptr<outbox::Outbox> OpenOutbox() {
    auto opened = outbox::Outbox::Open(plan_->settings.state_folder + "/outbox.db", {}, clock_);
    EXPECT_TRUE(opened) << opened.error().what;
    return std::move(*opened);
  }
  static Baseline Learned() {
    return {.standardizer = dsp::Standardizer({1, 2, 3}, {0.5F, 0.25F, 2}),
            .learned_at = 77 * kSecond,
            .amplitudes = {{"BPFO", 0.5F}}};
  }
  static std::vector<WindowState> Windows() {
    return {{.step_end = 5 * kSecond, .filled = 2, .window = {1, -2, 3}, .history = {0.25F, 0.75F}},
            {.step_end = 6 * kSecond, .filled = 0, .window = {}, .history = {}}};
  }
  // Whether nothing at all was taken from these bytes.
  [[nodiscard]] bool Empty(std::string_view bytes) const {
    const auto decoded = DecodeWindows(*plan_, os::AsBytes(bytes));
    EXPECT_EQ(decoded.size(), plan_->assets.size());
    return std::all_of(decoded.begin(), decoded.end(), [](const WindowState& w) {
      return w.step_end == 0 && w.filled == 0 && w.window.empty() && w.history.empty();
    });
  }

  testing::TemporaryFolder folder_;
  os::RealFiles files_;
  os::FakeClock clock_;
  std::shared_ptr<const Plan> plan_;
};

TEST_F(MemoryTest, ABaselineComesBackAsItWasLearned) {
  EXPECT_FALSE(LoadBaseline(*plan_, 0, files_));
  ASSERT_TRUE(SaveBaseline(*plan_, 0, Learned(), files_));
  const auto back = LoadBaseline(*plan_, 0, files_);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->standardizer.mean(), Learned().standardizer.mean());
  EXPECT_EQ(back->standardizer.deviation(), Learned().standardizer.deviation());
  EXPECT_EQ(back->learned_at, Learned().learned_at);
  EXPECT_EQ(back->amplitudes, Learned().amplitudes);
  EXPECT_FALSE(LoadBaseline(*plan_, 1, files_)) << "it is one machine's own";
}

TEST_F(MemoryTest, ABaselineThatCannotBeTrustedIsLearnedAnew) {
  ASSERT_TRUE(SaveBaseline(*plan_, 0, Learned(), files_));
  const std::string good{os::AsText(*files_.Read(BaselinePath(), 1 << 20))};
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
  };
  for (const std::string& text :
       {std::string(), good.substr(0, good.size() / 2), std::string("[1, 2]"),
        with("\"format\": 1", "\"format\": 2"), with("\"format\": 1", "\"format\": \"1\""),
        with(plan_->schema_hash, std::string(64, '0')), with("0.25", "0.0"), with("0.25", "-1"),
        with("0.25", "1e300"), with("0.25,", ""), with("0.25", "\"x\"")}) {
    ASSERT_TRUE(files_.WriteFast(BaselinePath(), os::AsBytes(text)));
    EXPECT_FALSE(LoadBaseline(*plan_, 0, files_)) << text;
  }
}

TEST_F(MemoryTest, WindowsComeBackOrNotAtAll) {
  const std::string bytes = EncodeWindows(*plan_, Windows());
  const auto back = DecodeWindows(*plan_, os::AsBytes(bytes));
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[0].step_end, 5 * kSecond);
  EXPECT_EQ(back[0].filled, 2);
  EXPECT_EQ(back[0].window, Windows()[0].window);
  EXPECT_EQ(back[0].history, Windows()[0].history);
  EXPECT_EQ(back[1].step_end, 6 * kSecond);
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_TRUE(Empty(std::string_view(bytes).substr(0, length))) << length;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string broken = bytes;
    broken[i] = static_cast<char>(broken[i] ^ 0x10);
    EXPECT_TRUE(Empty(broken)) << i;
  }
}

TEST_F(MemoryTest, WindowsOfOtherMachinesAreNotUsed) {
  const auto other = testing::MakeTestPlan(files_, folder_.path(), 1);
  EXPECT_TRUE(Empty(EncodeWindows(*other, std::vector(1, Windows()[0]))));
}

TEST_F(MemoryTest, PositionsFollowTheChannelsName) {
  const std::vector<Restored::Position> written = {{0, 10 * kSecond, 50}, {1, 0, 0}};
  const std::string text = EncodePositions(asset(), written);
  EXPECT_EQ(text, "vib 10000000000 50\n") << "what nothing was heard of is left out";
  AssetSettings turned = asset();
  std::swap(turned.channels[0], turned.channels[1]);
  const auto read = DecodePositions(turned, text + "gone 5 5\nbroken");
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].channel, 1U);
  EXPECT_EQ(read[0].last, 10 * kSecond);
  EXPECT_EQ(read[0].last_seq, 50U);
}

TEST_F(MemoryTest, AnOpenAlarmKeepsItsKey) {
  const auto back = DecodeAlarm(EncodeAlarm({"P-1-77", model::Level::kWarning}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->key, "P-1-77");
  EXPECT_EQ(back->level, model::Level::kWarning);
  EXPECT_EQ(EncodeAlarm({}), "");
  for (const char* text : {"", "2", "2 ", "0 key", "4 key", "x key"})
    EXPECT_FALSE(DecodeAlarm(text)) << text;
}

TEST_F(MemoryTest, RemembersWhatFilesAndOutboxHold) {
  const auto outbox = OpenOutbox();
  ASSERT_TRUE(SaveBaseline(*plan_, 0, Learned(), files_));
  ASSERT_TRUE(files_.WriteFast(WindowsPath(*plan_), os::AsBytes(EncodeWindows(*plan_, Windows()))));
  ASSERT_TRUE(outbox->PutMark(CoverageKey(asset()), "vib 10000000000 50\n"));
  ASSERT_TRUE(outbox->PutMark(AlarmKey(asset()), "3 P-1-77"));
  const auto memory = Remember(*plan_, files_, *outbox);
  ASSERT_TRUE(memory) << memory.error().what;
  EXPECT_TRUE(memory->machines[0].baseline);
  EXPECT_EQ(memory->machines[0].window, Windows()[0].window);
  EXPECT_EQ(memory->machines[0].covered.size(), 1U);
  EXPECT_EQ(memory->machines[0].level, model::Level::kAct);
  EXPECT_EQ(memory->alarms[0].key, "P-1-77");
  EXPECT_EQ(memory->amplitudes[0], Learned().amplitudes);
  EXPECT_FALSE(memory->machines[1].baseline);
  EXPECT_EQ(memory->alarms[1].level, model::Level::kNone);
}

TEST_F(MemoryTest, AFirstRunRemembersNothing) {
  const auto outbox = OpenOutbox();
  const auto memory = Remember(*plan_, files_, *outbox);
  ASSERT_TRUE(memory) << memory.error().what;
  for (const Restored& machine : memory->machines) {
    EXPECT_FALSE(machine.baseline);
    EXPECT_TRUE(machine.window.empty());
    EXPECT_TRUE(machine.covered.empty());
    EXPECT_EQ(machine.level, model::Level::kNone);
  }
}

}  // namespace
}  // namespace millwright::agent
