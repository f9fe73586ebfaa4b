// From the MQTT callback to the decision that is handed to MQTT nothing is allocated: the two
// threads of that path, run by hand around a client that only counts.
#include <gtest/gtest.h>

#include "agent/decider.h"
#include "agent/local_link.h"
#include "agent/memory.h"
#include "agent/testing/plant.h"
#include "core/testing/counting_new.h"

namespace millwright::agent {
namespace {

// Hands over what the test gives it and takes every publish.
class StubClient : public mqtt::Client {
 public:
  [[nodiscard]] Result<void> Start(mqtt::Listener& listener) override {
    listener_ = &listener;
    listener.OnConnected(false);
    return {};
  }
  void Poll(Nanos) override {
    for (const auto& [topic, payload] : waiting)
      listener_->OnMessage({topic, os::AsBytes(payload), 2, false});
  }
  void Wake() override {}
  [[nodiscard]] Result<int> Publish(std::string_view, std::span<const std::byte> payload, int,
                                    bool) override {
    ++published;
    bytes += payload.size();
    return published;
  }
  [[nodiscard]] Result<void> Subscribe(std::string_view, int) override { return {}; }
  [[nodiscard]] bool connected() const override { return true; }
  [[nodiscard]] size_t unacked() const override { return 0; }
  void Stop() override {}

  std::vector<std::pair<std::string, std::string>> waiting;
  int published = 0;
  size_t bytes = 0;

 private:
  mqtt::Listener* listener_ = nullptr;
};

class SamplePathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteHonestBundle(files_, folder_.path() + "/bundle"));
    auto settings = ReadSettings(testing::ConfigText(folder_.path(), 1), "agent.toml");
    ASSERT_TRUE(settings) << settings.error().what;
    auto plan = MakePlan(std::move(*settings), files_);
    ASSERT_TRUE(plan) << plan.error().what;
    plan_ = std::move(*plan);
    const std::vector<Restored> fresh(1);
    auto crew = MakeCrew(plan_, fresh);
    ASSERT_TRUE(crew) << crew.error().what;
    inbox_ = std::make_unique<Inbox>(256, size_t{1} << 18);
    outlets_ = std::make_unique<Outlets>(*plan_);
    decider_ = std::make_unique<Decider>(std::move(*crew), fresh, *inbox_, *outlets_, exchange_,
                                         clock_, [this] { link_->Wake(); });
    link_ = std::make_unique<LocalLink>(
        *plan_, *inbox_, *outlets_, decider_->counts(), phase_, bell_,
        [this](const mqtt::Options&) {
          auto made = std::make_unique<StubClient>();
          client_ = made.get();
          return made;
        },
        clock_, "test");
    ASSERT_TRUE(link_->Start());
  }

  // 200 ms: what the sensors say reaches the callback, the decision reaches the client. How much
  // was allocated on that way. The recorder's side is emptied outside of it.
  int Step(bool temperature = true, bool stuck = false) {
    sensors_.Fill(client_->waiting, temperature, stuck);
    clock_.Advance(200 * kMillisecond);
    millwright::testing::g_allocations = 0;
    millwright::testing::g_counting = true;
    link_->Work(0);
    while (decider_->Work(64)) {
    }
    decider_->Tick();
    link_->Work(0);
    millwright::testing::g_counting = false;
    client_->waiting.clear();
    while (outlets_->records.BeginPop() != nullptr) outlets_->records.CommitPop();
    while (outlets_->alerts.BeginPop() != nullptr) outlets_->alerts.CommitPop();
    while (outlets_->waveforms.BeginPop() != nullptr) outlets_->waveforms.CommitPop();
    return millwright::testing::g_allocations;
  }
  [[nodiscard]] uint64_t decisions() const { return decider_->counts().decisions.load(); }

  testing::TemporaryFolder folder_;
  os::RealFiles files_;
  os::FakeClock clock_;
  mqtt::FakeBroker unused_;
  testing::Sensors sensors_{unused_, "P-1", clock_.Utc()};
  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<Outlets> outlets_;
  Exchange exchange_;
  std::atomic<slots::Phase> phase_{slots::Phase::kIdle};
  Doorbell bell_;
  std::unique_ptr<Decider> decider_;
  StubClient* client_ = nullptr;  // the link's
  std::unique_ptr<LocalLink> link_;
};

TEST_F(SamplePathTest, AllocatesNothingFromCallbackToDecision) {
  int commissioning = 0;
  for (int i = 0; i < 50; ++i) commissioning += Step();
  EXPECT_GT(commissioning, 0);  // its end makes the baseline, and shows that we count
  const uint64_t decided = decisions();
  const int published = client_->published;
  int allocations = 0;
  for (int i = 0; i < 300; ++i) allocations += Step();  // a minute: spectra come due on the way
  EXPECT_EQ(allocations, 0);
  EXPECT_EQ(decisions() - decided, 300U);
  EXPECT_GE(client_->published - published, 300);
}

TEST_F(SamplePathTest, NorWhereDataIsMissingOrStuck) {
  for (int i = 0; i < 50; ++i) (void)Step();
  const int published = client_->published;
  int allocations = 0;
  for (int i = 0; i < 60; ++i) allocations += Step(false);  // unknown, with the channel's name
  for (int i = 0; i < 60; ++i) allocations += Step(true);   // a gap is declared, the window refills
  for (int i = 0; i < 60; ++i) allocations += Step(true, true);
  EXPECT_EQ(allocations, 0);
  EXPECT_GE(client_->published - published, 150);
}

TEST_F(SamplePathTest, NorWhileAnotherModelWatchesNorWhenTheyChangePlaces) {
  for (int i = 0; i < 50; ++i) (void)Step();
  std::vector<Restored> restored(1);
  restored[0].baseline = dsp::Standardizer({1, 3, 40}, {0.1F, 0.5F, 2});
  auto crew = MakeCrew(plan_, restored);
  ASSERT_TRUE(crew);
  const auto order = [&](Order::Kind kind, std::unique_ptr<Crew> with = nullptr) {
    ASSERT_TRUE(exchange_.orders.TryPush({.kind = kind, .crew = std::move(with)}));
  };
  order(Order::Kind::kWatch, std::move(*crew));
  int allocations = 0;
  for (int i = 0; i < 40; ++i) allocations += Step();
  EXPECT_TRUE(exchange_.warm.load());
  EXPECT_GT(exchange_.pairs_made.load(), 5U);
  const uint64_t decided = decisions();
  for (int swap = 0; swap < 20; ++swap) {
    order(Order::Kind::kSwap);
    for (int i = 0; i < 7; ++i) allocations += Step();
    const auto answer = exchange_.answers.TryPop();
    EXPECT_TRUE(answer && (swap == 0 || answer->done));
    while (exchange_.pairs.TryPop()) {
    }
  }
  EXPECT_EQ(allocations, 0);
  EXPECT_EQ(decisions() - decided, 140U);
  EXPECT_EQ(decider_->counts().swaps.load(), 20U);
}

}  // namespace
}  // namespace millwright::agent
