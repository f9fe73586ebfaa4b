// The seam between the trainer and the library that learns: everything else in this room is free of
// torch, builds in seconds and runs under sanitizers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "trainer/lstm_net.h"

namespace millwright::trainer {

/// Windows as row numbers into one table of standardised steps: window i is rows first[i] ..
/// first[i] + steps - 1.
struct WindowSet {
  std::span<const float> rows{};  // [n x features]
  std::vector<uint32_t> first{};
  std::vector<int> labels{};     // class of each window's last step
  std::vector<float> targets{};  // regression: the value that is wanted; else empty
  std::vector<float> teacher{};  // [windows x classes] logits of a larger net to follow; or empty
  [[nodiscard]] size_t size() const { return first.size(); }
};

/// What lets a stopped learner go on (checkpoint.h). A state is the learner's own: opaque, and of
/// use to the same learner with the same windows and options only.
struct Continuation {
  std::string from{};  // a state to go on from; empty: from the start
  // After each epoch. It calls `state` where it wants to keep what that gives; after the last epoch
  // `finished` is true.
  std::function<void(const std::function<std::string()>& state, bool finished)> keep{};
  // After each epoch: true ends the learning there, with the best epoch so far.
  std::function<bool(int epoch, double validation_loss)> stop{};
};

struct LearnOptions {
  int steps = 0;
  int features = 0;
  int classes = 0;
  int units = 24;
  int layers = 1;
  int epochs = 30;
  int patience = 6;  // epochs without a better validation loss before it stops
  int batch = 128;
  double learning_rate = 4e-3;
  double weight_decay = 1e-3;
  double dropout = 0.1;         // on what the dense layer sees
  double input_noise = 0.05;    // standard deviation added to training inputs
  double mirror = 0;            // chance that a channel is turned upside down in a training window
  std::vector<int> mirrored{};  // [features] group that is turned together; -1: never; empty: none
  uint64_t seed = 1;
  std::vector<float> class_weights{};  // [classes]; not for regression
  // Distillation, where WindowSet::teacher is there: this share of the loss is how far the net is
  // from the teacher's probabilities, both softened by the temperature (Hinton et al. 2015).
  double follow = 0.7;
  double follow_temperature = 2;
  std::shared_ptr<const LstmNet> start{};  // of the same shape; null: random weights
  // Weights, inputs and hidden states are rounded as INT8 has them while the net learns; gradients
  // pass as if they were not (Jacob et al. 2018). Cell states and gates keep 16 bits and are left.
  bool quantized = false;
  int threads = 1;          // more: results differ in the last bits from run to run
  bool regression = false;  // one output (classes = 1) learns WindowSet::targets by squared error
  Continuation go_on{};
};

struct EpochRecord {
  double train_loss = 0;
  double validation_loss = 0;
  double validation_accuracy = 0;  // balanced over the classes present
};

struct Progress {
  int epoch = 0;
  int epochs = 0;
  double done = 0;  // share of this epoch
  double loss = 0;
  double validation_accuracy = 0;  // of the epoch before
};

struct Learned {
  LstmNet net{};  // of the epoch with the smallest validation loss
  std::vector<EpochRecord> history{};
  int best_epoch = 0;
};

/// Learns a net; deterministic for a seed on one machine. `validation` decides when to stop and
/// which epoch is kept.
using Learner = std::function<Result<Learned>(
    const WindowSet& train, const WindowSet& validation, const LearnOptions& options,
    const std::function<void(const Progress&)>& progress)>;

}  // namespace millwright::trainer
