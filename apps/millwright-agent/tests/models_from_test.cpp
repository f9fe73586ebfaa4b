// Models out of a folder, as a Greengrass component leaves them: the whole agent on a fake broker
// and a fake clock, its real slots on a real disk. They go the way of every other release.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/models.h"
#include "agent/testing/plant.h"
#include "agent/testing/tuned_models.h"
#include "greengrass/release_client.h"
#include "model/pack.h"
#include "trust/testing/repository.h"

namespace millwright::agent {
namespace {

using testing::Steady;

class ModelsFromTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteTuned(files_, folder_.path() + "/bundle", "1", Steady(3)));
    const os::Bytes& root = repository_.on_shelf("metadata/1.root.json");
    ASSERT_TRUE(files_.WriteFast(folder_.path() + "/root.json", root));
    Boot();
    Live(40);
  }
  void Boot() {
    const std::string text = testing::ConfigText(folder_.path(), 1) +
                             "[delivery]\nenabled = true\nroot = \"" + folder_.path() +
                             "/root.json\"\nwindows_min = 120\ntime_min_s = 10\n";
    auto settings = ReadSettings(text, "agent.toml");
    ASSERT_TRUE(settings) << settings.error().what;
    Environment environment = {
        clock_, files_, [this](mqtt::Options options) -> std::unique_ptr<mqtt::Client> {
          if (!options.client_id.starts_with("mw-models-"))
            return broker_.MakeClient(std::move(options));
          return std::make_unique<greengrass::ReleaseClient>(
              greengrass::ReleaseClientOptions{.thing = "gw-1"}, files_, clock_, watch_,
              [this](const jobs::Execution& execution) { last_ = execution; });
        }};
    environment.boot_id = "boot-1";
    auto agent = Agent::Make(std::move(*settings), std::move(environment));
    ASSERT_TRUE(agent) << agent.error().what;
    agent_ = std::move(*agent);
    ASSERT_TRUE(agent_->StartStepped());
  }
  void Live(int steps) {
    for (int i = 0; i < steps; ++i) {
      sensors_.Step();
      clock_.Advance(200 * kMillisecond);
      for (int turn = 0; turn < 3; ++turn) agent_->Step();
    }
  }
  bool LiveUntil(const std::string& phase, int steps_max = 3000) {
    for (int i = 0; i < steps_max; ++i) {
      if (last_.details["phase"] == phase) return true;
      Live(1);
    }
    ADD_FAILURE() << "phase " << last_.details["phase"] << ": " << last_.details["reason"];
    return false;
  }
  void Write(const std::string& name, std::span<const std::byte> bytes) {
    ASSERT_TRUE(files_.WriteFast(watch_.folder() + "/" + name, bytes));
  }
  // Signs the model as this release and leaves it in the folder.
  void Put(const std::string& version, int64_t release, const model::QuantizedClassifier& made) {
    const std::string bundle = folder_.path() + "/bundle-" + version;
    ASSERT_TRUE(testing::WriteTuned(files_, bundle, version, made));
    const auto pack = model::PackBundle(files_, bundle);
    const auto manifest = files_.Read(bundle + "/manifest.json");
    ASSERT_TRUE(pack && manifest);
    digest_ = crypto::Sha256Hex(std::span<const std::byte>(*manifest));
    const std::string target = "pump/" + version + ".tar";
    repository_.AddTarget(target, os::AsText(*pack), trust::Release{"pump", release});
    repository_.PublishTargets();
    ASSERT_TRUE(files_.MakeFolders(watch_.folder()));
    const std::string head = "metadata/";
    for (const auto& [path, bytes] : repository_.shelf.files)
      if (path.starts_with(head)) Write(path.substr(head.size()), bytes);
    Write("pack.tar", *pack);
    const nlohmann::json document = {
        {"operation", "millwright.install"},
        {"format", 1},
        {"target", target},
        {"bundle", {{"digest", digest_}, {"name", "pump"}, {"version", version}}},
        {"metadata_stream", "mw-tuf"},
        {"pack_stream", "mw-pack-" + version}};
    Write("document.json", os::AsBytes(document.dump()));
  }

  testing::TemporaryFolder folder_;
  os::RealFiles real_;
  os::Files& files_ = real_;
  os::FakeClock clock_;
  mqtt::FakeBroker broker_;
  trust::testing::Repository repository_;
  greengrass::ReleaseWatch watch_{folder_.path() + "/component/release"};
  testing::Sensors sensors_{broker_, "P-1", clock_.Utc()};
  jobs::Execution last_;  // as it was reported
  std::string digest_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(ModelsFromTest, ASecondAndAThirdModelAreTriedAndCommittedWithoutARestart) {
  Put("2", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil("shadow"));
  ASSERT_TRUE(LiveUntil("probation"));
  ASSERT_TRUE(LiveUntil("committed"));
  EXPECT_EQ(last_.status, jobs::Status::kSucceeded);
  EXPECT_EQ(last_.details["serving"], digest_);
  Put("3", 2, Steady(4));
  ASSERT_TRUE(LiveUntil("shadow"));
  ASSERT_TRUE(LiveUntil("committed"));
  EXPECT_EQ(last_.details["serving"], digest_);
  EXPECT_EQ(agent_->figures().swaps, 2U);
}

TEST_F(ModelsFromTest, AWorseModelIsRefusedAndTheNextGoodOneTaken) {
  Put("2", 1, Steady(1.5));
  ASSERT_TRUE(LiveUntil("refused"));
  EXPECT_EQ(last_.status, jobs::Status::kFailed);
  EXPECT_EQ(agent_->figures().swaps, 0U);
  Put("3", 2, Steady(3.5));
  ASSERT_TRUE(LiveUntil("committed"));
  EXPECT_EQ(last_.details["serving"], digest_);
}

TEST_F(ModelsFromTest, ATrialGoesOnAfterARestart) {
  Put("2", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil("shadow"));
  agent_.reset();
  last_ = {};
  Boot();
  ASSERT_TRUE(LiveUntil("committed"));
  EXPECT_EQ(last_.details["serving"], digest_);
}

// Whoever can write into the folder can do no more than who can write to the hub's disk.
TEST_F(ModelsFromTest, APackThatIsNotTheSignedOneIsNotInstalled) {
  Put("2", 1, Steady(3.5));
  const auto pack = files_.Read(watch_.folder() + "/pack.tar");
  ASSERT_TRUE(pack);
  os::Bytes other = *pack;
  other[other.size() / 2] ^= std::byte{1};
  Write("pack.tar", other);
  ASSERT_TRUE(LiveUntil("refused"));
  EXPECT_EQ(agent_->figures().swaps, 0U);
}

}  // namespace
}  // namespace millwright::agent
