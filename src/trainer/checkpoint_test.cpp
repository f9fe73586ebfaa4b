#include "trainer/checkpoint.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"

namespace millwright::trainer {
namespace {

// Counts its epochs: the state is the number of those done, the net's one bias their sum.
Result<Learned> Counting(const WindowSet& train, const WindowSet& validation, const LearnOptions& o,
                         const std::function<void(const Progress&)>& told) {
  if (train.size() == 0 || validation.size() == 0) return Fail(Errc::kInvalid, "nothing");
  if (o.go_on.from == "foreign") return Fail(Errc::kInternal, "no state of mine");
  int done = o.go_on.from.empty() ? 0 : std::stoi(o.go_on.from);
  const auto state = [&] { return std::to_string(done); };
  Learned learned;
  while (done < o.epochs) {
    told({.epoch = done++, .epochs = o.epochs});
    o.go_on.keep(state, false);
    if (o.go_on.stop && o.go_on.stop(done, 0)) return Fail(Errc::kIo, "the power went");
  }
  o.go_on.keep(state, true);
  learned.net.dense_biases = {static_cast<float>(done)};
  return learned;
}

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() {
    set_.rows = rows_;
    set_.first = {0};
    set_.labels = {1};
  }
  Result<Learned> Run(const LearnOptions& options) {
    epochs_ = 0;
    return checkpoints_.Around(Counting)(set_, set_, options, [this](const Progress&) {
      ++epochs_;
      clock_.Advance(kSecond);
    });
  }
  LearnOptions Until(int epoch) {
    LearnOptions o{.epochs = 30};
    o.go_on.stop = [epoch](int done, double) { return done == epoch; };
    return o;
  }

  os::FakeFiles files_;
  os::FakeClock clock_;
  Checkpoints checkpoints_{files_, clock_, "bundle.checkpoint"};
  std::vector<float> rows_{1, 2};
  WindowSet set_;
  int epochs_ = 0;
};

TEST_F(CheckpointTest, AStoppedRunGoesOnFromItsLastState) {
  EXPECT_FALSE(Run(Until(25)));
  EXPECT_EQ(epochs_, 25);
  EXPECT_EQ(checkpoints_.Count(), 1U);
  EXPECT_TRUE(Run({.epochs = 30}));
  EXPECT_EQ(epochs_, 10) << "a state every ten seconds: that of epoch 20 was the last";
  EXPECT_EQ(checkpoints_.taken_up(), 1);
  EXPECT_TRUE(Run({.epochs = 30}));
  EXPECT_EQ(epochs_, 0) << "a finished run has nothing left to learn";
}

TEST_F(CheckpointTest, OtherDataOrOptionsBeginAnew) {
  ASSERT_TRUE(Run({.epochs = 30}));
  EXPECT_TRUE(Run({.epochs = 30, .seed = 2}));
  EXPECT_EQ(epochs_, 30);
  EXPECT_TRUE(Run({.epochs = 30, .learning_rate = 4.0000000001e-3}));
  EXPECT_EQ(epochs_, 30);
  rows_[1] = 3;
  EXPECT_TRUE(Run({.epochs = 30}));
  EXPECT_EQ(epochs_, 30);
  EXPECT_EQ(checkpoints_.taken_up(), 0);
  EXPECT_EQ(checkpoints_.Count(), 4U);
  ASSERT_TRUE(checkpoints_.Clear());
  EXPECT_EQ(checkpoints_.Count(), 0U);
}

TEST_F(CheckpointTest, ATornOrForeignStateIsPassedOver) {
  ASSERT_FALSE(Run(Until(25)));
  const std::string path =
      "bundle.checkpoint/" + LearnKey(set_, set_, LearnOptions{.epochs = 30}) + ".state";
  ASSERT_TRUE(files_.Exists(path));
  auto bytes = *files_.Read(path, 1000);
  bytes.back() = std::byte{'9'};
  ASSERT_TRUE(files_.WriteFast(path, bytes));
  EXPECT_TRUE(Run({.epochs = 30}));
  EXPECT_EQ(epochs_, 30);
  const std::string foreign = "foreign";
  ASSERT_TRUE(files_.WriteFast(path, os::AsBytes(crypto::Sha256Hex(foreign) + foreign)));
  EXPECT_TRUE(Run({.epochs = 30}));
  EXPECT_EQ(epochs_, 30);
}

TEST_F(CheckpointTest, AFullDiskDoesNotStopTheLearning) {
  files_.FailNext(100, Errc::kExhausted);
  EXPECT_TRUE(Run({.epochs = 30}));
  EXPECT_EQ(epochs_, 30);
  EXPECT_FALSE(checkpoints_.fault().empty());
}

}  // namespace
}  // namespace millwright::trainer
