// A Learner over libtorch. One thread: two OpenMP threads lose to any other busy process.
#pragma once

#include "trainer/learner.h"

namespace millwright::trainer {

/// Adam with decoupled weight decay, cosine learning rate, weighted cross entropy, gradient
/// clipping, early stopping.
[[nodiscard]] Result<Learned> FitWithTorch(const WindowSet& train, const WindowSet& validation,
                                           const LearnOptions& options,
                                           const std::function<void(const Progress&)>& progress);

}  // namespace millwright::trainer
